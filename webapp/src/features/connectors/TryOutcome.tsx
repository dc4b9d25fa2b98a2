import { useTranslation } from 'react-i18next'
import type { ExaminedFieldsFragment, TryConnectorMutation } from '@/gql/pages/graphql'
import { count } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { Requests } from './Requests'
import { Verdict } from './Verdict'
import classes from './Connectors.module.css'

/** What the card would show, and for every record that came why it is where it is. */
export function TryOutcome({ outcome }: { outcome: TryConnectorMutation['tryConnector'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { trial, match, found, number } = outcome
  const name = match.chosen?.name ?? ''
  return (
    <div className={classes['outcome']}>
      <Verdict trial={trial} good={t(`connectors.verdict.${match.state}`, { name, number: number.display })} />
      {trial.ok && (
        <p className={classes['dim']}>
          {t('connectors.try.found', { count: found.length })}{' '}
          {t('connectors.try.in', { took: count(Math.round(trial.took * 1000), language) })}
        </p>
      )}
      {found.length > 0 && (
        <ol className={classes['records']} aria-label={t('connectors.try.records')}>
          {found.map((record) => (
            <Record key={`${record.type} ${record.id}`} record={record} />
          ))}
        </ol>
      )}
      <Requests trial={trial} />
    </div>
  )
}

function Record({ record }: { record: ExaminedFieldsFragment }) {
  const { t } = useTranslation()
  const { name, company, kind, taxId, emails, responsible, type, id, url, place, leftOut, why, also, phones } = record
  const about = [company, taxId === '' ? '' : t('connectors.try.taxId', { taxId }), ...emails, responsible].filter(
    Boolean,
  )
  return (
    <li className={classes['record']} data-left-out={leftOut ?? ''}>
      <div className={classes['what']}>
        <span className={classes['name']}>
          {place !== null && <span className="num">{place}. </span>}
          {url === '' ? (
            name
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {name}
            </a>
          )}
        </span>
        <span className={classes['dim']}>
          {t(`connectors.of.${kind}`)} · {[...about, `${type} ${id}`].join(' · ')}
        </span>
      </div>
      <ul className={classes['phones']}>
        {phones.map(({ raw, label, numbers }) => (
          <li key={`${label} ${raw}`}>
            <code>{raw}</code> <span className={classes['dim']}>{label}</span>
            {numbers.map((one) => (
              <span key={one.number.e164} className={classes['number']} data-fits={one.why !== null}>
                → {one.number.display}: {t(one.why === null ? 'connectors.why.OTHER' : `connectors.why.${one.why}`)}
              </span>
            ))}
          </li>
        ))}
      </ul>
      <span className={classes['reason']}>
        {leftOut !== null
          ? t(`connectors.left.${leftOut}`)
          : [why, ...also]
              .filter((reason) => reason !== null)
              .map((reason) => t(`connectors.why.${reason}`))
              .join(', ')}
      </span>
    </li>
  )
}
