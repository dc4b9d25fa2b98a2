import { useTranslation } from 'react-i18next'
import { useFeedPhase } from './context'

/** Why nothing can be asked of the server now, in words; empty when it can. */
export function useBehindReason(): string {
  const { t } = useTranslation()
  return useFeedPhase() === 'live' ? '' : t('reason.behind')
}
