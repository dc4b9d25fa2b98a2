import { useLazyQuery } from '@apollo/client/react'
import { TagsInput, Textarea } from '@mantine/core'
import { useEffect, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { TagsDocument } from '@/gql/graphql'
import { timeOfDay } from '@/lib/format'
import { control } from '@/lib/platform'
import { useLanguage } from '@/lib/use-language'
import { useObservable } from '@/session/context'
import type { Draft, DraftState } from './draft'
import classes from './NotesPanel.module.css'
import { TopicPicker } from './TopicPicker'

interface NotesPanelProps {
  draft: Draft
  commentRef: RefObject<HTMLTextAreaElement | null>
  /** Ctrl+Enter while writing in the wrap-up. */
  onFinish: (() => void) | undefined
}

/** Topic, tags and comment of the call; saved by itself. */
export function NotesPanel({ draft, commentRef, onFinish }: NotesPanelProps) {
  const { t } = useTranslation()
  const state = useObservable(draft.state)
  return (
    <Panel title={t('notes.title')} aside={<Saved state={state} />} className={classes['panel']}>
      <div className={classes['columns']}>
        <TopicPicker value={state.topicId} onChange={(topicId) => draft.edit({ topicId })} />
        <div className={classes['fields']}>
          <Textarea
            ref={commentRef}
            className={classes['comment']}
            label={t('notes.comment')}
            placeholder={t('notes.commentPlaceholder')}
            autosize
            minRows={4}
            maxRows={8}
            maxLength={4000}
            value={state.comment}
            onChange={(event) => draft.edit({ comment: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Escape') event.currentTarget.blur()
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && onFinish) {
                event.preventDefault()
                onFinish()
              }
            }}
          />
          <Tags value={state.tags} onChange={(tags) => draft.edit({ tags })} />
          {onFinish && <p className={classes['hint']}>{t('notes.finishHint', { keys: `${control}⏎` })}</p>}
        </div>
      </div>
    </Panel>
  )
}

function Tags({ value, onChange }: { value: readonly string[]; onChange: (tags: string[]) => void }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const [find, { data }] = useLazyQuery(TagsDocument)
  useEffect(() => {
    const timer = setTimeout(() => void find({ variables: { search } }), 200)
    return () => clearTimeout(timer)
  }, [find, search])
  return (
    <TagsInput
      className={classes['tags']}
      label={t('notes.tags')}
      placeholder={value.length === 0 ? t('notes.tagsPlaceholder') : ''}
      data={[...new Set(data?.tags.map((tag) => tag.name))]}
      value={[...value]}
      onChange={onChange}
      searchValue={search}
      onSearchChange={setSearch}
      maxTags={12}
      acceptValueOnBlur
      comboboxProps={{ shadow: 'none' }}
    />
  )
}

function Saved({ state }: { state: DraftState }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const words = (() => {
    switch (state.phase) {
      case 'waiting':
      case 'saving':
        return t('notes.saving')
      case 'failed':
        return t('notes.notSaved')
      case 'saved':
        return state.savedAt === null ? '' : t('notes.saved', { time: timeOfDay(state.savedAt, language) })
    }
  })()
  return (
    <span className={`${classes['saved']} num`} data-phase={state.phase}>
      {words}
    </span>
  )
}
