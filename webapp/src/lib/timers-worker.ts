// Runs timers for a page. Browsers slow the timers of hidden pages down, after five minutes to one a minute; those of a worker go on,
// and so do the messages from it.

/** What the page asks: to be told the id after so many milliseconds, or, without a time, no more. */
interface Order {
  readonly id: number
  readonly wait?: number
}

const running = new Map<number, ReturnType<typeof setTimeout>>()

addEventListener('message', ({ data: { id, wait } }: MessageEvent<Order>) => {
  clearTimeout(running.get(id))
  running.delete(id)
  if (wait === undefined) return
  running.set(
    id,
    setTimeout(() => {
      running.delete(id)
      postMessage(id)
    }, wait),
  )
})
