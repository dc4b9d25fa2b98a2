import { useMutation } from '@apollo/client/react'
import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Logo } from '@/components/Logo'
import { SignInDocument, type ViewerFieldsFragment } from '@/gql/graphql'
import { changeLanguage } from '@/lib/i18n'
import { problemOf, type Problem } from '@/lib/problem'
import { useLanguage } from '@/lib/use-language'
import classes from './SignInPage.module.css'

interface SignInPageProps {
  /** Why one has to sign in again; shown above the form. */
  because?: 'ended' | 'talking' | undefined
  onSignedIn: (viewer: ViewerFieldsFragment) => void
}

export function SignInPage({ because, onSignedIn }: SignInPageProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const [wait, setWait] = useCountdown()
  const loginRef = useRef<HTMLInputElement>(null)
  const [signIn, { loading }] = useMutation(SignInDocument, { fetchPolicy: 'no-cache' })

  useEffect(() => loginRef.current?.focus(), [])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (loading || wait > 0) return
    setProblem(undefined)
    try {
      const { data } = await signIn({ variables: { input: { login: login.trim(), password } } })
      if (data) onSignedIn(data.signIn.viewer)
    } catch (error) {
      const found = problemOf(error)
      setProblem(found)
      if (found.retryAfter !== undefined) setWait(found.retryAfter)
    }
  }

  return (
    <main className={classes['page']}>
      <div className={classes['card']}>
        <div className={classes['brand']}>
          <Logo size={36} />
          <div>
            <h1 className={classes['name']}>Pult</h1>
            <p className={classes['claim']}>{t('signIn.claim')}</p>
          </div>
        </div>
        {because && problem === undefined && <p className={classes['note']}>{t(`signIn.${because}`)}</p>}
        <form
          className={classes['form']}
          onSubmit={(event) => {
            void submit(event)
          }}
        >
          <TextInput
            ref={loginRef}
            label={t('signIn.login')}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            size="md"
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('signIn.password')}
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            size="md"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
          />
          <div className={classes['problem']} role="alert">
            {problem && <SignInProblem problem={problem} wait={wait} />}
          </div>
          <Button type="submit" size="md" fullWidth loading={loading} disabled={wait > 0}>
            {t('signIn.submit')}
          </Button>
        </form>
      </div>
      <SegmentedControl
        className={classes['language']}
        size="xs"
        aria-label={t('settings.language')}
        value={language}
        onChange={(value) => {
          void changeLanguage(value)
        }}
        data={[
          { value: 'en', label: 'English' },
          { value: 'ru', label: 'Русский' },
        ]}
      />
    </main>
  )
}

function SignInProblem({ problem, wait }: { problem: Problem; wait: number }) {
  const { t } = useTranslation()
  switch (problem.code) {
    case 'UNAUTHENTICATED':
    case 'NOT_FOUND':
    case 'BAD_USER_INPUT':
      return t('signIn.wrong')
    case 'RATE_LIMITED':
      return wait > 0 ? t('signIn.waitSeconds', { count: wait }) : t('signIn.wait')
    case 'FORBIDDEN':
      return t('signIn.disabled')
    case 'UNREACHABLE':
    case 'UNAVAILABLE':
    case 'TIMEOUT':
      return t('signIn.unreachable')
    default:
      return t('problem.internal', { trace: problem.trace ?? '—' })
  }
}

/** Seconds that run down to 0. */
function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (left === 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left])
  return [left, setLeft]
}
