import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LevelMeter } from '@/components/LevelMeter'
import { listenTo } from '@/phone/browser-probes'
import { decibels } from '@/phone/sound'
import { useServices } from '@/session/context'

/** Loudness below which nothing is shown; decibels relative to full scale. */
const floor = -60

/** Shows upon a click how loud the microphone hears. */
export function LevelTry() {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setShown(!shown)}>
        {shown ? t('check.quiet') : t('check.speak')}
      </Button>
      {shown && <Live onEnd={() => setShown(false)} />}
    </>
  )
}

function Live({ onEnd }: { onEnd: () => void }) {
  const { t } = useTranslation()
  const { microphone } = useServices()
  const [level, setLevel] = useState(0)

  useEffect(() => {
    let stop: () => void = () => {}
    let left = false
    const open = async () => {
      try {
        const stream = await microphone.open()
        const heard = listenTo(stream)
        const timer = setInterval(() => setLevel(Math.max(0, Math.min(1, decibels(heard.samples()) / -floor + 1))), 50)
        stop = () => {
          clearInterval(timer)
          heard.close()
          for (const track of stream.getTracks()) track.stop()
        }
        if (left) stop()
      } catch {
        onEnd() // the step of the microphone says why
      }
    }
    void open()
    return () => {
      left = true
      stop()
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- onEnd is the same in effect
  }, [microphone])

  return <LevelMeter level={level} label={t('check.level')} />
}
