import { useQuery } from '@apollo/client/react'
import { Select, Skeleton, UnstyledButton } from '@mantine/core'
import { useEffect, useEffectEvent, useId, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Keys } from '@/components/Keys'
import { TopicsDocument } from '@/gql/graphql'
import { isDialogOpen, isTyping } from '@/lib/keyboard'
import { localStore } from '@/lib/storage'
import { topicName } from '@/lib/topic'
import { byUse, topicUse } from './topic-order'
import classes from './TopicPicker.module.css'

/** How many topics have a key of their own. */
const withKeys = 9

interface TopicPickerProps {
  value: string | null
  error: string | undefined
  onChange: (topicId: string | null) => void
}

/** The topic of the call: the nine most likely by number keys, all of them by search, none by 0. */
export function TopicPicker({ value, error: wrong, onChange }: TopicPickerProps) {
  const { t } = useTranslation()
  const labelId = useId()
  const { data, error, refetch } = useQuery(TopicsDocument)
  // The order is taken once per call: nothing moves under the hand.
  const topics = useMemo(() => byUse(data?.topics ?? [], topicUse(localStore)), [data])
  const likely = topics.slice(0, withKeys)

  const pick = useEffectEvent((digit: number) => {
    if (digit === 0) onChange(null)
    const topic = likely[digit - 1]
    if (topic) onChange(topic.id)
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (isTyping(event.target) || isDialogOpen()) return
      const digit = /^(?:Digit|Numpad)([0-9])$/u.exec(event.code)?.[1]
      if (digit === undefined || event.shiftKey) return
      event.preventDefault()
      pick(Number(digit))
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])

  return (
    <div className={classes['picker']}>
      <div className={classes['head']}>
        <span id={labelId} className={classes['label']}>
          {t('notes.topic')}
        </span>
        {value !== null && (
          <UnstyledButton className={classes['clear']} aria-keyshortcuts="0" onClick={() => onChange(null)}>
            {t('notes.clearTopic')}
            <Keys>0</Keys>
          </UnstyledButton>
        )}
      </div>
      {wrong !== undefined && (
        <p className={classes['error']} role="alert">
          {wrong}
        </p>
      )}
      {error && !data ? (
        <p className={classes['error']}>
          {t('notes.topicsFailed')}{' '}
          <button type="button" className={classes['retry']} onClick={() => void refetch()}>
            {t('retry')}
          </button>
        </p>
      ) : (
        <div role="radiogroup" aria-labelledby={labelId} className={classes['topics']}>
          {data
            ? likely.map((topic, i) => (
                <UnstyledButton
                  key={topic.id}
                  role="radio"
                  aria-checked={topic.id === value}
                  aria-keyshortcuts={String(i + 1)}
                  className={classes['topic']}
                  onClick={() => onChange(topic.id)}
                >
                  <Keys>{String(i + 1)}</Keys>
                  {topicName(topic)}
                </UnstyledButton>
              ))
            : [60, 80, 70, 90, 50, 75, 65, 85, 55].map((width) => (
                <Skeleton key={width} className={classes['skeleton']} width={`${width}%`} height={14} />
              ))}
        </div>
      )}
      {topics.length > withKeys && (
        <Select
          aria-label={t('notes.allTopics')}
          placeholder={t('notes.allTopics')}
          size="xs"
          searchable
          allowDeselect={false}
          data={topics.map((topic) => ({ value: topic.id, label: topicName(topic) }))}
          value={value}
          onChange={(topicId) => {
            if (topicId !== null) onChange(topicId)
          }}
          comboboxProps={{ shadow: 'none' }}
        />
      )}
    </div>
  )
}
