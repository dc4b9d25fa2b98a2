import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useSearchParams } from 'wouter'
import { Back, Outbound } from '@/components/icons'
import { numberOfLink } from '@/lib/tel'
import { useCommandState, useServices } from '@/session/context'
import { isPresent } from '@/session/presence'
import { useDial } from '@/session/use-dial'
import { useProblemText } from '@/session/use-problem-text'
import classes from './ClickPage.module.css'
import { useArmed } from './use-armed'

/**
 * A number that was clicked elsewhere: in a customer system, on a page, in a document. Whoever made the link is not known, so a person says that it is
 * to be called. The call goes where the phone is; a workspace that is open in another tab shows it.
 */
export function ClickPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const [, navigate] = useLocation()
  const { commands, operatorId } = useServices()
  const { reason, pending } = useDial()
  const { refusal } = useCommandState()
  const problemText = useProblemText()
  const armed = useArmed()
  const [elsewhere, setElsewhere] = useState(false)
  const number = numberOfLink(params.get('number') ?? '')

  const call = async () => {
    if (number === undefined || reason !== '' || !armed) return
    const other = await isPresent(operatorId)
    if (!(await commands.dial(number))) return // the refusal is said below
    if (!other) {
      navigate('/', { replace: true })
      return
    }
    setElsewhere(true)
    window.close() // where the browser lets it
  }

  return (
    <main className={classes['page']}>
      <div className={classes['card']}>
        <h1 className={classes['title']}>{t('click.title')}</h1>
        {number === undefined ? (
          <p role="alert">{t('click.noNumber')}</p>
        ) : (
          <p className={classes['number']}>{number}</p>
        )}
        {elsewhere && <p role="status">{t('click.elsewhere')}</p>}
        {number !== undefined && !elsewhere && (
          <>
            <p className={classes['hint']}>{t('click.ask')}</p>
            <Button
              size="md"
              leftSection={<Outbound size={18} aria-hidden />}
              disabled={!armed || reason !== ''}
              loading={pending}
              onClick={() => void call()}
            >
              {t('call.dial')}
            </Button>
            {reason !== '' && <p className={classes['reason']}>{reason}</p>}
            {refusal?.command === 'dial' && (
              <p role="alert" className={classes['reason']}>
                {problemText(refusal.problem)}
              </p>
            )}
          </>
        )}
        <Link to="/" replace className={classes['back']}>
          <Back size={16} aria-hidden />
          {t(elsewhere ? 'click.showHere' : 'settings.back')}
        </Link>
      </div>
    </main>
  )
}
