import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

// One accent. Shade 6 is the filled one in light, 5 in dark.
const accent: MantineColorsTuple = [
  '#eef3fe',
  '#dbe5fc',
  '#b3c8f8',
  '#86a6f3',
  '#6489ee',
  '#3d6ae6',
  '#2453d6',
  '#1f49c0',
  '#1b40a8',
  '#14327f',
]

const slate: MantineColorsTuple = [
  '#e7eaef',
  '#c5ccd6',
  '#a3acb9',
  '#8b95a3',
  '#525c6a',
  '#3b434f',
  '#262c35',
  '#14181e',
  '#10141a',
  '#0d1014',
]

export const theme = createTheme({
  colors: { accent, dark: slate },
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 5 },
  fontFamily: "'Inter Variable', -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 250, transitionProps: { duration: 100 }, withArrow: true } },
    Menu: {
      defaultProps: {
        hideDetached: false,
        withInitialFocusPlaceholder: false,
        transitionProps: { duration: 100 },
        shadow: 'none',
      },
    },
    Popover: { defaultProps: { hideDetached: false, transitionProps: { duration: 100 }, shadow: 'none' } },
    Modal: { defaultProps: { transitionProps: { duration: 120 }, shadow: 'none' } },
  },
})

/** Lets Mantine's own parts use our tokens. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#161a21',
    '--mantine-color-dimmed': '#545d6b',
    '--mantine-color-default-border': '#c9ced7',
    '--mantine-color-placeholder': '#626b79',
    '--mantine-color-error': '#c22929',
  },
  dark: {
    '--mantine-color-body': '#14181e',
    '--mantine-color-text': '#e7eaef',
    '--mantine-color-dimmed': '#a3acb9',
    '--mantine-color-default-border': '#3b434f',
    '--mantine-color-placeholder': '#8b95a3',
    '--mantine-color-error': '#ff8080',
  },
})
