import { agree } from '../support/agree.ts'
import { customerTone, operatorTone, outsideTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import type { Workspace } from '../support/workspace.ts'

// Two calls beside each other: one is led, the other customer hears music.

test.setTimeout(120_000)

async function command(anna: Workspace, mutation: string): Promise<string> {
  const { data, errors } = (await anna.api(`mutation { ${mutation} { call { id } } }`)) as unknown as {
    data: Record<string, { call: { id: string } }> | null
    errors?: { message: string }[]
  }
  const [answer] = Object.values(data ?? {})
  if (!answer) throw new Error(`${mutation}: ${errors?.[0]?.message}`)
  return answer.call.id
}

test('two calls: led by turns, one ends and the other lives; a killed browser gets both back as they were', async ({ stand, operator, ownBrowser }) => {
  const vera = await operator('vera')
  await vera.signIn()
  const doomed = await ownBrowser()
  const anna = await operator('anna', { in: doomed })
  await anna.startWork()
  const first = await stand.call({ from: stand.caller('exact').number })
  await anna.rings(20_000)
  await anna.answer()
  await first.hears(operatorTone)
  const [led] = (await anna.api('{ calls { id } viewer { operator { id } } }')).data?.calls ?? []
  const ledId = led?.id ?? ''

  // A second one beside it: the first customer is put on hold by that.
  const second = await stand.callee({ tone: outsideTone })
  const besideId = await command(anna, 'dial(input: { number: "+74950123450" })')
  await second.reaches('answered')
  await second.hears(operatorTone)
  await first.hearsMusic()
  await anna.hearsOnly([outsideTone])
  await agree(stand, [anna], [vera])

  // By turns.
  await command(anna, `resume(input: { callId: "${ledId}" })`)
  await first.hears(operatorTone)
  await second.hearsMusic()
  await anna.hearsOnly([customerTone])
  await agree(stand, [anna], [vera])

  await doomed.kill()
  await Promise.all([first.hearsMusic(5000), second.hearsMusic(5000)])
  await vera.sees('Anna Sokolova', 'stage.rescuing', 5000)
  const again = await operator('anna')
  await again.signIn()
  await first.hears(operatorTone, 20_000)
  await again.hearsOnly([customerTone], 20_000)
  await second.hearsMusic()
  await expect.poll(() => states(again), { timeout: 15_000 }).toEqual({ [ledId]: 'TALKING', [besideId]: 'HELD' })
  await agree(stand, [again], [vera])

  // One ends, the other lives, on hold as it was.
  await command(again, `hangUp(input: { callId: "${ledId}" })`)
  await first.reaches('ended')
  await command(again, `wrapUp(input: { callId: "${ledId}", action: FINISH })`)
  await second.hearsMusic()
  await again.is('HELD')
  await agree(stand, [again], [vera])
  await again.button('call.resume').click()
  await second.hears(operatorTone)
  await again.hearsOnly([outsideTone])
  await again.button('call.hangUp').click()
  await second.reaches('ended')
  await again.is('WRAP_UP')
  await agree(stand, [again], [vera])
  await again.finish()
  await again.is('READY')
})

async function states(anna: Workspace): Promise<Record<string, string>> {
  const { data } = await anna.api('{ viewer { operator { id } } calls { id state operator { id } } }')
  return Object.fromEntries((data?.calls ?? []).map(({ id, state }) => [id, state]))
}
