import { useQuery } from '@apollo/client/react'
import { Button } from '@mantine/core'
import { useEffect, useEffectEvent, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { Close, Trouble } from '@/components/icons'
import { SystemDocument, type NoticeKind } from '@/gql/graphql'
import { exactTime, timeOfDay } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { isMicrophoneBlocked, isMoving } from '@/phone/view'
import { CheckStrip } from '@/features/check/CheckStrip'
import { worstOf } from '@/phone/preflight'
import { useCheck } from '@/session/use-check'
import { useSilentRing } from '@/session/use-silent-ring'
import { useFeedPhase, useObservable, usePhone, useServices } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import { checkPaths } from '@/session/phone-window'
import { commandPhone } from '@/session/services'
import { useBehindReason } from '@/session/use-behind'
import classes from './Banners.module.css'

/** What is wrong, at the bottom of the page: nothing above moves when one appears. The gravest first. */
export function Banners() {
  const { t } = useTranslation()
  return (
    <aside aria-label={t('landmark.messages')}>
      <FeedBanner />
      <PhoneBanner />
      <WindowBanner />
      <CheckBanner />
      <SoundBanner />
      <DeviceBanner />
      <NoticeBanner />
    </aside>
  )
}

/** The page is behind: what is shown is as of then. */
function FeedBanner() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { feed } = useServices()
  const phase = useFeedPhase()
  const slow = useLasting(phase === 'connecting', 3000)
  if (phase === 'live' || (phase === 'connecting' && !slow)) return null
  return (
    <Banner tone="trouble">
      {phase === 'behind' ? t('banner.behind', { time: exactTime(feed.asOf, language) }) : t('banner.connecting')}
    </Banner>
  )
}

/** The operator cannot be called, or not be heard. */
function PhoneBanner() {
  const { t } = useTranslation()
  const services = useServices()
  const check = checkPaths[services.place]
  const phone = usePhone()
  const behind = useBehindReason()
  const worst = worstOf(useCheck().state)
  const lineLost = useLasting(
    phone.line === 'reconnecting' || phone.line === 'unserved' || phone.line === 'deskAway',
    1500,
  )

  if (isMicrophoneBlocked(phone) && phone.microphone !== 'ready' && phone.microphone !== 'unknown') {
    return (
      <Banner
        tone="trouble"
        strong
        action={
          <>
            <Button component={Link} to={check} size="compact-sm" variant="white" color="red">
              {t('check.whatToDo')}
            </Button>
            <Button
              size="compact-sm"
              variant="white"
              color="red"
              onClick={() => commandPhone(services, 'CHECK_MICROPHONE')}
            >
              {t('phone.checkAgain')}
            </Button>
          </>
        }
      >
        <b>{t(`microphone.${phone.microphone}.title`)}</b> {t(`microphone.${phone.microphone}.text`)}
      </Banner>
    )
  }
  if (phone.line === 'otherTab' || phone.line === 'takenOver') {
    return (
      <Banner
        tone="info"
        action={
          // Taken while the server is away, the phone would be lost in both windows.
          <Button
            size="compact-sm"
            title={behind}
            disabled={behind !== ''}
            onClick={() => commandPhone(services, 'TAKE_HERE')}
          >
            {t('phone.takeHere')}
          </Button>
        }
      >
        {isMoving(phone) ? t('phone.moving') : t(`phone.lineText.${phone.line}`)}
      </Banner>
    )
  }
  // The check says more of it.
  if (lineLost && worst?.name !== 'connection' && worst?.name !== 'registration')
    return <Banner tone="trouble">{t(`phone.lineText.${phone.line}`)}</Banner>
  return null
}

/** The phone is to have a window of its own and has none: the browser forbids pages to open windows, except upon a click. */
function WindowBanner() {
  const { t } = useTranslation()
  const { openPhone } = useServices()
  const phone = usePhone()
  const { phoneWindow } = useObservable(devicePreferences)
  const [dismissed, setDismissed] = useState(false)
  const homeless = openPhone !== undefined && phoneWindow && phone.at === undefined
  const missing = useLasting(homeless && phone.line !== 'off' && phone.line !== 'takenOver', 3000)
  if (!missing || dismissed || !openPhone) return null
  return (
    <Banner
      tone="info"
      action={
        <Button size="compact-sm" onClick={() => openPhone(true)}>
          {t('phoneWindow.open')}
        </Button>
      }
      onClose={() => setDismissed(true)}
    >
      {t('phoneWindow.missing')}
    </Banner>
  )
}

/** How long the check is shown after it has found everything well; milliseconds. */
const wellTime = 3000

/** The check of the phone while it runs, and what it has found wrong. A microphone that is blocked has a banner of its own. */
function CheckBanner() {
  const { t } = useTranslation()
  const phone = usePhone()
  const [pathname] = useLocation()
  const check = checkPaths[useServices().place]
  const { state, again } = useCheck()
  const over = useLasting(state.phase === 'done', wellTime)
  const worst = worstOf(state)
  if (state.phase === 'idle' || pathname === check || isMicrophoneBlocked(phone)) return null
  if (state.phase === 'done' && worst?.state === 'failed' && worst.problem !== '') {
    // That the browser lets the page make no sound has its own banner, with the remedy in it.
    if (worst.problem === 'sound_blocked') return null
    return (
      <Banner
        tone="trouble"
        strong={worst.name === 'permission' || worst.name === 'microphone'}
        action={
          <>
            <Button component={Link} to={check} size="compact-sm" variant="default">
              {t('check.whatToDo')}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => again(worst.name)}>
              {t('check.again')}
            </Button>
          </>
        }
      >
        <b>{t(`check.step.${worst.name}`)}.</b> {t(`check.problem.${worst.problem}.title`)}
      </Banner>
    )
  }
  if (over) return null
  const asks = state.steps.find((step) => step.state === 'running')?.problem
  return (
    <Banner tone="info">
      {asks ? <span role="status">{t(`check.problem.${asks}.title`)}</span> : <CheckStrip state={state} />}
    </Banner>
  )
}

/** A call would ring, or rings, and nobody would hear it. */
function SoundBanner() {
  const { t } = useTranslation()
  const { ringer } = useServices()
  const silent = useSilentRing()
  if (silent === '') return null
  if (silent !== 'blocked') {
    const why = silent === 'volume' ? t('banner.ringVolume') : t('banner.ringOutput')
    return (
      <Banner
        tone="warning"
        action={
          <Button component={Link} to="/settings" size="compact-sm" variant="default">
            {t('banner.settings')}
          </Button>
        }
      >
        {t('banner.ringSilent', { why })}
      </Banner>
    )
  }
  return (
    <Banner
      tone="warning"
      action={
        <Button size="compact-sm" variant="default" onClick={() => ringer.unlock()}>
          {t('banner.allowSound')}
        </Button>
      }
    >
      {t('banner.soundBlocked')}
    </Banner>
  )
}

/** A device has come or gone. */
function DeviceBanner() {
  const { t } = useTranslation()
  const { devices } = useServices()
  const news = useObservable(devices.news)
  if (!news) return null
  if (news.kind === 'appeared') {
    return (
      <Banner
        tone="info"
        action={
          <Button
            size="compact-sm"
            onClick={() => {
              setDevicePreferences(news.choices)
              devices.seen()
            }}
          >
            {t('devices.use')}
          </Button>
        }
        onClose={devices.seen}
      >
        <span role="status">{t('devices.appeared', { device: news.label })}</span>
      </Banner>
    )
  }
  return (
    <Banner tone="warning" onClose={devices.seen}>
      {t('devices.lost', { device: news.label })}
    </Banner>
  )
}

/** What is told here. That the phone was taken over, the phone's own banner tells. */
type Shown = Exclude<NoticeKind, 'PBX_UP' | 'PHONE_TAKEN_OVER'>
/** Why a third party is not coming; a RouteKind. */
const notReached = ['DECLINED', 'NO_ANSWER', 'UNREACHABLE'] as const
interface ShownNotice {
  readonly id: string
  readonly kind: Shown
  readonly at: string
  /** NOT_REACHED: what was tried, and why nobody is coming. */
  readonly what: 'consult' | 'transfer'
  readonly cause: (typeof notReached)[number]
}
/** How long a notice that needs nothing done stays; milliseconds. */
const noticeTime = 12_000

/** What the server wants to be known. That the telephone exchange is down stays until it is up. */
function NoticeBanner() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { feed } = useServices()
  const { data } = useQuery(SystemDocument, { fetchPolicy: 'cache-and-network' })
  const [notice, setNotice] = useState<ShownNotice>()
  const [dismissed, setDismissed] = useState(false)
  const [pbxUp, setPbxUp] = useState(false)

  useEffect(() => {
    const stops = [
      feed.onNotice(({ id, kind, at, text, callId }) => {
        // The phone says itself where it is; who has declined knows it.
        if (kind === 'PHONE_TAKEN_OVER' || (kind === 'MISSED_OFFER' && text === 'declined')) return
        setPbxUp(kind === 'PBX_UP')
        const cause = notReached.find((known) => known === text) ?? 'UNREACHABLE'
        // Who still has the call had asked for advice; who has not had transferred it.
        const what = feed.calls.get().some((call) => call.id === callId) ? 'consult' : 'transfer'
        setNotice(kind === 'PBX_UP' ? undefined : { id, kind, at, what, cause })
        setDismissed(false)
      }),
      // Notices were missed meanwhile; the state of the parts is asked anew.
      feed.onReconnected(() => {
        setPbxUp(false)
        setNotice(undefined)
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [feed])

  const pbx = data?.system.parts.find((part) => part.name === 'pbx' || part.name.startsWith('pbx:'))
  const downAtStart = pbx?.ok === false && !pbxUp
  if (dismissed) return null
  if (notice) {
    return (
      <Banner tone={notice.kind === 'PBX_DOWN' ? 'trouble' : 'warning'} onClose={() => setDismissed(true)}>
        {notice.kind === 'NOT_REACHED'
          ? t(`notice.notReached.${notice.what}.${notice.cause}`)
          : t(`notice.${notice.kind}`, { time: timeOfDay(notice.at, language) })}
        {notice.kind !== 'PBX_DOWN' && <Passing key={notice.id} onPassed={() => setNotice(undefined)} />}
      </Banner>
    )
  }
  if (downAtStart) {
    return <Banner tone="trouble">{t('notice.PBX_DOWN', { time: timeOfDay(pbx.since, language) })}</Banner>
  }
  return null
}

/** Calls onPassed when what it stands in has been shown long enough. */
function Passing({ onPassed }: { onPassed: () => void }) {
  const passed = useEffectEvent(onPassed)
  useEffect(() => {
    const timer = setTimeout(passed, noticeTime)
    return () => clearTimeout(timer)
  }, [])
  return null
}

interface BannerProps {
  tone: 'trouble' | 'warning' | 'info'
  strong?: boolean
  action?: ReactNode
  onClose?: () => void
  children: ReactNode
}

function Banner({ tone, strong = false, action, onClose, children }: BannerProps) {
  const { t } = useTranslation()
  return (
    <div
      className={classes['banner']}
      data-tone={tone}
      data-strong={strong || undefined}
      role={tone === 'info' ? undefined : 'alert'}
    >
      {tone !== 'info' && <Trouble size={18} aria-hidden />}
      <span className={`${classes['text']} num`}>{children}</span>
      {action}
      {onClose && (
        <button type="button" className={classes['close']} aria-label={t('close')} onClick={onClose}>
          <Close size={16} aria-hidden />
        </button>
      )}
    </div>
  )
}

/** True once the condition has lasted so many milliseconds: what heals at once is not worth a banner. */
function useLasting(condition: boolean, milliseconds: number): boolean {
  const [lasted, setLasted] = useState(false)
  useEffect(() => {
    if (!condition) return
    const timer = setTimeout(() => setLasted(true), milliseconds)
    return () => {
      clearTimeout(timer)
      setLasted(false)
    }
  }, [condition, milliseconds])
  return condition && lasted
}
