import { useRef, useState, type ReactNode } from 'react'
import { Boundary } from '@/components/Boundary'
import { Lazily } from '@/components/Lazily'
import { lazyPage } from '@/components/lazy-page'
import { CallAlerts } from './CallAlerts'
import { Banners } from './Banners'
import classes from './Layout.module.css'
import { RemoteAudio } from './RemoteAudio'
import { TopBar } from './TopBar'
import { useHotkey } from './hotkeys'
import { useAvailabilityKeys } from './use-availability-keys'

const HelpDialog = lazyPage(async () => (await import('./HelpDialog')).HelpDialog)

/** The frame around every page: the bar above, the banners below, the voice and the ringing behind. */
export function Layout({ onSignOut, children }: { onSignOut: () => Promise<void>; children: ReactNode }) {
  const searchRef = useRef<HTMLInputElement>(null)
  const [help, setHelp] = useState(false)
  useHotkey({ code: 'KeyK', control: true, whileTyping: true }, () => searchRef.current?.focus())
  useHotkey({ key: '?' }, () => setHelp(true))
  useAvailabilityKeys()
  return (
    <div className={classes['frame']}>
      <TopBar searchRef={searchRef} onHelp={() => setHelp(true)} onSignOut={onSignOut} />
      <Boundary>{children}</Boundary>
      <Banners />
      <Lazily when={help}>
        <HelpDialog opened={help} onClose={() => setHelp(false)} />
      </Lazily>
      <CallAlerts />
      <RemoteAudio />
    </div>
  )
}
