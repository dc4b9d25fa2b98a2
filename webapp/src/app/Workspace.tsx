import { useQuery } from '@apollo/client/react'
import { useMediaQuery } from '@mantine/hooks'
import { lazy, Suspense, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import { Boundary } from '@/components/Boundary'
import { Close } from '@/components/icons'
import { Lazily } from '@/components/Lazily'
import { lazyPage } from '@/components/lazy-page'
import { CallPanel } from '@/features/call/CallPanel'
import { Parties } from '@/features/call/Parties'
import { partiesOf } from '@/features/call/parties'
import { ConsultBar } from '@/features/call/ThirdPartyBar'
import { useBeside } from '@/features/call/use-beside'
import { useControls } from '@/features/call/use-controls'
import { useThirdParty } from '@/features/call/use-third-party'
import { CustomerPanel } from '@/features/customer/CustomerPanel'
import { HistoryPanel } from '@/features/history/HistoryPanel'
import { LastContact } from '@/features/history/LastContact'
import type { HistoryOf } from '@/features/history/use-history'
import { IdlePanel } from '@/features/idle/IdlePanel'
import { NotesPanel } from '@/features/notes/NotesPanel'
import { countTopic } from '@/features/notes/topic-order'
import { noteInput, useDraft } from '@/features/notes/use-draft'
import { QueuesPanel } from '@/features/queues/QueuesPanel'
import { TeamPanel } from '@/features/queues/TeamPanel'
import { WaitingPanel } from '@/features/queues/WaitingPanel'
import { customerParty, stageOf, type MyCall } from '@/feed/model'
import { CustomerByIdDocument } from '@/gql/graphql'
import { localStore } from '@/lib/storage'
import { useArrangedCalls, useCommandState, useServices, useViewer } from '@/session/context'
import { showPresence } from '@/session/presence'
import { useBehindReason } from '@/session/use-behind'
import { useDial } from '@/session/use-dial'
import { useCallKeys } from './use-call-keys'
import classes from './Workspace.module.css'

// Loaded when they are wanted: the workspace has a budget.
const DemoPanel = lazy(async () => ({ default: (await import('@/features/demo/DemoPanel')).DemoPanel }))
const LinkDialog = lazyPage(async () => (await import('@/features/search/LinkDialog')).LinkDialog)
const CreateCustomer = lazyPage(async () => (await import('@/features/create/CreateCustomer')).CreateCustomer)
const Business = lazyPage(async () => (await import('@/features/business/Business')).Business)

/** The operator's screen: queues on the left, the call and its customer in the middle, history on the right. */
export function Workspace() {
  const { t } = useTranslation()
  const { commands, operatorId } = useServices()
  useEffect(() => showPresence(operatorId), [operatorId])
  const { demo } = useViewer()
  const { pending } = useCommandState()
  const { current, others } = useArrangedCalls()
  const stage = current ? stageOf(current) : undefined
  const dial = useDial()
  const behind = useBehindReason()
  // The notes are of whoever leads the call.
  const draft = useDraft(stage === 'offer' || current?.part === 'guest' ? undefined : current)
  const controls = useControls(current)
  const beside = useBeside(current, others)
  const parties = current ? partiesOf(current) : []
  const docked = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const third = useThirdParty(current, controls, async () => draft?.flush())
  const commentRef = useRef<HTMLTextAreaElement>(null)
  const lookedUp = useLookedUpCustomer(current?.id)
  // Of the call it was opened for: digits do not go to another that is turned to.
  const [keypadOf, setKeypadOf] = useState<string>()
  const keypadOpen = current !== undefined && keypadOf === current.id
  const setKeypadOpen = (open: boolean) => setKeypadOf(open ? current?.id : undefined)
  const [linking, setLinking] = useState(false)

  const finish = useCallback(async () => {
    if (!current || !draft || stageOf(current) !== 'wrapUp') return
    // What is under way lands first: the server takes the last it gets.
    await draft.flush()
    const { topicId, wrong } = draft.state.get()
    if (wrong.length > 0) {
      // The notes say what is wrong; finished like this, it would be lost.
      commentRef.current?.focus()
      return
    }
    if (await commands.finishWrapUp(noteInput(current.id, draft.unsaved))) {
      if (topicId !== null) countTopic(localStore, topicId)
      draft.finish()
    }
  }, [commands, current, draft])

  const endProgress = useCallKeys({
    call: current,
    beside,
    controls,
    third,
    keypadOpen,
    setKeypadOpen,
    finish: () => void finish(),
    comment: () => commentRef.current?.focus(),
  })

  const shownCustomer = lookedUp.id !== null ? { customer: lookedUp.customer } : current ? { call: current } : undefined
  const linked = current && (current.match.chosen ?? current.customer)
  const business = lookedUp.id !== null ? lookedUp.customer : linked
  const historyOf = lookedUp.id !== null ? { customerId: lookedUp.id } : current ? historyOfCall(current) : undefined

  return (
    <div className={classes['workspace']}>
      <aside className={classes['left']} aria-label={t('landmark.floor')} tabIndex={0}>
        <Boundary>
          <QueuesPanel />
        </Boundary>
        <Boundary>
          <WaitingPanel />
        </Boundary>
        <Boundary>
          <TeamPanel />
        </Boundary>
        {demo && (
          <Boundary>
            <Suspense>
              <DemoPanel demo={demo} />
            </Suspense>
          </Boundary>
        )}
      </aside>
      <main className={classes['middle']}>
        <h1 className="hidden">{t('landmark.workspace')}</h1>
        <Boundary>
          <CallPanel
            current={current}
            beside={beside}
            controls={controls}
            third={third}
            keypadOpen={keypadOpen}
            onKeypad={setKeypadOpen}
            endProgress={endProgress}
            onFinish={() => void finish()}
            docked={docked}
          />
        </Boundary>
        <div className={classes['card']}>
          {lookedUp.id !== null && <LookedUpStrip call={current} onClose={lookedUp.close} />}
          <Boundary key={`card ${current?.id ?? lookedUp.id}`}>
            {shownCustomer ? (
              <CustomerPanel
                shown={shownCustomer}
                dial={dial}
                onRetry={(callId) => void commands.retryMatch(callId)}
                retrying={pending.has('retryMatch')}
                onChoose={(callId, customerId) => void commands.linkCustomer(callId, customerId)}
                choosing={pending.has('linkCustomer')}
                reason={behind}
                onChange={() => setLinking(true)}
                create={
                  current && (
                    <Suspense>
                      <CreateCustomer
                        key={current.id}
                        {...customerParty(current)}
                        callId={current.id}
                        reason={behind}
                        onPick={(customerId) => void commands.linkCustomer(current.id, customerId)}
                      />
                    </Suspense>
                  )
                }
              />
            ) : (
              <IdlePanel dial={dial} />
            )}
          </Boundary>
          {current && lookedUp.id === null && historyOf && (
            <Boundary>
              <LastContact of={historyOf} presentId={current.interaction.id} />
            </Boundary>
          )}
          {current && draft && (
            <Boundary key={`notes ${current.id}`}>
              <NotesPanel
                draft={draft}
                commentRef={commentRef}
                onFinish={stage === 'wrapUp' ? () => void finish() : undefined}
              />
            </Boundary>
          )}
          {/* It comes late and in any size: below everything that a hand may be on its way to. */}
          {business && stage !== 'offer' && (
            <Boundary key={`business ${business.id}`}>
              <Suspense>
                <Business customerId={business.id} system={business.sourceName} />
              </Suspense>
            </Boundary>
          )}
        </div>
      </main>
      <aside className={classes['right']} aria-label={t('history.title')} tabIndex={0}>
        <Boundary>
          <HistoryPanel of={historyOf} presentId={current?.interaction.id} dial={dial} />
        </Boundary>
      </aside>
      {docked && current && parties.length > 0 && (
        <div className={classes['dock']}>
          <ConsultBar call={current} controls={controls} third={third} />
          <Parties call={current} parties={parties} />
        </div>
      )}
      {current && (
        <Lazily when={linking}>
          <LinkDialog
            opened={linking}
            reason={behind}
            number={customerParty(current).number.kind === 'PUBLIC' ? customerParty(current).number.display : ''}
            onPick={(customerId) => {
              setLinking(false)
              void commands.linkCustomer(current.id, customerId)
            }}
            onClose={() => setLinking(false)}
            linked={linked ?? undefined}
            onUnlink={() => void commands.unlinkCustomer(current.id)}
          />
        </Lazily>
      )}
    </div>
  )
}

/** A customer found by search; the address of the page names it. A new call comes first: its card is shown at once. */
function useLookedUpCustomer(callId: string | undefined) {
  const [params, setParams] = useSearchParams()
  const named = params.get('customer')
  // The router renders a new address when it has time for it, which on a busy computer takes seconds; the call does not wait for that.
  const [left, setLeft] = useState<{ callId: string | undefined; id: string | null }>({ callId: undefined, id: null })
  if (callId !== left.callId) setLeft({ callId, id: callId === undefined ? null : named })
  else if (left.id !== null && named !== left.id) setLeft({ callId, id: null })
  const id = named === left.id ? null : named
  const { data } = useQuery(CustomerByIdDocument, { variables: { id: id ?? '' }, skip: id === null })
  const close = () => setParams({})
  const closed = useEffectEvent(close)
  useEffect(() => {
    if (callId !== undefined) closed()
  }, [callId])
  return { id, customer: data?.customer ?? undefined, close }
}

/** Says that the card is not the caller's, and leads back. */
function LookedUpStrip({ call, onClose }: { call: MyCall | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <div className={classes['strip']}>
      <span>{t('customer.lookedUp')}</span>
      <button type="button" className={classes['stripButton']} onClick={onClose}>
        {call ? t('customer.backToCall') : t('close')}
        <Close size={14} aria-hidden />
      </button>
    </div>
  )
}

function historyOfCall(call: MyCall): HistoryOf | undefined {
  const customer = call.match.chosen ?? call.customer
  if (customer) return { customerId: customer.id }
  const { number } = customerParty(call)
  return number.kind === 'ANONYMOUS' || number.e164 === '' ? undefined : { number: number.e164 }
}
