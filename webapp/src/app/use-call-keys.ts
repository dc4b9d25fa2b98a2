import { useRef, useState } from 'react'
import type { CallBeside } from '@/features/call/beside'
import type { Controls } from '@/features/call/controls'
import type { ThirdParty } from '@/features/call/use-third-party'
import { isMuted, stageOf, type MyCall } from '@/feed/model'
import { useFeedPhase, usePhone, useServices } from '@/session/context'
import { useHeldEnd, useHeldSpace, useHotkey } from './hotkeys'

interface CallKeys {
  call: MyCall | undefined
  beside: readonly CallBeside[]
  controls: Controls
  third: ThirdParty
  keypadOpen: boolean
  setKeypadOpen: (open: boolean) => void
  finish: () => void
  comment: () => void
}

/** The keys of the call on the screen. Returns how far the key for hanging up has been held, 0 to 1. */
export function useCallKeys(keys: CallKeys): number {
  const { call, beside, controls, third, keypadOpen, setKeypadOpen, finish, comment } = keys
  const { commands } = useServices()
  const phone = usePhone(call?.id)
  const feed = useFeedPhase()
  /** Space is held: the operator talks although muted. */
  const talking = useRef(false)
  const [endProgress, setEndProgress] = useState(0)
  const stage = call ? stageOf(call) : 'over'
  const muted =
    call !== undefined && phone.callId === call.id && phone.voice === 'live'
      ? phone.muted
      : call !== undefined && isMuted(call)

  useHotkey({ key: 'Enter', yieldsToControls: true }, () => {
    if (!call) return
    if (stage === 'wrapUp' && feed === 'live') finish()
    else if (stage === 'offer' && controls.answer === '') void commands.answer(call.id)
  })
  useHotkey({ code: 'KeyM' }, () => {
    if (call && controls.mute === '') void commands.setMuted(call.id, !muted)
  })
  useHeldSpace(call !== undefined && controls.mute === '', (down) => {
    if (!call || (down && !muted) || (!down && !talking.current)) return
    talking.current = down
    void commands.setMuted(call.id, !down)
  })
  useHotkey({ code: 'KeyH' }, () => {
    if (call && controls.hold === '') void (stage === 'held' ? commands.resume(call.id) : commands.hold(call.id))
  })
  useHotkey({ code: 'KeyA' }, () => {
    const other = beside.find(({ go }) => go !== undefined)
    if (other?.go && other.reason === '') void commands[other.go](other.call.id)
  })
  useHotkey({ code: 'KeyK' }, () => {
    if (call && controls.keypad === '') setKeypadOpen(!keypadOpen)
  })
  useHotkey({ code: 'KeyT' }, () => {
    if (controls.transfer === '') third.pick('transfer')
    else if (controls.complete === '') third.complete()
  })
  useHotkey({ code: 'KeyC' }, () => {
    if (controls.consult === '') third.pick('consult')
    else if (controls.cancel === '') third.cancel()
  })
  useHotkey({ code: 'KeyB' }, () => {
    if (controls.park === '') third.park()
  })
  useHotkey({ code: 'KeyS' }, () => {
    if (controls.swap === '') third.swap()
  })
  useHotkey({ code: 'KeyG' }, () => {
    if (controls.merge === '') third.merge()
  })
  useHotkey({ key: 'Escape', whileTyping: true }, () => {
    if (keypadOpen) setKeypadOpen(false)
  })
  useHotkey({ code: 'KeyN' }, comment)
  useHeldEnd(call !== undefined && controls.end === '', setEndProgress, () => {
    if (call) void (stage === 'offer' ? commands.decline(call.id) : commands.hangUp(call.id))
  })
  return endProgress
}
