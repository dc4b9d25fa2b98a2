import { describe, expect, test } from 'vitest'
import { Alerts, type AlertChange, type Moment } from './alerts'

const times = { longHold: 60_000, deadAir: 15_000 }
const flowing = { received: 50, sent: 50, unheard: false, levelIn: 0.1 }

/** Lets seconds pass; returns what changed, with the second in which it was told. */
function run(alerts: Alerts, from: number, to: number, moment: Partial<Moment>): string[] {
  const told: string[] = []
  for (let second = from; second <= to; second++) {
    const now: Moment = {
      at: second * 1000,
      talking: true,
      heldSince: undefined,
      muted: false,
      flow: flowing,
      microphone: 0.05,
      ...moment,
    }
    for (const change of alerts.next(now)) told.push(`${second}: ${written(change)}`)
  }
  return told
}

function written({ kind, at, over }: AlertChange): string {
  return `${kind}${over ? ' over' : ''} since ${at / 1000}`
}

describe('one-way audio', () => {
  const deaf = { flow: { ...flowing, received: 0, levelIn: 0 } }

  test('nothing arrives for three seconds; it goes when the voice is back for a second', () => {
    const alerts = new Alerts(times)
    expect(run(alerts, 0, 10, deaf)).toEqual(['3: ONE_WAY_IN since 0'])
    expect(alerts.active).toEqual(['ONE_WAY_IN'])
    expect(run(alerts, 11, 14, {})).toEqual(['12: ONE_WAY_IN over since 11'])
  })

  test('looks that come a little early do not cost a second more', () => {
    const alerts = new Alerts(times)
    for (const at of [0, 990, 1985, 2960]) run(alerts, at / 1000, at / 1000, deaf)
    expect(alerts.active).toEqual(['ONE_WAY_IN'])
  })

  test('a gap is none, and a flicker does not end it', () => {
    const alerts = new Alerts(times)
    expect([...run(alerts, 0, 2, deaf), ...run(alerts, 3, 3, {}), ...run(alerts, 4, 6, deaf)]).toEqual([])
    expect(run(alerts, 7, 7, deaf)).toEqual(['7: ONE_WAY_IN since 4'])
    expect([...run(alerts, 8, 8, {}), ...run(alerts, 9, 20, deaf)]).toEqual([])
  })

  test('on hold nobody has to be heard', () => {
    const alerts = new Alerts(times)
    expect(run(alerts, 0, 20, { ...deaf, talking: false, heldSince: 0 })).toEqual([])
    expect(run(alerts, 21, 24, deaf)).toEqual(['24: ONE_WAY_IN since 21'])
    expect(run(alerts, 25, 30, { ...deaf, talking: false })).toEqual(['25: ONE_WAY_IN over since 25'])
  })

  test('who is not sending either has another trouble', () => {
    expect(run(new Alerts(times), 0, 20, { flow: { ...deaf.flow, sent: 0 } })).toEqual([])
    expect(run(new Alerts(times), 0, 20, { flow: undefined })).toEqual([])
  })

  test('what the far side does not hear', () => {
    const alerts = new Alerts(times)
    expect(run(alerts, 0, 5, { flow: { ...flowing, unheard: true } })).toEqual(['1: ONE_WAY_OUT since 0'])
    expect(run(alerts, 6, 12, {})).toEqual(['9: ONE_WAY_OUT over since 6'])
  })
})

describe('silence of both', () => {
  const silent = { flow: { ...flowing, levelIn: 0.001 }, microphone: 0.001 }

  test('it lasts as long as the site says, and any word ends it', () => {
    const alerts = new Alerts(times)
    expect(run(alerts, 0, 20, silent)).toEqual(['15: DEAD_AIR since 0'])
    expect(run(alerts, 21, 21, { ...silent, microphone: 0.05 })).toEqual(['21: DEAD_AIR over since 21'])
  })

  test('one who speaks is enough', () => {
    expect(run(new Alerts(times), 0, 40, { ...silent, microphone: 0.05 })).toEqual([])
    expect(run(new Alerts(times), 0, 40, { ...silent, flow: flowing })).toEqual([])
  })

  test('it is not told beside one-way audio, nor where the microphone cannot be measured', () => {
    expect(run(new Alerts(times), 0, 40, { ...silent, flow: { ...silent.flow, received: 0 } })).toEqual([
      '3: ONE_WAY_IN since 0',
    ])
    expect(run(new Alerts(times), 0, 40, { ...silent, microphone: undefined })).toEqual([])
  })
})

describe('speaking while muted', () => {
  test('a word is told of, a cough is not; pauses of speech do not end it; unmuting does at once', () => {
    const alerts = new Alerts(times)
    const muted = { muted: true, microphone: 0.001 }
    expect([...run(alerts, 0, 0, { muted: true }), ...run(alerts, 1, 3, muted)]).toEqual([])
    expect(run(alerts, 4, 6, { muted: true })).toEqual(['5: MUTED_TALK since 4'])
    expect([...run(alerts, 7, 9, muted), ...run(alerts, 10, 10, { muted: true })]).toEqual([])
    expect(run(alerts, 11, 11, {})).toEqual(['11: MUTED_TALK over since 11'])
  })

  test('it ends when the operator has been quiet for a while', () => {
    const alerts = new Alerts(times)
    run(alerts, 0, 2, { muted: true })
    expect(run(alerts, 3, 10, { muted: true, microphone: 0.001 })).toEqual(['7: MUTED_TALK over since 3'])
  })

  test('the neighbour is not meant', () => {
    expect(run(new Alerts(times), 0, 20, { muted: true, microphone: 0.01 })).toEqual([])
  })
})

test('a long hold', () => {
  const alerts = new Alerts(times)
  expect(run(alerts, 100, 170, { talking: false, heldSince: 100_000 })).toEqual(['160: LONG_HOLD since 160'])
  expect(run(alerts, 171, 175, {})).toEqual(['171: LONG_HOLD over since 171'])
})

test('everything ends with the conversation', () => {
  const alerts = new Alerts(times)
  run(alerts, 0, 5, { flow: { ...flowing, received: 0 } })
  expect(alerts.end(6000).map(written)).toEqual(['ONE_WAY_IN over since 6'])
  expect(alerts.end(7000)).toEqual([])
})
