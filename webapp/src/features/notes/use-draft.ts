import { print } from 'graphql'
import { useEffect, useMemo } from 'react'
import type { MyCall } from '@/feed/model'
import { WrapUpDocument, type WrapUpInput } from '@/gql/graphql'
import { clientHeaders, endpoint } from '@/lib/apollo'
import { tabStore } from '@/lib/storage'
import { useServices } from '@/session/context'
import { Draft, type Note } from './draft'

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
            save: async (note) => {
              const { data } = await client.mutate({
                mutation: WrapUpDocument,
                variables: { input: inputOf(call.id, note) },
                fetchPolicy: 'no-cache',
              })
              return data?.wrapUp.interaction.commentSavedAt ?? new Date().toISOString()
            },
            saveOnLeave: (note) => sendBeacon(inputOf(call.id, note)),
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

function inputOf(callId: string, { topicId, tags, comment }: Note): WrapUpInput {
  return { callId, action: 'SAVE', topicId, tags: [...tags], comment }
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
