/** What our icons take. */
export interface IconProps {
  size?: number | string
  stroke?: number | string
  'aria-hidden'?: boolean
}
