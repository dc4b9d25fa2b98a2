import '@fontsource-variable/inter/wght.css'
import '@mantine/core/styles.layer.css'
import './app/global.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { languageOf, rememberedLanguage, startTranslations } from './lib/i18n'
import { openPage } from './session/opening'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no #root')

const opening = openPage()
await startTranslations(languageOf(rememberedLanguage()))
createRoot(root).render(<App opening={opening} />)
