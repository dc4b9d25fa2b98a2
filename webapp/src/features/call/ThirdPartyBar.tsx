import { Popover } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ActionButton } from '@/components/ActionButton'
import { Consult, Done, LetGo, Merge, Park, Swap, Transfer } from '@/components/icons'
import type { MyCall } from '@/feed/model'
import { useCommandState } from '@/session/context'
import type { CommandName } from '@/session/commands'
import type { Controls, Reason } from './controls'
import classes from './PhoneBar.module.css'
import { ThirdPartyPicker } from './ThirdPartyPicker'
import type { ThirdParty } from './use-third-party'

interface ThirdPartyBarProps {
  call: MyCall
  controls: Controls
  third: ThirdParty
}

/** The second row: somebody else for the call. Its right half is empty until there is somebody. */
export function ThirdPartyBar({ call, controls, third, consult }: ThirdPartyBarProps & { consult: boolean }) {
  const { t } = useTranslation()
  const { pending } = useCommandState()
  const why = (reason: Reason) => (reason === '' ? '' : t(`reason.${reason}`))
  const isPending = (name: CommandName) => pending.get(name)?.callId === call.id
  const { picking } = third

  return (
    <div className={classes['third']}>
      <Popover
        opened={picking !== undefined}
        position="bottom-start"
        width="min(380px, 100vw - 24px)"
        withRoles={false}
        trapFocus
        returnFocus
        shadow="none"
        onDismiss={third.close}
      >
        <Popover.Target>
          <div className={classes['group']}>
            <ActionButton
              compact
              label={t('call.transfer')}
              icon={Transfer}
              keys="T"
              shortcut="T"
              pressed={picking === 'transfer'}
              reason={why(controls.transfer)}
              pending={isPending('transfer')}
              onPress={() => (picking === 'transfer' ? third.close() : third.pick('transfer'))}
            />
            <ActionButton
              compact
              label={t('call.consult')}
              icon={Consult}
              keys="C"
              shortcut="C"
              pressed={picking === 'consult'}
              reason={why(controls.consult)}
              pending={isPending('consult')}
              onPress={() => (picking === 'consult' ? third.close() : third.pick('consult'))}
            />
            <ActionButton
              compact
              label={t('call.park')}
              icon={Park}
              keys="B"
              shortcut="B"
              reason={why(controls.park)}
              pending={isPending('park')}
              onPress={third.park}
            />
          </div>
        </Popover.Target>
        <Popover.Dropdown>
          {picking !== undefined && (
            <ThirdPartyPicker
              key={picking}
              what={picking}
              onPick={(to) => void third.picked(to)}
              onClose={third.close}
            />
          )}
        </Popover.Dropdown>
      </Popover>
      {consult && <ConsultBar call={call} controls={controls} third={third} />}
    </div>
  )
}

/** What can be done with the third party, as soon as there is one. */
export function ConsultBar({ call, controls, third }: ThirdPartyBarProps) {
  const { t } = useTranslation()
  const { pending } = useCommandState()
  const why = (reason: Reason) => (reason === '' ? '' : t(`reason.${reason}`))
  const isPending = (name: CommandName) => pending.get(name)?.callId === call.id
  if (!call.consult || call.part !== 'operator') return null
  return (
    <div className={classes['consult']}>
      <ActionButton
        compact
        label={t('call.swap')}
        icon={Swap}
        keys="S"
        shortcut="S"
        reason={why(controls.swap)}
        pending={isPending('swap')}
        onPress={third.swap}
      />
      <ActionButton
        compact
        label={t('call.merge')}
        icon={Merge}
        keys="G"
        shortcut="G"
        reason={why(controls.merge)}
        pending={isPending('merge')}
        onPress={third.merge}
      />
      <ActionButton
        compact
        label={t('call.complete')}
        icon={Done}
        keys="T"
        shortcut="T"
        reason={why(controls.complete)}
        pending={isPending('complete')}
        onPress={third.complete}
      />
      <ActionButton
        compact
        label={t('call.cancelConsult')}
        short={t('call.cancelConsultShort')}
        icon={LetGo}
        keys="C"
        shortcut="C"
        reason={why(controls.cancel)}
        pending={isPending('cancelConsult')}
        onPress={third.cancel}
      />
    </div>
  )
}
