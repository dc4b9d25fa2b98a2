import type { ApolloClient } from '@apollo/client'
import { print } from 'graphql'
import { useEffect, useMemo } from 'react'
import type { MyCall } from '@/feed/model'
import { NoteLimitsDocument, WrapUpDocument, type WrapUpInput } from '@/gql/graphql'
import { clientHeaders, endpoint } from '@/lib/apollo'
import { problemOf } from '@/lib/problem'
import { tabStore } from '@/lib/storage'
import { useServices } from '@/session/context'
import { Draft, type Note, type Outcome } from './draft'
import { fit } from './limits'

/** The draft of the call's notes; one per call, closed when the call leaves the screen. */
export function useDraft(call: MyCall | undefined): Draft | undefined {
  const { client } = useServices()
  const callId = call?.id
  const draft = useMemo(
    () =>
      call === undefined
        ? undefined
        : new Draft({
            callId: call.id,
            saved: savedNote(call),
            store: tabStore,
            save: async (change) => save(client, call.id, change),
            saveOnLeave: (change) => {
              const limits = client.readQuery({ query: NoteLimitsDocument })?.noteLimits
              sendBeacon({ ...noteInput(call.id, limits ? fit(change, limits) : change), action: 'SAVE' })
            },
          }),
    // A draft belongs to the call, not to the call's many versions.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [callId, client],
  )

  useEffect(() => {
    if (call) draft?.adopt(savedNote(call))
  }, [draft, call])

  useEffect(() => {
    if (!draft) return
    draft.reopen()
    const leave = () => draft.leave()
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      // The call may have left the screen before the last words were sent: its wrap-up ended by itself.
      draft.leave()
      draft.close()
    }
  }, [draft])

  return draft
}

function savedNote(call: MyCall): Note & { savedAt: string | null } {
  const { topic, tags, comment, commentSavedAt } = call.interaction
  return { topicId: topic?.id ?? null, tags: tags.map((tag) => tag.name), comment, savedAt: commentSavedAt }
}

/** What was written, in the words of the server: for it an empty topic is none, and what is missing stays as it is. */
export function noteInput(callId: string, { topicId, tags, comment }: Partial<Note>): Omit<WrapUpInput, 'action'> {
  return {
    callId,
    ...(topicId === undefined ? {} : { topicId: topicId ?? '' }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(comment === undefined ? {} : { comment }),
  }
}

async function save(client: ApolloClient, callId: string, change: Partial<Note>): Promise<Outcome> {
  try {
    const { data } = await client.mutate({
      mutation: WrapUpDocument,
      variables: { input: { ...noteInput(callId, change), action: 'SAVE' } },
      fetchPolicy: 'no-cache',
    })
    return { savedAt: data?.wrapUp.interaction.commentSavedAt ?? new Date().toISOString(), wrong: [] }
  } catch (error) {
    const { code, fields = [] } = problemOf(error)
    const wrong = (['topicId', 'tags', 'comment'] as const).filter((field) => fields.includes(field))
    if (code !== 'BAD_USER_INPUT' || wrong.length === 0) throw error
    return { savedAt: null, wrong }
  }
}

/** Sends without an answer; unlike an ordinary request it outlives the page. */
function sendBeacon(input: WrapUpInput): void {
  void fetch(endpoint, {
    method: 'POST',
    keepalive: true,
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', ...clientHeaders },
    body: JSON.stringify({ operationName: 'WrapUp', query: print(WrapUpDocument), variables: { input } }),
  }).catch(() => {
    // The draft is still in the tab's storage.
  })
}
