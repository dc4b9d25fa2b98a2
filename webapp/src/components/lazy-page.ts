import { lazy, type ComponentType } from 'react'
import { loadPageWords } from '@/lib/i18n'

/** Loads once more what did not come: a network that changes in that moment cuts off whatever is on its way. */
export async function persistent<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return load()
  }
}

/** Something beside the workspace, loaded when it is wanted, together with the words of its kind (locales/pages.*.json). */
export function lazyPage<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => {
    const [page] = await Promise.all([persistent(load), persistent(loadPageWords)])
    return { default: page }
  })
}
