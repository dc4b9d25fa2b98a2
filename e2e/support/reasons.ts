import type { FullConfig, FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter'

/** As much of a reason as tells it. */
const long = 700

/** Says last of all, and briefly, why each story failed: of a long output the end is what is kept and read. */
export default class Reasons implements Reporter {
  #suite: Suite | undefined

  onBegin(_: FullConfig, suite: Suite): void {
    this.#suite = suite
  }

  onEnd({ status }: FullResult): void {
    if (status === 'passed') return
    for (const test of this.#suite?.allTests() ?? []) if (test.outcome() === 'unexpected') process.stdout.write(reasonOf(test))
  }

  printsToStdio(): boolean {
    return false
  }
}

function reasonOf(test: TestCase): string {
  const result = test.results.at(-1)
  const reasons = (result?.errors ?? []).map(({ message = '', stack = '' }) => {
    const words = message.replaceAll(/\u001B\[[\d;]*m/g, '').replaceAll(/\s*\n\s*/g, ' | ')
    return `${words.slice(0, long)} (${/stories\/(\S+?:\d+)/.exec(stack)?.[1] ?? 'not at a line of it'})`
  })
  return `FAILED ${test.titlePath().slice(2).join(' › ')}, ${result?.status ?? 'not run'} after ${result?.duration ?? 0} ms\n  ${reasons.join('\n  ')}\n`
}
