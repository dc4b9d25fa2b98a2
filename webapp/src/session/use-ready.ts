import { useTranslation } from 'react-i18next'
import { isMicrophoneBlocked, isPhoneCut } from '@/phone/view'
import { useFeedPhase, usePhone } from './context'

/** Why the operator cannot become ready now, in words; empty when they can. */
export function useReadyReason(): string {
  const { t } = useTranslation()
  const phone = usePhone()
  const behind = useFeedPhase() !== 'live'
  if (behind) return t('reason.behind')
  if (isMicrophoneBlocked(phone)) return t('reason.microphone')
  if (isPhoneCut(phone)) return t('reason.noPhone')
  if (phone.line === 'deskAway') return t('reason.deskAway')
  return ''
}
