import { Popover } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { ActionButton } from '@/components/ActionButton'
import { Done, KeypadIcon, MicrophoneOff, MicrophoneOn, Pause, Phone, PhoneOff, Play, Plus } from '@/components/icons'
import { isMuted, type MyCall, type Stage } from '@/feed/model'
import { alternative } from '@/lib/platform'
import { useCommandState, useFeedPhase, usePhone, useServices } from '@/session/context'
import type { Controls, Reason } from './controls'
import { Keypad } from './Keypad'
import classes from './PhoneBar.module.css'
import { MutedHint } from './QualityAlerts'

/** In a narrow window the buttons stand in two rows: the keypad leaves the second, with the one that hangs up, in sight. */
const belowTheSecondRow = 76

interface PhoneBarProps {
  call: MyCall
  stage: Stage
  controls: Controls
  keypadOpen: boolean
  onKeypad: (open: boolean) => void
  endProgress: number
  onFinish: () => void
}

/** The buttons of the call. Places never change: mute, hold, keypad; then the one that goes on, then the one that ends. */
export function PhoneBar({ call, stage, controls, keypadOpen, onKeypad, endProgress, onFinish }: PhoneBarProps) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const phone = usePhone(call.id)
  const feed = useFeedPhase()
  const narrow = useMediaQuery('(max-width: 480px)')
  const why = (reason: Reason) => (reason === '' ? '' : t(`reason.${reason}`))
  const ours = phone.callId === call.id
  const muted = ours && phone.voice === 'live' ? phone.muted : isMuted(call)
  const isPending = (name: Parameters<typeof pending.get>[0]) => pending.get(name)?.callId === call.id

  return (
    <div className={classes['bar']}>
      <MutedHint callId={call.id}>
        <ActionButton
          label={muted ? t('call.unmute') : t('call.mute')}
          short={muted ? t('call.unmuteShort') : t('call.muteShort')}
          icon={muted ? MicrophoneOff : MicrophoneOn}
          keys="M"
          shortcut="M"
          tone={muted && controls.mute === '' ? 'muted' : 'plain'}
          reason={why(controls.mute)}
          onPress={() => {
            void commands.setMuted(call.id, !muted)
          }}
        />
      </MutedHint>
      <ActionButton
        label={stage === 'held' ? t('call.resume') : t('call.hold')}
        icon={stage === 'held' ? Play : Pause}
        keys="H"
        shortcut="H"
        tone={stage === 'held' ? 'held' : 'plain'}
        reason={why(controls.hold)}
        pending={isPending('hold') || isPending('resume')}
        onPress={() => {
          void (stage === 'held' ? commands.resume(call.id) : commands.hold(call.id))
        }}
      />
      <Popover
        opened={keypadOpen && controls.keypad === ''}
        position="bottom-start"
        offset={narrow ? belowTheSecondRow : undefined}
        closeOnClickOutside={false}
        withRoles={false}
        onDismiss={() => onKeypad(false)}
      >
        <Popover.Target>
          <div>
            <ActionButton
              label={t('call.keypad')}
              icon={KeypadIcon}
              keys="K"
              shortcut="K"
              pressed={keypadOpen && controls.keypad === ''}
              reason={why(controls.keypad)}
              onPress={() => onKeypad(!keypadOpen)}
            />
          </div>
        </Popover.Target>
        <Popover.Dropdown>
          <Keypad key={call.id} callId={call.id} />
        </Popover.Dropdown>
      </Popover>
      <div className={classes['ends']}>
        {stage === 'wrapUp' ? (
          <>
            {call.wrapUpUntil !== null && (
              <ActionButton
                label={t('call.moreTime')}
                icon={Plus}
                reason={feed === 'live' ? '' : t('reason.behind')}
                pending={isPending('extendWrapUp')}
                onPress={() => {
                  void commands.extendWrapUp(call.id)
                }}
              />
            )}
            <ActionButton
              label={t('call.finish')}
              icon={Done}
              keys="⏎"
              shortcut="Enter"
              tone="primary"
              wide
              reason={feed === 'live' ? '' : t('reason.behind')}
              pending={isPending('finishWrapUp')}
              onPress={onFinish}
            />
          </>
        ) : (
          <>
            <ActionButton
              label={t('call.answer')}
              icon={Phone}
              keys="⏎"
              shortcut="Enter"
              tone="answer"
              wide
              reason={why(controls.answer)}
              pending={
                stage === 'offer' &&
                (isPending('answer') || call.answerRequested || (ours && phone.voice === 'answering'))
              }
              onPress={() => {
                void commands.answer(call.id)
              }}
            />
            <ActionButton
              label={stage === 'offer' ? t('call.decline') : t('call.hangUp')}
              icon={PhoneOff}
              keys={`${alternative}⌫`}
              shortcut="Alt+Backspace"
              tone="hangup"
              wide
              progress={endProgress}
              reason={why(controls.end)}
              pending={isPending('hangUp') || isPending('decline')}
              onPress={() => {
                void (stage === 'offer' ? commands.decline(call.id) : commands.hangUp(call.id))
              }}
            />
          </>
        )}
      </div>
    </div>
  )
}
