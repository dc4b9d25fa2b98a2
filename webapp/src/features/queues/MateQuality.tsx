import { useQuery } from '@apollo/client/react'
import { Popover } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { QualityMark } from '@/components/QualityMark'
import { QualityTable } from '@/components/QualityTable'
import { CallQualityDocument, WaitingCallsDocument, type QualityGrade } from '@/gql/graphql'
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
  return call && grade ? <Opened callId={call.id} version={call.version} grade={grade} /> : null
}

function Opened(props: { callId: string; version: number; grade: QualityGrade }) {
  const { callId, version, grade } = props
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
        {open && <Figures callId={callId} version={version} />}
      </Popover.Dropdown>
    </Popover>
  )
}

/** The figures of the call's present version: the feed tells the word only. */
function Figures({ callId, version }: { callId: string; version: number }) {
  const { data, refetch } = useQuery(CallQualityDocument, { variables: { id: callId }, fetchPolicy: 'network-only' })
  const asked = useRef(version)
  useEffect(() => {
    if (asked.current === version) return
    asked.current = version
    void refetch()
  }, [version, refetch])
  const quality = data?.call?.quality
  return quality ? <QualityTable quality={quality} live /> : null
}
