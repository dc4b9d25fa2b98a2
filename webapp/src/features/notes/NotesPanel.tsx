import { useLazyQuery, useQuery } from '@apollo/client/react'
import { TagsInput, Textarea } from '@mantine/core'
import { useEffect, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { NoteLimitsDocument, TagsDocument } from '@/gql/graphql'
import { count, timeOfDay } from '@/lib/format'
import { control } from '@/lib/platform'
import { useLanguage } from '@/lib/use-language'
import { useObservable } from '@/session/context'
import type { Draft, DraftState, NoteField } from './draft'
import { cut, lengthOf, type Limits } from './limits'
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
  const { data } = useQuery(NoteLimitsDocument)
  const limits = data?.noteLimits
  const problem = useNoteProblems(state, limits)
  return (
    <Panel title={t('notes.title')} aside={<Saved state={state} />} className={classes['panel']}>
      <div className={classes['columns']}>
        <TopicPicker value={state.topicId} error={problem.topicId} onChange={(topicId) => draft.edit({ topicId })} />
        <div className={classes['fields']}>
          <Textarea
            ref={commentRef}
            className={classes['comment']}
            label={t('notes.comment')}
            placeholder={t('notes.commentPlaceholder')}
            autosize
            minRows={4}
            maxRows={8}
            error={problem.comment}
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
          <Tags value={state.tags} error={problem.tags} onChange={(tags) => draft.edit({ tags })} />
          {onFinish && <p className={classes['hint']}>{t('notes.finishHint', { keys: `${control}⏎` })}</p>}
        </div>
      </div>
    </Panel>
  )
}

/** What is wrong with each field, in words: by the limits at once, by the server's word for whatever else it refuses. */
function useNoteProblems(
  { comment, tags, wrong }: DraftState,
  limits: Limits | undefined,
): Partial<Record<NoteField, string>> {
  const { t } = useTranslation()
  const language = useLanguage()
  const problems: Partial<Record<NoteField, string>> = {}
  for (const field of wrong) problems[field] = t(`notes.refused.${field}`)
  if (!limits) return problems
  const over = lengthOf(comment) - limits.comment
  if (over > 0) problems.comment = t('notes.commentLong', { count: over, limit: count(limits.comment, language) })
  if (tags.length > limits.tags) problems.tags = t('notes.tagsMany', { limit: limits.tags })
  const long = tags.find((tag) => lengthOf(tag) > limits.tag)
  if (long !== undefined) problems.tags = t('notes.tagLong', { tag: cut(long, 20), limit: limits.tag })
  return problems
}

interface TagsProps {
  value: readonly string[]
  error: string | undefined
  onChange: (tags: string[]) => void
}

function Tags({ value, error, onChange }: TagsProps) {
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
      error={error}
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
      case 'refused':
        return t('notes.partlySaved')
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
