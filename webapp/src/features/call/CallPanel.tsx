import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Close, Trouble } from '@/components/icons'
import { Panel } from '@/components/Panel'
import { isEngaged, stageOf, type MyCall } from '@/feed/model'
import { useCommandState, usePhone, useServices } from '@/session/context'
import { commandPhone } from '@/session/services'
import { useProblemText } from '@/session/use-problem-text'
import type { CallBeside } from './beside'
import { CallHeadline } from './CallHeadline'
import classes from './CallPanel.module.css'
import type { Controls } from './controls'
import { DialBox } from './DialBox'
import { OtherCalls } from './OtherCalls'
import { Parties } from './Parties'
import { partiesOf } from './parties'
import { PhoneBar } from './PhoneBar'
import { QualityAlerts } from './QualityAlerts'
import { ThirdPartyBar } from './ThirdPartyBar'
import type { ThirdParty } from './use-third-party'

interface CallPanelProps {
  current: MyCall | undefined
  beside: readonly CallBeside[]
  controls: Controls
  third: ThirdParty
  keypadOpen: boolean
  onKeypad: (open: boolean) => void
  /** How far the key for hanging up has been held, 0 to 1. */
  endProgress: number
  /** Ends the wrap-up: the notes know what to send. */
  onFinish: () => void
  /** What there is with a third party has its place elsewhere. */
  docked: boolean
}

/** The call: its state and its buttons, in one place for all states; without a call, the dial box. */
export function CallPanel(props: CallPanelProps) {
  const { current, beside, controls, third, keypadOpen, onKeypad, endProgress, onFinish, docked } = props
  const { t } = useTranslation()
  const stage = current ? stageOf(current) : undefined
  const parties = current ? partiesOf(current) : []
  return (
    <Panel title={t('call.title')} quiet region className={classes['panel']}>
      <div className={classes['inside']} data-stage={stage}>
        {current && stage ? (
          <>
            <div className={classes['top']}>
              <CallHeadline call={current} stage={stage} brief={parties.length > 0 && !docked} />
              {!docked && <Parties call={current} parties={parties} />}
            </div>
            <PhoneBar
              call={current}
              stage={stage}
              controls={controls}
              keypadOpen={keypadOpen}
              onKeypad={onKeypad}
              endProgress={endProgress}
              onFinish={onFinish}
            />
            <ThirdPartyBar call={current} controls={controls} third={third} consult={!docked} />
          </>
        ) : (
          <DialBox />
        )}
      </div>
      <OtherCalls beside={beside} />
      <Remarks call={current} picking={third.picking} />
    </Panel>
  )
}

/** What went wrong with the last command or with the voice of this call. */
function Remarks({ call, picking }: { call: MyCall | undefined; picking: ThirdParty['picking'] }) {
  const { t } = useTranslation()
  const services = useServices()
  const { commands } = services
  const { refusal } = useCommandState()
  const phone = usePhone(call?.id)
  const problemText = useProblemText()
  const stage = call ? stageOf(call) : undefined
  const voiceMissing =
    stage !== undefined && stage !== 'dialling' && stage !== 'rescuing' && isEngaged(stage) && phone.voice === 'none'
  return (
    <>
      <QualityAlerts callId={call?.id} />
      {refusal && refusal.command !== picking && (
        <Remark tone="trouble" onClose={commands.forgetRefusal}>
          {problemText(refusal.problem)}
        </Remark>
      )}
      {phone.voice === 'unheard' && <Remark tone="trouble">{t('call.unheard')}</Remark>}
      {phone.trouble !== '' && (
        <Remark tone="trouble" onClose={() => commandPhone(services, 'FORGET_TROUBLE')}>
          {t('call.voiceBroke')}
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
