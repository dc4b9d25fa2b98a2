import { Popover } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { MicrophoneOff, Trouble } from '@/components/icons'
import { useObservable, useServices } from '@/session/context'
import classes from './QualityAlerts.module.css'

function useAlerts(callId: string | undefined) {
  const { callId: watched, alerts } = useObservable(useServices().quality.view)
  return watched === callId ? alerts : []
}

/** What is wrong with the voice, and what to do about it. It is told politely and takes no focus. */
export function QualityAlerts({ callId }: { callId: string | undefined }) {
  const { t } = useTranslation()
  const alerts = useAlerts(callId)
  return (
    <div aria-live="polite">
      {alerts.map((kind) =>
        // The hint stands at the button; here it is for who listens only.
        kind === 'MUTED_TALK' ? (
          <span key={kind} className="hidden">
            {t(`quality.alert.${kind}`)}
          </span>
        ) : (
          <div key={kind} className={classes['alert']} data-kind={kind}>
            <Trouble size={16} aria-hidden />
            <span>{t(`quality.alert.${kind}`)}</span>
          </div>
        ),
      )}
    </div>
  )
}

/** Stands at the button that mutes: says that nobody hears what the operator is saying. */
export function MutedHint({ callId, children }: { callId: string; children: ReactNode }) {
  const { t } = useTranslation()
  const opened = useAlerts(callId).includes('MUTED_TALK')
  return (
    <Popover
      opened={opened}
      position="top-start"
      offset={4}
      withArrow
      withRoles={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Popover.Target>
        <div>{children}</div>
      </Popover.Target>
      <Popover.Dropdown className={classes['hint']} aria-hidden>
        <MicrophoneOff size={16} aria-hidden />
        <span>{t('quality.unmuteHint')}</span>
      </Popover.Dropdown>
    </Popover>
  )
}
