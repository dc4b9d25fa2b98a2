import { useQuery } from '@apollo/client/react'
import { Menu } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Done, Open } from '@/components/icons'
import { Keys } from '@/components/Keys'
import { SignMark } from '@/components/SignMark'
import { signOfPresence } from '@/feed/model'
import { PauseReasonsDocument } from '@/gql/graphql'
import { Elapsed } from '@/session/Elapsed'
import { useCommandState, useFeedPhase, useMe, useServices } from '@/session/context'
import { useReadyReason } from '@/session/use-ready'
import classes from './AvailabilityMenu.module.css'

/** The operator's own state, always in sight, and the way to change it. */
export function AvailabilityMenu({ opened, onChange }: { opened: boolean; onChange: (opened: boolean) => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const readyReason = useReadyReason()
  const behind = useFeedPhase() !== 'live'
  const { data } = useQuery(PauseReasonsDocument)
  const reasons = data?.pauseReasons.filter((reason) => !reason.system) ?? []
  const word = t(`presence.${me.presence}`)
  const busy = me.presence !== 'READY' && me.presence !== 'PAUSED' && me.presence !== 'OFFLINE'
  const then = busy && me.availability !== 'READY' ? t(`availability.then.${me.availability}`) : ''

  return (
    <Menu opened={opened} onChange={onChange} position="bottom-end" width={260}>
      <div className={classes['pill']} data-presence={me.presence} data-stale={behind || undefined}>
        <SignMark sign={signOfPresence(me.presence)} />
        <span role="status" aria-label={word} className={classes['word']}>
          {word}
        </span>
        {me.presence === 'PAUSED' && me.pauseReason && <span className={classes['reason']}>{me.pauseReason.name}</span>}
        {then !== '' && <span className={classes['reason']}>{then}</span>}
        <Elapsed since={me.since} className={classes['time']} />
        <Menu.Target>
          <button
            type="button"
            className={classes['trigger']}
            aria-label={t('availability.change')}
            aria-keyshortcuts="R P"
            aria-busy={pending.has('setAvailability') || undefined}
          >
            <Open size={16} aria-hidden />
          </button>
        </Menu.Target>
      </div>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<SignMark sign="ready" />}
          rightSection={me.availability === 'READY' ? <Done size={16} aria-hidden /> : <Keys>R</Keys>}
          disabled={readyReason !== ''}
          onClick={() => {
            void commands.setAvailability('READY')
          }}
        >
          {t('presence.READY')}
          {readyReason !== '' && <span className={classes['why']}>{readyReason}</span>}
        </Menu.Item>
        <Menu.Label>{t('availability.pause')}</Menu.Label>
        {reasons.map((reason, i) => (
          <Menu.Item
            key={reason.id}
            leftSection={<SignMark sign="paused" />}
            rightSection={
              me.availability === 'PAUSED' && me.pauseReason?.id === reason.id ? (
                <Done size={16} aria-hidden />
              ) : i === 0 ? (
                <Keys>P</Keys>
              ) : undefined
            }
            disabled={behind}
            onClick={() => {
              void commands.setAvailability('PAUSED', reason.id)
            }}
          >
            {reason.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<SignMark sign="offline" />}
          rightSection={me.availability === 'OFFLINE' ? <Done size={16} aria-hidden /> : undefined}
          disabled={behind}
          onClick={() => {
            void commands.setAvailability('OFFLINE')
          }}
        >
          {t('presence.OFFLINE')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
