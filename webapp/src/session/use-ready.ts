import { useTranslation } from 'react-i18next'
import { isMicrophoneBlocked, isPhoneCut } from '@/phone/view'
import { useFeedPhase, usePhone } from './context'
import { useCheck } from './use-check'

/** Why the operator cannot become ready now, in words; empty when they can. */
export function useReadyReason(): string {
  const { t } = useTranslation()
  const phone = usePhone()
  // Before the phone is registered the check knows already, and the server with it.
  const unheard = useCheck().state.steps.some(
    ({ name, state }) => (name === 'permission' || name === 'microphone') && state === 'failed',
  )
  const behind = useFeedPhase() !== 'live'
  if (behind) return t('reason.behind')
  if (isMicrophoneBlocked(phone) || unheard) return t('reason.microphone')
  if (isPhoneCut(phone)) return t('reason.noPhone')
  if (phone.line === 'deskAway') return t('reason.deskAway')
  return ''
}
