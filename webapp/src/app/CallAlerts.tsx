import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { customerParty, isEngaged, stageOf } from '@/feed/model'
import { every, pageTimers } from '@/lib/timers'
import { isPhoneHere, isRinging } from '@/phone/view'
import { useMyCalls, useObservable, usePhone, useServices } from '@/session/context'
import { phonePath } from '@/session/phone-window'

const icon = '/favicon.svg'
const callIcon = '/favicon-call.svg'

/** Changes the icon of the tab, which is seen where the title has no room. */
function setIcon(href: string): void {
  document.querySelector('link[rel=icon]')?.setAttribute('href', href)
}

/** Makes a call noticed wherever the operator looks: sound, title, notification; and guards a conversation from a closed page. */
export function CallAlerts() {
  const { t } = useTranslation()
  const { ringer, share, place } = useServices()
  const calls = useMyCalls()
  const phone = usePhone()
  const [pathname, navigate] = useLocation()

  const offer = calls.find((call) => stageOf(call) === 'offer')
  const talking = calls.some((call) => isEngaged(stageOf(call)))
  const here = isPhoneHere(phone)
  // A phone that answers by itself says so with a tone of its own.
  const silentOffer =
    offer !== undefined && offer.queue?.autoAnswer !== true && !phone.calls.some(({ callId }) => callId === offer.id)
  // A window that nobody has touched may not make a sound; this page may.
  const remote = useObservable(share.remote)
  const forWindow = phone.at === 'window' && remote?.soundBlocked === true
  const rings = (here || forWindow) && (isRinging(phone) || silentOffer)
  const asker = offer?.part === 'guest' ? offer.consult?.by?.name : undefined
  const who = offer ? (asker ?? offer.customer?.name ?? customerParty(offer).number.display) : ''
  const title = asker === undefined ? t('title.incoming', { who }) : t('title.consult', { who })
  const offerId = offer?.id
  const queue = offer?.queue?.name ?? ''
  const ring = offer?.queue?.ringTone ?? ''

  useEffect(() => {
    if (!rings) return
    ringer.play(talking ? 'second' : 'ring', ring)
    return () => ringer.silence()
  }, [ringer, rings, talking, ring])

  useEffect(() => {
    const unlock = () => ringer.unlock()
    window.addEventListener('pointerdown', unlock)
    window.addEventListener('keydown', unlock)
    return () => {
      window.removeEventListener('pointerdown', unlock)
      window.removeEventListener('keydown', unlock)
    }
  }, [ringer])

  const phoneLost = phone.line === 'reconnecting'
  useEffect(() => {
    if (phoneLost && talking) ringer.play('lost')
  }, [ringer, phoneLost, talking])

  useEffect(() => {
    if (offerId === undefined) {
      document.title = 'Pult'
      return
    }
    const words = [title, `Pult`]
    let turn = 0
    const flash = () => {
      document.title = words[turn % 2] ?? 'Pult'
      setIcon(turn++ % 2 === 0 ? callIcon : icon)
    }
    flash()
    const stop = every(pageTimers, 1000, flash) // the title is looked at while the page is hidden
    return () => {
      stop()
      document.title = 'Pult'
      setIcon(icon)
    }
  }, [offerId, title])

  // The job comes first: settings are saved at once, so nothing is lost by going.
  useEffect(() => {
    const home = place === 'window' ? phonePath : '/'
    if (offerId !== undefined && pathname !== home) navigate(home)
  }, [offerId, pathname, navigate, place])

  useEffect(() => {
    if (offerId === undefined || !here || document.hasFocus()) return
    if (!('Notification' in window) || Notification.permission !== 'granted') return
    const notification = new Notification(title, {
      body: queue,
      icon: callIcon,
      tag: offerId,
      silent: true,
      requireInteraction: true,
    })
    notification.addEventListener('click', () => {
      window.focus()
      notification.close()
    })
    return () => notification.close()
    // The name may come later; the notification is about the call.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [offerId, here])

  // What the phone's own window leads does not end with this page.
  const guarded = phone.at === undefined && phone.calls.some(({ voice }) => voice === 'live' || voice === 'answering')
  useEffect(() => {
    if (!guarded) return
    const guard = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', guard)
    return () => window.removeEventListener('beforeunload', guard)
  }, [guarded])

  return null
}
