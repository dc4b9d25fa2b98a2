import { Suspense, useState, type ReactNode } from 'react'

/** Shows what is loaded when it is first wanted, and keeps it from then on: a dialog that closes gives the focus back. */
export function Lazily({ when, children }: { when: boolean; children: ReactNode }) {
  const [wanted, setWanted] = useState(when)
  if (when && !wanted) setWanted(true)
  return wanted && <Suspense>{children}</Suspense>
}
