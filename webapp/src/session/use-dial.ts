import { useTranslation } from 'react-i18next'
import { roomFor } from '@/feed/model'
import { isMicrophoneBlocked, isPhoneCut } from '@/phone/view'
import { useCommandState, useFeedPhase, useMyCalls, usePhone, useServices } from './context'

/** Dialling, and why it is not possible now (in words; empty when it is). */
export function useDial(): { dial: (number: string, customerId?: string) => void; reason: string; pending: boolean } {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const phase = useFeedPhase()
  const phone = usePhone()
  const calls = useMyCalls()

  const reason = (() => {
    if (phase !== 'live') return t('reason.behind')
    const room = roomFor(calls)
    if (room !== '') return t(`reason.${room}`)
    if (isMicrophoneBlocked(phone)) return t('reason.microphone')
    if (isPhoneCut(phone)) return t('reason.noPhone')
    if (phone.line === 'deskAway') return t('reason.deskAway')
    return ''
  })()

  return {
    dial: (number, customerId) => {
      if (reason === '') void commands.dial(number, customerId ?? null)
    },
    reason,
    pending: pending.has('dial'),
  }
}
