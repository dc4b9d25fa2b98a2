import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Close, Trouble } from '@/components/icons'
import { Panel } from '@/components/Panel'
import { customerParty, stageOf, type MyCall } from '@/feed/model'
import { useCommandState, usePhone, useServices } from '@/session/context'
import { commandPhone } from '@/session/services'
import { useProblemText } from '@/session/use-problem-text'
import { CallHeadline } from './CallHeadline'
import classes from './CallPanel.module.css'
import { DialBox } from './DialBox'
import { PhoneBar } from './PhoneBar'

interface CallPanelProps {
  current: MyCall | undefined
  others: readonly MyCall[]
  keypadOpen: boolean
  onKeypad: (open: boolean) => void
  /** How far the key for hanging up has been held, 0 to 1. */
  endProgress: number
  /** Ends the wrap-up: the notes know what to send. */
  onFinish: () => void
}

/** The call: its state and its buttons, in one place for all states; without a call, the dial box. */
export function CallPanel({ current, others, keypadOpen, onKeypad, endProgress, onFinish }: CallPanelProps) {
  const { t } = useTranslation()
  const stage = current ? stageOf(current) : undefined
  return (
    <Panel title={t('call.title')} quiet region className={classes['panel']}>
      <div className={classes['inside']} data-stage={stage}>
        {current && stage ? (
          <>
            <CallHeadline call={current} stage={stage} />
            <PhoneBar
              call={current}
              stage={stage}
              keypadOpen={keypadOpen}
              onKeypad={onKeypad}
              endProgress={endProgress}
              onFinish={onFinish}
            />
          </>
        ) : (
          <DialBox />
        )}
      </div>
      {others.map((call) => (
        <SecondCall key={call.id} call={call} />
      ))}
      <Remarks call={current} />
    </Panel>
  )
}

/** A call that came while another is on the screen: it never replaces the card. */
function SecondCall({ call }: { call: MyCall }) {
  const { t } = useTranslation()
  const party = customerParty(call)
  return (
    <Remark tone="info">
      {t('call.second', { who: call.customer?.name ?? party.number.display, queue: call.queue?.name ?? '' })}
    </Remark>
  )
}

/** What went wrong with the last command or with the voice of this call. */
function Remarks({ call }: { call: MyCall | undefined }) {
  const { t } = useTranslation()
  const services = useServices()
  const { commands } = services
  const { refusal } = useCommandState()
  const phone = usePhone(call?.id)
  const problemText = useProblemText()
  const stage = call ? stageOf(call) : undefined
  const voiceMissing = (stage === 'talking' || stage === 'held') && phone.voice === 'none'
  return (
    <>
      {refusal && (
        <Remark tone="trouble" onClose={commands.forgetRefusal}>
          {problemText(refusal.problem)}
        </Remark>
      )}
      {phone.voice === 'unheard' && <Remark tone="trouble">{t('call.unheard')}</Remark>}
      {phone.trouble !== '' && (
        <Remark tone="trouble" onClose={() => commandPhone(services, 'FORGET_TROUBLE')}>
          {t('call.voiceBroke', { cause: phone.trouble })}
        </Remark>
      )}
      {voiceMissing && (phone.line === 'otherTab' || phone.line === 'takenOver') && (
        <Remark tone="info">{t('call.voiceElsewhere')}</Remark>
      )}
    </>
  )
}

function Remark({ tone, onClose, children }: { tone: 'info' | 'trouble'; onClose?: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className={classes['remark']} data-tone={tone} role={tone === 'trouble' ? 'alert' : undefined}>
      {tone === 'trouble' && <Trouble size={16} aria-hidden />}
      <span className={classes['remarkText']}>{children}</span>
      {onClose && (
        <button type="button" className={classes['remarkClose']} aria-label={t('close')} onClick={onClose}>
          <Close size={16} aria-hidden />
        </button>
      )}
    </div>
  )
}
