import { createTheme, MantineThemeProvider } from '@mantine/core'
import { Suspense, useState, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { Banners } from '@/app/Banners'
import { CallAlerts } from '@/app/CallAlerts'
import { RemoteAudio } from '@/app/RemoteAudio'
import { useCallKeys } from '@/app/use-call-keys'
import { Check, External, OnTop } from '@/components/icons'
import { lazyPage } from '@/components/lazy-page'
import { LevelMeter } from '@/components/LevelMeter'
import { SignMark } from '@/components/SignMark'
import { CallHeadline } from '@/features/call/CallHeadline'
import { DialBox } from '@/features/call/DialBox'
import { OtherCalls } from '@/features/call/OtherCalls'
import { Parties } from '@/features/call/Parties'
import { partiesOf } from '@/features/call/parties'
import { PhoneBar } from '@/features/call/PhoneBar'
import { ThirdPartyBar } from '@/features/call/ThirdPartyBar'
import { useBeside } from '@/features/call/use-beside'
import { useControls } from '@/features/call/use-controls'
import { useThirdParty } from '@/features/call/use-third-party'
import { customerParty, stageOf, type MyCall } from '@/feed/model'
import { isMicrophoneBlocked } from '@/phone/view'
import { useArrangedCalls, usePhone, useServices } from '@/session/context'
import { checkPaths, phonePath } from '@/session/phone-window'
import { signOfLine } from '../sign-of-line'
import { DeviceMenu } from './DeviceMenu'
import classes from './PhoneWindow.module.css'
import { usePicture } from './picture'
import { useMicrophoneLevel } from './use-microphone-level'

const CheckPage = lazyPage(async () => (await import('@/features/check/CheckPage')).CheckPage)

/** The phone in a window of its own. The voice is here; the pages of the workspace may come and go. */
export function PhoneWindow() {
  const { t } = useTranslation()
  const picture = usePicture()
  const [pathname] = useLocation()
  return (
    <div className={classes['frame']}>
      {pathname === checkPaths.window ? (
        <Suspense fallback={<main aria-busy />}>
          <CheckPage home={phonePath} />
        </Suspense>
      ) : picture.body ? (
        <>
          <main className={classes['away']}>
            <h1 className="hidden">{t('phoneWindow.title')}</h1>
            <p>{t('phoneWindow.onTop')}</p>
          </main>
          {createPortal(
            <Elsewhere body={picture.body}>
              <div className={classes['frame']}>
                <Phone />
              </div>
            </Elsewhere>,
            picture.body,
          )}
        </>
      ) : (
        <Phone
          foot={
            picture.open && (
              <button type="button" className={classes['tool']} onClick={picture.open}>
                <OnTop size={16} aria-hidden />
                {t('phoneWindow.keepOnTop')}
              </button>
            )
          }
        />
      )}
      <Banners />
      <CallAlerts />
      <RemoteAudio />
    </div>
  )
}

/** What opens above the rest opens in the document that it belongs to. */
function Elsewhere({ body, children }: { body: HTMLElement; children: ReactNode }) {
  const [theme] = useState(() => createTheme({ components: { Portal: { defaultProps: { target: body } } } }))
  return (
    <MantineThemeProvider theme={theme} inherit>
      {children}
    </MantineThemeProvider>
  )
}

function Phone({ foot }: { foot?: ReactNode }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { current, others } = useArrangedCalls()
  const stage = current && stageOf(current)
  const [keypadOf, setKeypadOf] = useState<string>()
  const keypadOpen = current !== undefined && keypadOf === current.id
  const setKeypadOpen = (open: boolean) => setKeypadOf(open ? current?.id : undefined)
  // What is written is saved by the page that writes it.
  const finish = () => {
    if (current) void commands.finishWrapUp({ callId: current.id })
  }
  const controls = useControls(current)
  const third = useThirdParty(current, controls, async () => {})
  const beside = useBeside(current, others)
  const endProgress = useCallKeys({
    call: current,
    beside,
    controls,
    third,
    keypadOpen,
    setKeypadOpen,
    finish,
    comment: () => {},
  })
  const parties = current ? partiesOf(current) : []
  return (
    <>
      <StateLine />
      <main className={classes['call']} data-stage={stage}>
        <h1 className="hidden">{t('phoneWindow.title')}</h1>
        {current && stage ? (
          <>
            <Who call={current} />
            <CallHeadline call={current} stage={stage} brief={parties.length > 0} />
            <PhoneBar
              call={current}
              stage={stage}
              controls={controls}
              keypadOpen={keypadOpen}
              onKeypad={setKeypadOpen}
              endProgress={endProgress}
              onFinish={finish}
            />
            <ThirdPartyBar call={current} controls={controls} third={third} consult />
            <Parties call={current} parties={parties} />
          </>
        ) : (
          <DialBox />
        )}
        <OtherCalls beside={beside} />
      </main>
      <footer className={classes['foot']}>
        <a className={classes['tool']} href="/" target="pult-workspace">
          <External size={16} aria-hidden />
          {t('phoneWindow.workspace')}
        </a>
        <Link to={checkPaths.window} className={classes['tool']}>
          <Check size={16} aria-hidden />
          {t('check.title')}
        </Link>
        {foot}
      </footer>
    </>
  )
}

/** Whether the phone works, whether the microphone hears, and by which devices. */
function StateLine() {
  const { t } = useTranslation()
  const phone = usePhone()
  const level = useMicrophoneLevel()
  const noMicrophone = isMicrophoneBlocked(phone)
  const word = noMicrophone ? t('phone.noMicrophone') : t(`phone.line.${phone.line}`)
  return (
    <header className={classes['state']}>
      <SignMark sign={noMicrophone ? 'trouble' : signOfLine[phone.line]} size={12} />
      <span role="status" className={classes['word']}>
        {t('phone.state', { state: word })}
      </span>
      {level !== undefined && <LevelMeter level={level} label={t('settings.level')} />}
      <DeviceMenu />
    </header>
  )
}

function Who({ call }: { call: MyCall }) {
  const { t } = useTranslation()
  const { number } = customerParty(call)
  const display = number.kind === 'ANONYMOUS' ? t('match.anonymous') : number.display
  return (
    <div className={classes['who']}>
      <h2 className={classes['name']}>{call.customer?.name ?? display}</h2>
      {call.customer && <span className="num">{display}</span>}
    </div>
  )
}
