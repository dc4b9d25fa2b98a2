import { useTranslation } from 'react-i18next'
import { troubleOf } from '@/lib/trouble'

/** Says what a customer system gets wrong in words of the pages; in the server's own where they have none. */
export function useTroubleWords(): (said: string) => string {
  const { t } = useTranslation()
  return (said) => {
    const trouble = troubleOf(said)
    if (trouble === null) return said
    const words = t(`trouble.${trouble.key}` as 'trouble.away')
    return trouble.why === '' ? words : `${words}: ${trouble.why}`
  }
}
