import type { Sign } from '@/lib/sign'
import classes from './SignMark.module.css'

// Shapes that differ without colour: filled circle, ring, triangle, two bars, pencil stroke, half circle, bell, exclamation; two
// triangles for two who confer, three dots for three.
const shapes: Record<Sign, React.ReactNode> = {
  ready: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  offered: (
    <>
      <circle cx="6" cy="6" r="2.2" fill="currentColor" />
      <circle cx="6" cy="6" r="4.7" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </>
  ),
  talking: <path d="M6 1.2 11.2 10.6H.8Z" fill="currentColor" />,
  held: <path d="M2 1.5h2.8v9H2zM7.2 1.5H10v9H7.2z" fill="currentColor" />,
  consulting: (
    <>
      <path d="M3.6 3.4 7 10.6H.2Z" fill="currentColor" />
      <path d="M8.6 1.8 11.4 10H8.4" fill="none" stroke="currentColor" strokeWidth="1.3" strokeLinejoin="round" />
    </>
  ),
  conference: (
    <>
      <circle cx="6" cy="3" r="2.3" fill="currentColor" />
      <circle cx="2.8" cy="8.8" r="2.3" fill="currentColor" />
      <circle cx="9.2" cy="8.8" r="2.3" fill="currentColor" />
    </>
  ),
  wrapUp: <path d="M8.3.9 11.1 3.7 4.4 10.4 1 11l.6-3.4z" fill="currentColor" />,
  paused: (
    <>
      <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 1.6a4.4 4.4 0 0 1 0 8.8z" fill="currentColor" />
    </>
  ),
  offline: <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  trouble: <path d="M4.9.8h2.2L6.8 7.4H5.2zM4.9 9h2.2v2.2H4.9z" fill="currentColor" />,
}

/** The sign of a state: shape and colour. The word stands beside it or is given as its label. */
export function SignMark({ sign, label, size = 12 }: { sign: Sign; label?: string; size?: number }) {
  return (
    <svg
      className={classes['mark']}
      data-sign={sign}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    >
      {shapes[sign]}
    </svg>
  )
}
