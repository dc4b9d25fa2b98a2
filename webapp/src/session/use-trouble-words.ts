import { useTranslation } from 'react-i18next'
import { troubleOf } from '@/lib/trouble'

/** Says what a customer system gets wrong in words of the pages; in the server's own where they have none. */
export function useTroubleWords(): (said: string) => string {
  const { t } = useTranslation()
  return (said) => {
    const trouble = troubleOf(said)
    return trouble === null ? said : t(`trouble.${trouble}` as 'trouble.away')
  }
}
