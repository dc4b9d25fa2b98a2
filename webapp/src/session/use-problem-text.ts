import { useTranslation } from 'react-i18next'
import type { Problem } from '@/lib/problem'

/**
 * Puts a refusal into words. What does not answer is the telephone exchange where calls are commanded; the pages about customer systems
 * say so of a system.
 */
export function useProblemText(about: 'calls' | 'systems' = 'calls'): (problem: Problem) => string {
  const { t } = useTranslation()
  return (problem) => {
    switch (problem.code) {
      case 'CONFLICT':
        return about === 'systems' ? t('problem.systemChanged') : t('problem.conflict')
      case 'NOT_FOUND':
        return t('problem.notFound')
      case 'FORBIDDEN':
        return t('problem.forbidden')
      case 'UNAVAILABLE':
      case 'UNSUPPORTED':
        return about === 'systems' ? t('problem.systemAway') : t('problem.unavailable')
      case 'TIMEOUT':
        return t('problem.timeout')
      case 'RATE_LIMITED':
        return t('problem.rateLimited')
      case 'UNREACHABLE':
        return t('problem.unreachable')
      case 'UNAUTHENTICATED':
        return t('signIn.ended')
      case 'BAD_USER_INPUT':
        return problem.fields?.includes('number') ? t('problem.number') : problem.message || t('problem.badInput')
      case 'REJECTED':
        return problem.message || t('problem.badInput')
      case 'INTERNAL':
        return t('problem.internal', { trace: problem.trace ?? '—' })
    }
  }
}
