import { UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Close, MicrophoneOff, MicrophoneOn } from '@/components/icons'
import { SignMark } from '@/components/SignMark'
import type { MyCall } from '@/feed/model'
import { useFeedPhase, useServices } from '@/session/context'
import { Elapsed } from '@/session/Elapsed'
import { signOfPlace, type PartyView } from './parties'
import classes from './Parties.module.css'

/** Who else is in the call and whom they hear; in a conference each can be muted, and the guest dropped. */
export function Parties({ call, parties }: { call: MyCall; parties: readonly PartyView[] }) {
  const { t } = useTranslation()
  if (parties.length === 0) return null
  const conference = call.part === 'operator' && call.state === 'CONFERENCE'
  return (
    <ul className={classes['parties']} aria-label={t('party.title')}>
      {parties.map((party) => (
        <li key={party.role} className={classes['party']} data-place={party.place}>
          <SignMark sign={signOfPlace(party.place)} />
          <span className={classes['text']}>
            <span className={classes['name']}>{party.name || t('match.anonymous')}</span>
            <span className={classes['place']} aria-live="polite">
              {t(`party.${party.place}`)}
              {party.muted && ` · ${t('party.muted')}`}
              {party.place === 'ringing' && call.consult && (
                <>
                  {' '}
                  <Elapsed since={call.consult.since} />
                </>
              )}
            </span>
          </span>
          {conference && <Powers call={call} party={party} />}
        </li>
      ))}
    </ul>
  )
}

/** What the operator may do with a party of the conference. */
function Powers({ call, party }: { call: MyCall; party: PartyView }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const behind = useFeedPhase() !== 'live'
  const { legId, muted } = party
  if (legId === undefined) return null
  const who = party.name || t('match.anonymous')
  const mute = muted ? t('party.unmute', { who }) : t('party.mute', { who })
  const Microphone = muted ? MicrophoneOff : MicrophoneOn
  return (
    <>
      <UnstyledButton
        className={classes['power']}
        data-on={muted || undefined}
        aria-label={mute}
        title={behind ? t('reason.behind') : mute}
        disabled={behind}
        onClick={() => {
          void commands.muteParty(call.id, legId, !muted)
        }}
      >
        <Microphone size={16} aria-hidden />
      </UnstyledButton>
      {party.role === 'guest' && (
        <UnstyledButton
          className={classes['power']}
          aria-label={t('party.drop', { who })}
          title={behind ? t('reason.behind') : t('party.drop', { who })}
          disabled={behind}
          onClick={() => {
            void commands.dropParty(call.id, legId)
          }}
        >
          <Close size={16} aria-hidden />
        </UnstyledButton>
      )}
    </>
  )
}
