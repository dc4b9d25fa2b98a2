import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { SignMark } from '@/components/SignMark'
import { customerParty, signOfStage, stageOf, type MyCall } from '@/feed/model'
import { useCommandState, useServices } from '@/session/context'
import { useBehindReason } from '@/session/use-behind'
import classes from './PhoneWindow.module.css'

/** A call beside the one on the screen, and the way to it: whoever is spoken with then is put on hold by the server. */
export function OtherCall({ call }: { call: MyCall }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const behind = useBehindReason()
  const stage = stageOf(call)
  const go = stage === 'held' ? 'resume' : stage === 'offer' ? 'answer' : undefined
  return (
    <div className={classes['other']}>
      <SignMark sign={signOfStage(stage)} />
      <span className={classes['otherWho']}>
        {call.customer?.name ?? customerParty(call).number.display} · {t(`stage.${stage}`)}
      </span>
      {go && (
        <Button
          size="compact-sm"
          variant="default"
          title={behind}
          disabled={behind !== ''}
          loading={pending.get(go)?.callId === call.id}
          onClick={() => void commands[go](call.id)}
        >
          {t(`call.${go}`)}
        </Button>
      )}
    </div>
  )
}
