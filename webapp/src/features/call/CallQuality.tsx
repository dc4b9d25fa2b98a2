import { useTranslation } from 'react-i18next'
import { QualityMark, type QualityLine } from '@/components/QualityMark'
import { codecName, milliseconds, percent, score } from '@/lib/quality'
import { useLanguage } from '@/lib/use-language'
import { useObservable, useServices } from '@/session/context'

/** How the call on this phone sounds; nothing where this page has no voice of it. */
export function CallQuality({ callId }: { callId: string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { callId: watched, figures } = useObservable(useServices().quality.view)
  if (watched !== callId || figures === undefined) return null
  const lines: QualityLine[] = [
    { name: t('quality.mos'), value: t('quality.ofBest', { score: score(figures.mos, language) }) },
    { name: t('quality.lossIn'), value: percent(figures.lossIn, language) },
    { name: t('quality.lossOut'), value: percent(figures.lossOut, language) },
    { name: t('quality.jitter'), value: milliseconds(figures.jitterMs, language) },
    { name: t('quality.roundTrip'), value: milliseconds(figures.roundTripMs, language) },
    { name: t('quality.codec'), value: codecName(figures.codec) },
  ]
  return <QualityMark grade={figures.grade} lines={lines} />
}
