import { Menu, UnstyledButton } from '@mantine/core'
import { useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { Check, Connectors, Keyboard, Leave, Links, Outbox, Readiness, Settings } from '@/components/icons'
import { Keys } from '@/components/Keys'
import { Logo } from '@/components/Logo'
import { SignMark } from '@/components/SignMark'
import { AvailabilityMenu } from '@/features/availability/AvailabilityMenu'
import { SearchBox } from '@/features/search/SearchBox'
import { isEngaged, signOfStage, stageOf } from '@/feed/model'
import { initials } from '@/lib/format'
import { Elapsed } from '@/session/Elapsed'
import { useArrangedCalls, useMe, useViewer } from '@/session/context'
import { administersAs, supervisesAs } from '@/session/roles'
import { useDial } from '@/session/use-dial'
import { PhoneIndicator } from './PhoneIndicator'
import classes from './TopBar.module.css'

interface TopBarProps {
  searchRef: RefObject<HTMLInputElement | null>
  onHelp: () => void
  onSignOut: () => Promise<void>
}

/** Who I am, how I am, and the way to anybody. */
export function TopBar({ searchRef, onHelp, onSignOut }: TopBarProps) {
  const { t } = useTranslation()
  const me = useMe()
  const { roles } = useViewer()
  const [, navigate] = useLocation()
  const dial = useDial()
  const [availability, setAvailability] = useState(false)
  const { current } = useArrangedCalls()
  const engaged = current !== undefined && isEngaged(stageOf(current))

  return (
    <header className={classes['bar']}>
      <Link to="/" className={classes['brand']} aria-label="Pult">
        <Logo size={24} />
        <span className={classes['name']}>Pult</span>
      </Link>
      <span className={classes['queues']} title={me.queues.map((queue) => queue.name).join(', ')}>
        {me.queues.map((queue) => queue.name).join(', ')}
      </span>
      <div className={classes['search']}>
        <SearchBox
          inputRef={searchRef}
          dial={dial}
          onPick={(customer) => {
            navigate(`/?customer=${encodeURIComponent(customer.id)}`)
          }}
        />
      </div>
      <CallChip />
      <AvailabilityMenu opened={availability} onChange={setAvailability} />
      <PhoneIndicator />
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <UnstyledButton aria-label={t('menu.of', { name: me.name })} className={classes['me']}>
            <span className={classes['initials']} data-initials={initials(me.name)} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{me.name}</Menu.Label>
          <Menu.Item component={Link} to="/settings" leftSection={<Settings size={16} aria-hidden />}>
            {t('settings.title')}
          </Menu.Item>
          <Menu.Item component={Link} to="/check" leftSection={<Check size={16} aria-hidden />}>
            {t('check.title')}
          </Menu.Item>
          {supervisesAs(roles) && (
            <Menu.Item component={Link} to="/readiness" leftSection={<Readiness size={16} aria-hidden />}>
              {t('readiness.title')}
            </Menu.Item>
          )}
          {supervisesAs(roles) && (
            <Menu.Item component={Link} to="/links" leftSection={<Links size={16} aria-hidden />}>
              {t('links.title')}
            </Menu.Item>
          )}
          {administersAs(roles) && (
            <Menu.Item component={Link} to="/connectors" leftSection={<Connectors size={16} aria-hidden />}>
              {t('connectors.title')}
            </Menu.Item>
          )}
          {administersAs(roles) && (
            <Menu.Item component={Link} to="/outbox" leftSection={<Outbox size={16} aria-hidden />}>
              {t('outbox.title')}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<Keyboard size={16} aria-hidden />} rightSection={<Keys>?</Keys>} onClick={onHelp}>
            {t('help.title')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<Leave size={16} aria-hidden />}
            disabled={engaged}
            onClick={() => {
              void onSignOut()
            }}
          >
            {t('menu.signOut')}
            {engaged && <span className={classes['why']}>{t('menu.signOutInCall')}</span>}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  )
}

/** Away from the workspace, a call stays in sight and one click away. */
function CallChip() {
  const { t } = useTranslation()
  const [pathname] = useLocation()
  const { current } = useArrangedCalls()
  if (!current || pathname === '/') return null
  const stage = stageOf(current)
  return (
    <Link to="/" className={classes['chip']}>
      <SignMark sign={signOfStage(stage)} />
      {t(`stage.${stage}`)} <Elapsed since={current.since} />
    </Link>
  )
}
