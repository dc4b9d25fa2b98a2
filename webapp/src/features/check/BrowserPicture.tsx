import { useTranslation } from 'react-i18next'
import type { BrowserName } from '@/lib/browser'
import classes from './Pictures.module.css'
import type { BrowserTopic } from './help'

interface BrowserPictureProps {
  browser: BrowserName
  topic: BrowserTopic
  /** What the question of the topic "allow" is about. */
  about: 'microphone' | 'notifications'
}

/** Where a browser keeps its controls, in the units of the drawing. */
interface Look {
  /** Horizontal place of the icon before the address, and of the address. */
  icon: number
  /** The controls of the site open below it. */
  panel: number
  reload: number
  /** Radius of tab and address bar. */
  radius: number
  /** Switches, lists to choose from, or states with a cross. */
  control: 'switch' | 'list' | 'cross'
}

const looks: Record<BrowserName, Look> = {
  chrome: { icon: 92, panel: 82, reload: 58, radius: 11, control: 'switch' },
  edge: { icon: 92, panel: 82, reload: 58, radius: 6, control: 'list' },
  yandex: { icon: 150, panel: 116, reload: 34, radius: 8, control: 'switch' },
  firefox: { icon: 92, panel: 82, reload: 58, radius: 4, control: 'cross' },
}

/** Draws what to click in a browser, numbered as the words beside it. */
export function BrowserPicture({ browser, topic, about }: BrowserPictureProps) {
  const { t } = useTranslation()
  const look = looks[browser]
  const title = t('check.clicked', { browser: browserTitle(browser, t('check.yandex')) })
  return (
    <svg className={classes['picture']} viewBox="0 0 400 196" role="img" aria-label={title}>
      <Frame look={look} browser={browser} topic={topic} />
      {topic === 'allow' ? (
        <Question look={look} browser={browser} about={about} />
      ) : (
        <Panel look={look} topic={topic} browser={browser} />
      )}
      {topic !== 'allow' && (
        <>
          <Mark n={1} x={look.icon} y={43} />
          <Mark n={3} x={look.reload} y={43} />
        </>
      )}
    </svg>
  )
}

/** The name of a browser; only one of them has another in another language. */
export function browserTitle(browser: BrowserName, yandex: string): string {
  return { chrome: 'Chrome', edge: 'Edge', yandex, firefox: 'Firefox' }[browser]
}

function Frame({ look, browser, topic }: { look: Look; browser: BrowserName; topic: BrowserTopic }) {
  const address = look.icon - 14
  return (
    <g>
      <rect className={classes['window']} x="1" y="1" width="398" height="194" rx="8" />
      <path className={classes['strip']} d="M1 26V9a8 8 0 0 1 8-8h382a8 8 0 0 1 8 8v17z" />
      <rect className={classes['tab']} x="14" y="7" width="110" height="22" rx={look.radius / 1.6} />
      <text className={classes['words']} x="28" y="20">
        Pult
      </text>
      <rect className={classes['bar']} x="1" y="26" width="398" height="34" />
      <path className={classes['line']} d="M16 43h8M16 43l4-4M16 43l4 4" />
      <path className={classes['line']} d={`M${look.reload + 5} 40a6 6 0 1 0 1 4M${look.reload + 6} 36v5h-5`} />
      <rect className={classes['address']} x={address} y="32" width={386 - address} height="22" rx={look.radius} />
      <SiteIcon browser={browser} topic={topic} x={look.icon} />
      <text className={classes['words']} x={look.icon + 22} y="47">
        {location.host}
      </text>
    </g>
  )
}

/** The icon before the address: sliders, a lock, or in Firefox what was blocked. */
function SiteIcon({ browser, topic, x }: { browser: BrowserName; topic: BrowserTopic; x: number }) {
  if (browser === 'chrome')
    return (
      <g className={classes['line']}>
        <path d={`M${x - 6} 40h5M${x + 4} 40h2M${x - 6} 46h2M${x + 1} 46h5`} />
        <circle cx={x + 1.5} cy="40" r="2" />
        <circle cx={x - 1.5} cy="46" r="2" />
      </g>
    )
  if (browser === 'firefox' && topic !== 'allow')
    return (
      <g className={classes['line']}>
        {topic === 'unblock' && (
          <path d={`M${x - 2} 37a2 2 0 0 1 4 0v5a2 2 0 0 1-4 0zM${x - 4} 42a4 4 0 0 0 8 0M${x} 46v3`} />
        )}
        {topic === 'sound' && <path d={`M${x - 6} 38h12v10h-12zM${x - 3} 38v10M${x + 3} 38v10`} />}
        {topic === 'notify' && <path d={`M${x - 6} 38h12v8h-7l-3 3v-3h-2z`} />}
        <path className={classes['stroke']} d={`M${x - 6} 37l12 12`} />
      </g>
    )
  return (
    <g className={classes['line']}>
      <rect x={x - 4} y="42" width="8" height="6" rx="1" />
      <path d={`M${x - 2.5} 42v-2a2.5 2.5 0 0 1 5 0v2`} />
    </g>
  )
}

/** The browser's question. */
function Question({ look, browser, about }: { look: Look; browser: BrowserName; about: BrowserPictureProps['about'] }) {
  const { t } = useTranslation()
  const x = look.panel
  const wide = browser === 'chrome' && about === 'microphone'
  const firefox = browser === 'firefox'
  const allow = wide ? t('check.pic.allowVisit') : t('check.pic.allow')
  const width = wide ? 210 : 96
  return (
    <g>
      <rect className={classes['panel']} x={x} y="62" width="240" height="124" rx="8" />
      <text className={classes['strong']} x={x + 16} y="84">
        {location.host}
      </text>
      <text className={classes['words']} x={x + 16} y="102">
        {about === 'microphone' ? t('check.pic.wants') : t('check.pic.wantsNotify')}
      </text>
      {firefox && (
        <>
          <rect className={classes['line']} x={x + 16} y="114" width="12" height="12" rx="2" />
          <path className={classes['line']} d={`M${x + 18} 120l3 3 5-6`} />
          <text className={classes['words']} x={x + 36} y="124">
            {t('check.pic.remember')}
          </text>
          <Mark n={1} x={x + 22} y={120} />
        </>
      )}
      <Button x={x + 16} y={firefox ? 140 : 114} width={width} text={allow} strong />
      <Button
        x={wide ? x + 16 : x + 124}
        y={wide ? 148 : firefox ? 140 : 114}
        width={wide ? 210 : 96}
        text={t('check.pic.block')}
      />
      <Mark n={firefox ? 2 : 1} x={x + 16 + width} y={firefox ? 142 : 116} />
    </g>
  )
}

const rows = {
  unblock: ['microphone', 'notifications', 'sound'],
  sound: ['sound', 'microphone', 'notifications'],
  notify: ['notifications', 'microphone', 'sound'],
} as const

/** The controls of the site, with the one in question first. */
function Panel({ look, topic, browser }: { look: Look; topic: Exclude<BrowserTopic, 'allow'>; browser: BrowserName }) {
  const { t } = useTranslation()
  const x = look.panel
  const words = (row: 'microphone' | 'notifications' | 'sound') => {
    if (row === 'sound' && browser === 'edge') return t('check.pic.autoplay')
    return t(`check.pic.${row}`)
  }
  return (
    <g>
      <rect className={classes['panel']} x={x} y="62" width="262" height="126" rx="8" />
      <text className={classes['strong']} x={x + 16} y="83">
        {t('check.pic.permissions')}
      </text>
      {rows[topic].map((row, i) => (
        <g key={row} className={i === 0 ? classes['wanted'] : undefined}>
          {i === 0 && <rect className={classes['row']} x={x + 6} y="92" width="250" height="28" rx="5" />}
          <text className={classes['words']} x={x + 16} y={110 + i * 30}>
            {words(row)}
          </text>
          <Control
            look={look}
            x={x + 250}
            y={106 + i * 30}
            text={row === 'sound' && browser === 'firefox' ? t('check.pic.allow') : ''}
            wanted={i === 0}
          />
        </g>
      ))}
      <Mark n={2} x={x + { switch: 235, list: 207, cross: 244 }[look.control]} y={106} />
    </g>
  )
}

function Control({ look, x, y, text, wanted }: { look: Look; x: number; y: number; text: string; wanted: boolean }) {
  const { t } = useTranslation()
  if (look.control === 'switch')
    return (
      <g>
        <rect className={wanted ? classes['on'] : classes['off']} x={x - 28} y={y - 7} width="26" height="14" rx="7" />
        <circle className={classes['knob']} cx={wanted ? x - 9 : x - 21} cy={y} r="5" />
      </g>
    )
  if (look.control === 'list')
    return (
      <g>
        <rect className={classes['button']} x={x - 84} y={y - 10} width="82" height="20" rx="4" />
        <text className={classes['words']} x={x - 78} y={y + 4}>
          {t('check.pic.allow')}
        </text>
        <path className={classes['line']} d={`M${x - 14} ${y - 2}l3 4 3-4`} />
      </g>
    )
  return (
    <g>
      <text className={classes['words']} x={x - 16} y={y + 4} textAnchor="end">
        {text || t('check.pic.blocked')}
      </text>
      <path className={classes['line']} d={`M${x - 10} ${y - 4}l8 8M${x - 2} ${y - 4}l-8 8`} />
    </g>
  )
}

interface ButtonProps {
  x: number
  y: number
  width: number
  text: string
  strong?: boolean
}

function Button({ x, y, width, text, strong = false }: ButtonProps) {
  return (
    <g>
      <rect className={strong ? classes['primary'] : classes['button']} x={x} y={y} width={width} height="26" rx="13" />
      <text
        className={strong ? classes['onPrimary'] : classes['words']}
        x={x + width / 2}
        y={y + 17}
        textAnchor="middle"
      >
        {text}
      </text>
    </g>
  )
}

/** A number where to click. */
function Mark({ n, x, y }: { n: number; x: number; y: number }) {
  return (
    <g>
      <circle className={classes['ring']} cx={x} cy={y} r="12" />
      <circle className={classes['dot']} cx={x + 11} cy={y - 10} r="7.5" />
      <text className={classes['number']} x={x + 11} y={y - 6.5} textAnchor="middle">
        {n}
      </text>
    </g>
  )
}
