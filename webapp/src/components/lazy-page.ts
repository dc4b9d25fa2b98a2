import { lazy, type ComponentType } from 'react'
import { loadPageWords } from '@/lib/i18n'

/** Something beside the workspace, loaded when it is wanted, together with the words of its kind (locales/pages.*.json). */
export function lazyPage<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => {
    const [page] = await Promise.all([load(), loadPageWords()])
    return { default: page }
  })
}
