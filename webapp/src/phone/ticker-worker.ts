// Browsers slow the timers of hidden pages down to one a minute; those of a worker go on, and so do the messages from it.
import { tickInterval } from './tick-interval'

setInterval(() => postMessage('tick'), tickInterval)
