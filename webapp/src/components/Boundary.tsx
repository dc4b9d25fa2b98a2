import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty } from './Empty'
import { Trouble } from './icons'

interface BoundaryProps {
  children: ReactNode
}

/** Keeps a defect of one part of the screen from taking the others with it: the call must stay in reach whatever happens. */
export class Boundary extends Component<BoundaryProps, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return <Failed onRetry={() => this.setState({ failed: false })} />
  }
}

function Failed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <div role="alert">
      <Empty icon={Trouble} tone="trouble" title={t('failed.title')}>
        <p>{t('failed.text')}</p>
        <Button size="compact-sm" variant="subtle" onClick={onRetry}>
          {t('retry')}
        </Button>
      </Empty>
    </div>
  )
}
