import { useQuery } from '@apollo/client/react'
import { Popover } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { QualityMark } from '@/components/QualityMark'
import { QualityTable } from '@/components/QualityTable'
import { CallQualityDocument, WaitingCallsDocument } from '@/gql/graphql'
import { useViewer } from '@/session/context'
import classes from './MateQuality.module.css'

/** For supervisors: how the call of a colleague sounds right now, in a word; the figures on demand. */
export function MateQuality({ operatorId }: { operatorId: string }) {
  const { roles } = useViewer()
  const { data } = useQuery(WaitingCallsDocument, { fetchPolicy: 'cache-only' })
  if (!roles.includes('SUPERVISOR')) return null
  const call = data?.calls.find(
    ({ operator, state, quality }) =>
      operator?.id === operatorId && (state === 'TALKING' || state === 'HELD') && quality !== null,
  )
  const grade = call?.quality?.grade
  return call && grade ? <Opened callId={call.id} grade={grade} /> : null
}

function Opened({ callId, grade }: { callId: string; grade: 'GOOD' | 'FAIR' | 'POOR' }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <Popover opened={open} onChange={setOpen} position="right-start" width={380} withRoles={false}>
      <Popover.Target>
        <span className={classes['mark']}>
          <QualityMark grade={grade} expanded={open} onPress={() => setOpen(!open)} />
        </span>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={t('quality.title')}>
        {open && <Figures callId={callId} />}
      </Popover.Dropdown>
    </Popover>
  )
}

function Figures({ callId }: { callId: string }) {
  const { data } = useQuery(CallQualityDocument, { variables: { id: callId }, fetchPolicy: 'network-only' })
  const quality = data?.call?.quality
  return quality ? <QualityTable quality={quality} live /> : null
}
