import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { browserNames, browserOf, type BrowserName } from '@/lib/browser'
import type { Step, StepName, StepProblem } from '@/phone/preflight'
import { playTestTone } from '@/phone/sink'
import { useServices } from '@/session/context'
import { BrowserPicture, browserTitle } from './BrowserPicture'
import classes from './Check.module.css'
import { helpWith, inSettings, type BrowserTopic } from './help'
import { LevelTry } from './LevelTry'
import { StepMark } from './StepMark'
import { ThingPicture } from './ThingPicture'

interface StepRowProps {
  step: Step
  /** The phone is in this page: its microphone and loudspeaker can be tried. */
  here: boolean
  again: (name: StepName) => void
}

/** One step of the check: its sign, what was found, and where something is wrong, what to do. */
export function StepRow({ step, here, again }: StepRowProps) {
  const { t } = useTranslation()
  const { name, state, problem, detail } = step
  const taken = state !== 'waiting' && state !== 'running'
  return (
    <li className={classes['step']} data-state={state}>
      <StepMark state={state} />
      <div className={classes['body']}>
        <div className={classes['head']}>
          <span className={classes['name']}>{t(`check.step.${name}`)}</span>
          {detail !== '' && <span className={`${classes['detail']} num`}>{detail}</span>}
        </div>
        {problem !== '' && <Help problem={problem} about={name === 'notifications' ? 'notifications' : 'microphone'} />}
        <div className={classes['actions']}>
          {here && name === 'speaker' && taken && <Heard />}
          {here && name === 'level' && taken && <LevelTry />}
          {problem === 'notifications_default' && (
            <Button
              size="xs"
              onClick={() => {
                void Notification.requestPermission().then(() => again('notifications'))
              }}
            >
              {t('check.ask')}
            </Button>
          )}
          {problem !== '' && state !== 'running' && (
            <Button size="xs" variant="default" onClick={() => again(name)}>
              {t('check.again')}
            </Button>
          )}
        </div>
      </div>
    </li>
  )
}

/** Plays a tone that is meant to be heard, and asks whether it was. */
function Heard() {
  const { t } = useTranslation()
  const { devices, checks } = useServices()
  const { preflight } = checks
  const [played, setPlayed] = useState(false)
  return (
    <>
      <Button
        size="xs"
        variant="default"
        onClick={() => {
          setPlayed(true)
          playTestTone(devices.state.get().used.speaker).catch(() =>
            preflight.note('speaker', { state: 'failed', problem: 'no_output' }),
          )
        }}
      >
        {t('check.listen')}
      </Button>
      {played && (
        <>
          <Button size="xs" onClick={() => preflight.note('speaker', { state: 'ok' })}>
            {t('check.heard')}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => preflight.note('speaker', { state: 'failed', problem: 'not_heard' })}
          >
            {t('check.notHeard')}
          </Button>
        </>
      )}
    </>
  )
}

/** What is wrong, in words, and what to do about it, in words and a picture. */
export function Help({ problem, about }: { problem: StepProblem; about: 'microphone' | 'notifications' }) {
  const { t } = useTranslation()
  const help = helpWith[problem]
  return (
    <div className={classes['help']}>
      <p className={classes['problem']}>{t(`check.problem.${problem}.title`)}</p>
      <p>
        {t(`check.problem.${problem}.text`)}{' '}
        {inSettings.has(problem) && <Link to="/settings">{t('settings.title')}</Link>}
      </p>
      {'browser' in help ? <InBrowser topic={help.browser} about={about} /> : <ThingPicture thing={help.thing} />}
    </div>
  )
}

/** What to click, in the browser that this is; another can be looked at, for whoever helps a colleague. */
function InBrowser({ topic, about }: { topic: BrowserTopic; about: 'microphone' | 'notifications' }) {
  const { t } = useTranslation()
  const [browser, setBrowser] = useState<BrowserName>(() => browserOf(navigator.userAgent).name)
  // Chrome's long question is the microphone's; that of notifications is as others ask it.
  const simple = topic === 'allow' && about === 'notifications' && browser === 'chrome'
  return (
    <>
      <p>{t(`check.how.${topic}.${simple ? 'edge' : browser}`)}</p>
      <BrowserPicture browser={browser} topic={topic} about={about} />
      <SegmentedControl
        size="xs"
        aria-label={t('check.browser')}
        data={browserNames.map((name) => ({ value: name, label: browserTitle(name, t('check.yandex')) }))}
        value={browser}
        onChange={(value) => setBrowser(value)}
      />
    </>
  )
}
