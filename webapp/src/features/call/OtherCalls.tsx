import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Keys } from '@/components/Keys'
import { SignMark } from '@/components/SignMark'
import { signOfStage } from '@/feed/model'
import { useCommandState, useFeedPhase, useServices } from '@/session/context'
import { Elapsed } from '@/session/Elapsed'
import type { CallBeside } from './beside'
import classes from './OtherCalls.module.css'
import { customerName } from './parties'

/** The calls beside the one on the screen: who it is, whether they wait, hear music or ring, and the way to them. */
export function OtherCalls({ beside }: { beside: readonly CallBeside[] }) {
  const { t } = useTranslation()
  if (beside.length === 0) return null
  return (
    <ul aria-label={t('call.others')} className={classes['others']}>
      {beside.map((other, i) => (
        <OtherCall key={other.call.id} other={other} keyed={beside.findIndex(({ go }) => go !== undefined) === i} />
      ))}
    </ul>
  )
}

function OtherCall({ other, keyed }: { other: CallBeside; keyed: boolean }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const behind = useFeedPhase() !== 'live'
  const { call, stage, go, reason, turns } = other
  const who = customerName(call) || t('match.anonymous')
  const isPending = (name: 'answer' | 'resume' | 'decline') => pending.get(name)?.callId === call.id
  return (
    <li className={classes['other']} data-stage={stage}>
      <SignMark sign={signOfStage(stage)} />
      <span className={classes['text']}>
        <span className={classes['who']}>{who}</span>
        <span className={classes['state']} aria-live="polite">
          <b>{t(`stage.${stage}`)}</b> <Elapsed since={call.since} />
          {call.queue && ` · ${call.queue.name}`}
        </span>
      </span>
      {go && (
        <span className={classes['ways']}>
          <Button
            size="compact-md"
            color={go === 'answer' ? 'green' : undefined}
            variant={go === 'answer' ? 'filled' : 'default'}
            className={go === 'answer' ? classes['answer'] : undefined}
            aria-label={t(`call.${go}Other`, { who })}
            aria-keyshortcuts={keyed ? 'A' : undefined}
            title={reason !== '' ? t(`reason.${reason}`) : turns ? t('call.turns') : undefined}
            disabled={reason !== ''}
            loading={isPending(go)}
            rightSection={keyed && <Keys>A</Keys>}
            onClick={() => void commands[go](call.id)}
          >
            {t(`call.${go}`)}
          </Button>
          {go === 'answer' && (
            <Button
              size="compact-md"
              variant="default"
              aria-label={t('call.declineOther', { who })}
              title={behind ? t('reason.behind') : undefined}
              disabled={behind}
              loading={isPending('decline')}
              onClick={() => void commands.decline(call.id)}
            >
              {t('call.decline')}
            </Button>
          )}
        </span>
      )}
    </li>
  )
}
