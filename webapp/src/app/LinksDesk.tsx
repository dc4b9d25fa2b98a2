import { CreateCustomer } from '@/features/create/CreateCustomer'
import { LinksPage } from '@/features/links/LinksPage'
import type { WorkDialogs } from '@/features/links/WorkList'
import { LinkDialog } from '@/features/search/LinkDialog'

const find: WorkDialogs['find'] = ({ target, suggestions, onPick, onClose }) => (
  <LinkDialog opened reason="" number={target.display} onPick={onPick} onClose={onClose}>
    {suggestions}
  </LinkDialog>
)

const create: WorkDialogs['create'] = ({ target, onCreated, onPick }) => (
  <CreateCustomer number={target} name="" reason="" short onCreated={onCreated} onPick={onPick} />
)

/** The link-rate desk, with the ways to find and to create a customer. */
export function LinksDesk() {
  return <LinksPage find={find} create={create} />
}
