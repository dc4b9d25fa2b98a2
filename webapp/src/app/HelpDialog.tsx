import { Modal } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Keys } from '@/components/Keys'
import { alternative, control } from '@/lib/platform'
import classes from './HelpDialog.module.css'

/** The keys, on one page. */
export function HelpDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const keys: readonly (readonly [string, string])[] = [
    ['⏎', t('help.answer')],
    [`${alternative}⌫`, t('help.end')],
    ['M', t('help.mute')],
    [t('help.space'), t('help.talk')],
    ['H', t('help.hold')],
    ['A', t('help.other')],
    ['K', t('help.keypad')],
    ['T', t('help.transfer')],
    ['C', t('help.consult')],
    ['S', t('help.swap')],
    ['G', t('help.merge')],
    ['B', t('help.park')],
    ['1–9', t('help.topic')],
    ['0', t('help.noTopic')],
    ['N', t('help.comment')],
    ['R', t('help.ready')],
    ['P', t('help.pause')],
    [`${control}K`, t('help.search')],
    ['?', t('help.help')],
  ]
  return (
    <Modal opened={opened} onClose={onClose} title={t('help.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <dl className={classes['keys']}>
        {keys.map(([key, what]) => (
          <div key={key} className={classes['row']}>
            <dt>
              <span className="hidden">{key}</span>
              <Keys>{key}</Keys>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className={classes['note']}>{t('help.typing')}</p>
    </Modal>
  )
}
