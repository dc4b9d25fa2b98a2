import { useRef, useState } from 'react'
import { Outlet } from 'react-router'
import { Boundary } from '@/components/Boundary'
import { CallAlerts } from './CallAlerts'
import { Banners } from './Banners'
import { HelpDialog } from './HelpDialog'
import classes from './Layout.module.css'
import { RemoteAudio } from './RemoteAudio'
import { TopBar } from './TopBar'
import { useHotkey } from './hotkeys'
import { useAvailabilityKeys } from './use-availability-keys'

/** The frame around every page: the bar above, the banners below, the voice and the ringing behind. */
export function Layout({ onSignOut }: { onSignOut: () => Promise<void> }) {
  const searchRef = useRef<HTMLInputElement>(null)
  const [help, setHelp] = useState(false)
  useHotkey({ code: 'KeyK', control: true, whileTyping: true }, () => searchRef.current?.focus())
  useHotkey({ key: '?' }, () => setHelp(true))
  useAvailabilityKeys()
  return (
    <div className={classes['frame']}>
      <TopBar searchRef={searchRef} onHelp={() => setHelp(true)} onSignOut={onSignOut} />
      <Boundary>
        <Outlet />
      </Boundary>
      <Banners />
      <HelpDialog opened={help} onClose={() => setHelp(false)} />
      <CallAlerts />
      <RemoteAudio />
    </div>
  )
}
