import type { Sign } from '@/lib/sign'
import type { LineView } from '@/phone/view'

export const signOfLine: Record<LineView, Sign> = {
  off: 'offline',
  starting: 'paused',
  ready: 'ready',
  simulated: 'ready',
  reconnecting: 'trouble',
  unserved: 'trouble',
  otherTab: 'offline',
  takenOver: 'offline',
  desk: 'ready',
  deskAway: 'trouble',
}
