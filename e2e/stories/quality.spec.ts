import { BadNetwork } from '../support/lossy.ts'
import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { languages } from '../support/words.ts'
import type { Workspace } from '../support/workspace.ts'

interface Side {
  side: string
  codec: string
  mos: { average: number; worst: number }
  lossIn: { average: number; worst: number }
  roundTripMs: { average: number } | null
}
interface Quality {
  grade: string
  mos: number
  sides: Side[]
  alerts: { kind: string; side: string; from: string; until: string | null }[]
}

/** How the operator's newest call sounded, as it is stored. */
async function stored(anna: Workspace): Promise<Quality | null> {
  const answer = (await anna.api(`{ interactions(first: 1) { edges { node { quality {
    grade mos sides { side codec mos { average worst } lossIn { average worst } roundTripMs { average } } alerts { kind side from until } } } } } }`)) as unknown as {
    data: { interactions: { edges: { node: { quality: Quality | null } }[] } }
  }
  return answer.data.interactions.edges[0]?.node.quality ?? null
}

function mark(anna: Workspace, grade: string) {
  return anna.call.getByRole('button', { name: anna.word('quality.label', { word: anna.word(`quality.grade.${grade}`) }), exact: true })
}

for (const language of languages) {
  test(`a talk shows how it sounds, and that packets get lost (${language})`, async ({ stand, operator }) => {
    test.setTimeout(150_000) // a busy machine's own losses have to pass out of the average
    const anna = await operator('anna', { language })
    const network = new BadNetwork()
    await network.attach(anna.page)
    await anna.startWork()
    const customer = await stand.call({ from: stand.caller('exact').number })
    await anna.rings()
    await anna.answer()
    await customer.hears(operatorTone)
    await anna.hears(customerTone)

    await expect(mark(anna, 'GOOD')).toBeVisible({ timeout: 30_000 })
    // By the keyboard: figures are no matter of a mouse.
    await mark(anna, 'GOOD').focus()
    await anna.page.keyboard.press('Shift+Tab')
    await anna.page.keyboard.press('Tab')
    await expect(mark(anna, 'GOOD')).toBeFocused()
    const figures = anna.page.getByRole('tooltip')
    await expect(figures).toContainText(anna.word('quality.roundTrip'))
    await expect(figures).toContainText('Opus')
    await expect(mark(anna, 'GOOD')).toHaveAccessibleDescription(/MOS\): 4[.,]\d/u)

    network.loss = 0.25
    network.delay = 100
    await expect(mark(anna, 'POOR')).toBeVisible({ timeout: 30_000 })
    await mark(anna, 'POOR').hover()
    await expect(figures).toContainText(/2\d\s?%/u)
    expect(network.lost).toBeGreaterThan(10)
    network.loss = 0
    network.delay = 0
    await expect(mark(anna, 'GOOD')).toBeVisible({ timeout: 30_000 })

    await customer.next()
    await anna.is('WRAP_UP')
    await expect(mark(anna, 'GOOD')).toBeHidden()
    await anna.finish()
    await anna.is('READY')

    // What is kept: the page's figures, and those of both legs of the exchange.
    await expect.poll(async () => (await stored(anna))?.sides.map((s) => s.side).toSorted()).toEqual(['CUSTOMER', 'OPERATOR', 'PAGE'])
    const kept = await stored(anna)
    const side = (name: string) => kept?.sides.find((s) => s.side === name)
    expect(side('PAGE')?.codec).toBe('opus')
    expect(side('PAGE')?.mos.worst).toBeLessThan(3.1)
    expect(side('OPERATOR')?.lossIn.worst).toBeGreaterThan(0.02)
    expect(side('CUSTOMER')?.codec).toBe('alaw')
    expect(side('CUSTOMER')?.mos.worst).toBeGreaterThan(4)

    // And shown in the history, the figures on demand.
    await anna.lookUp('Котова', stand.caller('exact').name)
    const row = anna.history.getByRole('listitem').first()
    await row.getByRole('button', { expanded: false }).first().click()
    await row.getByRole('button', { name: anna.word('quality.more'), exact: true }).click()
    await expect(row.getByRole('columnheader', { name: anna.word('quality.side.CUSTOMER') })).toBeVisible()
    await expect(row.getByRole('table')).toContainText('G.711 A')
    network.close()
  })
}

test('a customer whose voice does not arrive is told of within five seconds', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: '+79160000077', still: true })
  await anna.rings()
  await anna.answer()
  await anna.comment.focus()
  const alert = anna.call.getByText(anna.word('quality.alert.ONE_WAY_IN'))
  await expect(alert).toBeVisible({ timeout: 5000 })
  await expect(anna.comment).toBeFocused()

  // It comes, and the warning goes by itself.
  await customer.still(false)
  await anna.hears(customerTone)
  await expect(alert).toBeHidden()
  // It goes again: the exchange sees it, too.
  await customer.still(true)
  await expect(alert).toBeVisible()
  await expect
    .poll(
      async () =>
        (await live(anna))?.alerts
          .filter((a) => a.until === null)
          .map((a) => `${a.side} ${a.kind}`)
          .toSorted(),
      { timeout: 20_000 },
    )
    .toEqual(['CUSTOMER ONE_WAY_IN', 'PAGE ONE_WAY_IN'])
  await anna.button('call.hangUp').click()
  await anna.is('WRAP_UP')
  await anna.finish()
  await anna.is('READY')
  await expect.poll(async () => (await stored(anna))?.alerts.filter((a) => a.kind === 'ONE_WAY_IN' && a.side === 'PAGE').length).toBe(2)
  const kept = await stored(anna)
  expect(kept?.alerts.every((a) => a.until !== null)).toBe(true)
})

/** How the operator's present call sounds, as the server knows it. */
async function live(anna: Workspace): Promise<Quality | null> {
  const answer = (await anna.api(`{ calls { quality { grade alerts { kind side until } } } }`)) as unknown as {
    data: { calls: { quality: Quality | null }[] }
  }
  return answer.data.calls[0]?.quality ?? null
}

test('who speaks while muted is told so at the button, and a supervisor sees how it sounds', async ({ stand, operator }) => {
  const anna = await operator('anna')
  const vera = await operator('vera')
  await anna.startWork()
  await vera.signIn()
  const customer = await stand.call({ from: '+79160000078' })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await anna.button('call.mute').click()
  await customer.hearsNothing()
  // The microphone of this stand hears a tone all the time.
  await expect(anna.page.getByText(anna.word('quality.unmuteHint'))).toBeVisible()
  await anna.button('call.unmute').click()
  await expect(anna.page.getByText(anna.word('quality.unmuteHint'))).toBeHidden()

  const team = vera.page.getByRole('list', { name: vera.word('team.title'), exact: true })
  const word = vera.word('quality.label', { word: vera.word('quality.grade.GOOD') })
  const seen = team.getByRole('button', { name: word, exact: true })
  await expect(seen).toBeVisible({ timeout: 20_000 })
  await seen.click()
  await expect(vera.page.getByRole('dialog', { name: vera.word('quality.title') })).toContainText(vera.word('quality.side.OPERATOR'))
})
