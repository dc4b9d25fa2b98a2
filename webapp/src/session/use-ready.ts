import { useTranslation } from 'react-i18next'
import { isMicrophoneBlocked } from '@/phone/view'
import { useFeedPhase, usePhone } from './context'

/** Why the operator cannot become ready now, in words; empty when they can. */
export function useReadyReason(): string {
  const { t } = useTranslation()
  const phone = usePhone()
  const behind = useFeedPhase() !== 'live'
  if (behind) return t('reason.behind')
  if (isMicrophoneBlocked(phone)) return t('reason.microphone')
  if (phone.line === 'starting' || phone.line === 'reconnecting' || phone.line === 'unserved')
    return t('reason.noPhone')
  return ''
}
