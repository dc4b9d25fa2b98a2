import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { MicrophoneError } from '@/phone/types'
import { credentials, fakeStream, renderApp } from '@/testing/app'

describe('the contract of names', () => {
  test('idle', async () => {
    await renderApp('idle')
    expect(await screen.findByRole('status', { name: 'Ready' })).toBeInTheDocument()
    expect(screen.getByRole('region', { name: 'Queues' })).toBeInTheDocument()
    expect(screen.getByRole('region', { name: 'Current call' })).toBeInTheDocument()
    expect(screen.getByRole('button', { name: 'Dial' })).toBeDisabled()
  })

  test.each([
    ['paused', 'Paused'],
    ['offline', 'Offline'],
    ['wrapup', 'Wrap-up'],
  ])('%s is the status %s', async (scenario, word) => {
    await renderApp(scenario)
    expect(await screen.findByRole('status', { name: word })).toBeInTheDocument()
  })

  test('a ringing call', async () => {
    await renderApp('offer')
    expect(await screen.findByRole('button', { name: 'Answer' })).toBeEnabled()
    expect(screen.getByRole('button', { name: 'Decline' })).toBeEnabled()
    for (const name of ['Mute', 'Hold', 'Keypad']) {
      const button = screen.getByRole('button', { name })
      expect(button).toHaveAttribute('aria-disabled', 'true')
      expect(button).toHaveAccessibleDescription('After the answer')
    }
    const customer = screen.getByRole('region', { name: 'Customer' })
    expect(within(customer).getByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
    expect(await screen.findByRole('list', { name: 'History' })).toBeInTheDocument()
  })

  test('a talk', async () => {
    await renderApp('talking')
    expect(await screen.findByRole('button', { name: 'Hang up' })).toBeEnabled()
    for (const name of ['Mute', 'Hold', 'Keypad']) expect(screen.getByRole('button', { name })).toBeEnabled()
    expect(screen.getByRole('button', { name: 'Answer' })).toHaveAttribute('aria-disabled', 'true')
  })

  test('muted, held, wrap-up', async () => {
    const { unmount } = await renderApp('muted')
    expect(await screen.findByRole('button', { name: 'Unmute' })).toBeEnabled()
    unmount()
    const second = await renderApp('held')
    expect(await screen.findByRole('button', { name: 'Resume' })).toBeEnabled()
    second.unmount()
    await renderApp('wrapup')
    expect(await screen.findByRole('button', { name: 'Finish wrap-up' })).toBeEnabled()
  })
})

describe('a call, from the ring to the history', () => {
  test('the answer goes to the phone that rings here', async () => {
    const { ua, user, asked } = await renderApp('offer')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const session = ua.invite('call1')
    await user.click(await screen.findByRole('button', { name: 'Answer' }))
    await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
    expect(asked.map(({ name }) => name)).not.toContain('Answer')
  })

  test('without a ringing phone here, the answer is asked of the server', async () => {
    const { user, asked } = await renderApp('offer')
    await screen.findByRole('button', { name: 'Phone: ready' })
    await user.click(await screen.findByRole('button', { name: 'Answer' }))
    expect(await screen.findByRole('button', { name: 'Hang up' })).toBeEnabled()
    expect(asked).toContainEqual({ name: 'Answer', variables: { input: { callId: 'call1' } } })
  })

  test('a simulated phone answers through the server and needs no microphone', async () => {
    const open = vi.fn<() => Promise<MediaStream>>(async () => {
      throw new MicrophoneError('missing')
    })
    const { user, ua } = await renderApp('offer', {
      credentials: { ...credentials, simulated: true },
      microphone: { open, watch: () => () => {} },
    })
    expect(await screen.findByRole('button', { name: 'Phone: simulated' })).toBeInTheDocument()
    await user.click(await screen.findByRole('button', { name: 'Answer' }))
    expect(await screen.findByRole('button', { name: 'Hang up' })).toBeEnabled()
    expect(open).not.toHaveBeenCalled()
    expect(ua.done).not.toContain('start')
  })

  test('by keyboard only: answer, hold, resume, mute, keypad, hang up, topic, finish', async () => {
    const { user, asked } = await renderApp('offer')
    await screen.findByRole('button', { name: 'Phone: ready' })
    await screen.findByRole('button', { name: 'Answer' })
    await user.keyboard('{Enter}')
    await screen.findByRole('button', { name: 'Hang up' })
    await user.keyboard('h')
    await screen.findByRole('button', { name: 'Resume' })
    await user.keyboard('h')
    await waitFor(() => expect(screen.getByRole('button', { name: 'Hold' })).toBeEnabled())
    await user.keyboard('m')
    await screen.findByRole('button', { name: 'Unmute' })
    await user.keyboard('k')
    await screen.findByRole('button', { name: '5' })
    await user.keyboard('5#')
    await waitFor(() => expect(asked.filter(({ name }) => name === 'SendDigits')).toHaveLength(2))
    await user.keyboard('{Escape}')
    await user.keyboard('{Alt>}{Backspace>}')
    await screen.findByRole('button', { name: 'Finish wrap-up' })
    await user.keyboard('{/Backspace}{/Alt}')
    await user.keyboard('2')
    await waitFor(() => expect(screen.getAllByRole('radio')[1]).toBeChecked())
    await user.keyboard('{Enter}')
    expect(await screen.findByRole('button', { name: 'Dial' })).toBeInTheDocument()
    const wrapUps = asked.filter(({ name }) => name === 'WrapUp').map(({ variables }) => variables['input'])
    expect(wrapUps).toContainEqual({ callId: 'call1', action: 'SAVE', topicId: 't2', comment: '' })
    expect(wrapUps.at(-1)).toEqual({ callId: 'call1', action: 'FINISH' })
  })

  test('a topic chosen by its key is taken back by 0, and by the button', async () => {
    const { user, asked, world } = await renderApp('talking')
    const topics = await screen.findByRole('radiogroup', { name: 'Topic' })
    await within(topics).findAllByRole('radio')
    await user.keyboard('2')
    await waitFor(() => expect(within(topics).getAllByRole('radio')[1]).toBeChecked())
    await user.keyboard('0')
    expect(within(topics).queryByRole('radio', { checked: true })).toBeNull()
    await user.keyboard('1')
    await user.click(screen.getByRole('button', { name: 'No topic' }))
    expect(within(topics).queryByRole('radio', { checked: true })).toBeNull()
    expect(screen.queryByRole('button', { name: 'No topic' })).toBeNull()
    // On a busy machine what was chosen in between is saved as well.
    await waitFor(() =>
      expect(asked.findLast(({ name }) => name === 'WrapUp')?.variables).toMatchObject({ input: { topicId: '' } }),
    )
    await waitFor(() => expect(world.calls[0]).toMatchObject({ interaction: { topic: null } }))
  })

  test('a comment that is too long is told, kept whole, and does not let the wrap-up be finished', async () => {
    const { user, asked } = await renderApp('wrapup')
    const comment = await screen.findByRole('textbox', { name: 'Comment' })
    const long = 'д'.repeat(10_001)
    await user.clear(comment)
    await user.click(comment)
    await user.paste(long)
    expect(await screen.findByText(/^1 character too many: up to 10,000/u)).toBeInTheDocument()
    expect(comment).toHaveValue(long)
    expect(comment).toBeInvalid()
    await user.click(screen.getByRole('button', { name: 'Finish wrap-up' }))
    expect(await screen.findByText('not all of it is saved')).toBeInTheDocument()
    expect(comment).toHaveFocus()
    expect(asked.map(({ variables }) => (variables['input'] as { action?: string } | undefined)?.action)).not.toContain(
      'FINISH',
    )
    await user.keyboard('{Backspace}')
    await user.click(screen.getByRole('button', { name: 'Finish wrap-up' }))
    expect(await screen.findByRole('button', { name: 'Dial' })).toBeInTheDocument()
  })

  test('Space held: talks although muted', async () => {
    const { user, asked } = await renderApp('muted')
    await screen.findByRole('button', { name: 'Unmute' })
    const muted = () => asked.filter(({ name }) => name === 'SetMuted').map(({ variables }) => variables['input'])
    await user.keyboard('{ >}')
    await screen.findByRole('button', { name: 'Mute' })
    await user.keyboard('{/ }')
    await screen.findByRole('button', { name: 'Unmute' })
    expect(muted()).toEqual([
      { callId: 'call1', muted: false },
      { callId: 'call1', muted: true },
    ])
  })

  test('Space held when the connection is lost: the microphone does not stay open', async () => {
    const { user, source, ua } = await renderApp('muted')
    await screen.findByRole('button', { name: 'Phone: ready' })
    await screen.findByRole('button', { name: 'Unmute' })
    const session = ua.invite('call1', true)
    await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
    ua.emit({ type: 'ua.accepted', session })
    await user.keyboard('{ >}')
    await waitFor(() => expect(ua.done.at(-1)).toBe(`unmute ${session}`))
    source.cut()
    await waitFor(() => expect(ua.done.at(-1)).toBe(`mute ${session}`))
    await user.keyboard('{/ }')
    expect(ua.done.at(-1)).toBe(`mute ${session}`)
  })

  test('becomes ready from the empty screen', async () => {
    const { user, asked } = await renderApp('offline')
    await screen.findByRole('button', { name: 'Phone: ready' })
    await user.click(await screen.findByRole('button', { name: 'Become ready' }))
    await waitFor(() =>
      expect(asked).toContainEqual({
        name: 'SetAvailability',
        variables: { input: { availability: 'READY', pauseReasonId: null } },
      }),
    )
  })

  test('keys are text while one types', async () => {
    const { user, asked } = await renderApp('talking')
    await user.click(await screen.findByRole('textbox', { name: 'Comment' }))
    await user.keyboard('hmk1')
    expect(screen.getByRole('textbox', { name: 'Comment' })).toHaveValue('hmk1')
    expect(asked.map(({ name }) => name)).not.toContain('Hold')
  })

  test('what is typed survives a reload, saved or not', async () => {
    const { user, unmount } = await renderApp('wrapup')
    await user.type(await screen.findByRole('textbox', { name: 'Comment' }), ' И акт')
    unmount()
    expect(window.sessionStorage.getItem('pult.draft.call1')).toContain('И акт')
    await renderApp('wrapup')
    expect(await screen.findByRole('textbox', { name: 'Comment' })).toHaveValue(
      'Чек отправили повторно, ждёт до вечера. И акт',
    )
  })

  test('a call takes the place of a customer that was looked up before', async () => {
    await renderApp('offer', { path: '/?customer=c3' })
    expect(await screen.findByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
    expect(screen.queryByRole('heading', { name: 'Пётр Смирнов' })).not.toBeInTheDocument()
    await waitFor(() => expect(window.location.search).toBe(''))
  })

  test('a second call never replaces the card', async () => {
    await renderApp('second')
    const call = await screen.findByRole('region', { name: 'Current call' })
    const other = within(within(call).getByRole('list', { name: 'Other calls' })).getByRole('listitem')
    expect(other).toHaveTextContent(/Пётр Смирнов.*Incoming call.*Поддержка/u)
    expect(
      within(screen.getByRole('region', { name: 'Customer' })).getByRole('heading', { level: 3 }),
    ).toHaveTextContent('Мария Котова')
    expect(screen.getByRole('button', { name: 'Hang up' })).toBeEnabled()
  })
})

describe('two calls', () => {
  test('the card, the bar and its keys are about the one that is spoken in; the other says that it is on hold', async () => {
    const { user, asked } = await renderApp('two')
    const call = await screen.findByRole('region', { name: 'Current call' })
    const other = await within(call).findByRole('list', { name: 'Other calls' })
    expect(other).toHaveTextContent(/Мария Котова.*On hold.*Поддержка/u)
    expect(screen.getByRole('button', { name: 'Hold' })).toBeEnabled()
    await user.keyboard('h')
    await waitFor(() => expect(asked).toContainEqual({ name: 'Hold', variables: { input: { callId: 'call2' } } }))
    expect(await screen.findByRole('button', { name: 'Resume' })).toBeEnabled()
    expect(other).toHaveTextContent(/Мария Котова/u)
    await user.keyboard('a')
    await waitFor(() => expect(asked).toContainEqual({ name: 'Resume', variables: { input: { callId: 'call1' } } }))
    expect(await within(call).findByRole('button', { name: 'Resume Пётр Смирнов' })).toBeInTheDocument()
  })

  test('a second call is answered or declined beside the first', async () => {
    const { user, asked } = await renderApp('second')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const answer = await screen.findByRole('button', { name: 'Answer Пётр Смирнов' })
    expect(answer).toHaveAttribute('title', 'The present call goes on hold.')
    await user.click(screen.getByRole('button', { name: 'Decline Пётр Смирнов' }))
    await waitFor(() => expect(asked).toContainEqual({ name: 'Decline', variables: { input: { callId: 'call2' } } }))
  })
})

describe('trouble', () => {
  test('who gets a call that a colleague’s phone has lost is told so', async () => {
    await renderApp('cutoff')
    const call = await screen.findByRole('region', { name: 'Current call' })
    expect(within(call).getByText('was cut off: Ольга Белова’s phone failed')).toBeInTheDocument()
  })

  test('while the connection is lost, the page says as of when, and every button why', async () => {
    const { source } = await renderApp('talking')
    expect(await screen.findByRole('button', { name: 'Hang up' })).toBeEnabled()
    source.cut()
    expect(await screen.findByText(/No connection: everything is as of \d\d:\d\d:\d\d/)).toBeInTheDocument()
    const hangUp = screen.getByRole('button', { name: 'Hang up' })
    expect(hangUp).toHaveAttribute('aria-disabled', 'true')
    expect(hangUp).toHaveAccessibleDescription(/No connection/)
    source.restore()
    await waitFor(() => expect(screen.queryByText(/No connection: everything/)).not.toBeInTheDocument())
    expect(screen.getByRole('button', { name: 'Hang up' })).not.toHaveAttribute('aria-disabled')
  })

  test('when all is current again, the rest is asked anew; not who the operator is, for the answer could be older than what the feed tells', async () => {
    const { source, asked } = await renderApp('talking')
    await screen.findByRole('button', { name: 'Hang up' })
    asked.length = 0
    source.cut()
    source.restore()
    await waitFor(() => {
      const names = asked.map(({ name }) => name)
      expect(names).toContain('System')
      expect(names).toContain('ViewerSettings')
    })
    expect(asked.map(({ name }) => name)).not.toContain('Viewer')
  })

  test('while the connection is lost, the phone is not taken from the window that talks', async () => {
    const { source, ua, user } = await renderApp('takenover')
    const take = await screen.findByRole('button', { name: 'Take it here' })
    source.cut()
    await waitFor(() => expect(take).toBeDisabled())
    expect(take).toHaveAttribute('title', expect.stringMatching(/No connection/))
    await user.click(screen.getByRole('button', { name: 'Phone: in another browser' }))
    const dropdown = await screen.findByRole('dialog')
    expect(within(dropdown).getByRole('button', { name: 'Take it here' })).toBeDisabled()
    expect(ua.done.at(-1)).toBe('rest')
    source.restore()
    await waitFor(() => expect(take).toBeEnabled())
  })

  test('a phone that has lost its connection lets the page ask for its own, which goes the same way', async () => {
    const { source, ua } = await renderApp('idle')
    const nudge = vi.spyOn(source, 'nudge')
    await screen.findByRole('button', { name: 'Phone: ready' })
    expect(nudge).not.toHaveBeenCalled()
    ua.emit({ type: 'ua.disconnected' })
    expect(nudge).toHaveBeenCalledTimes(1)
  })

  test('while the phone has no connection, an answer would end the ringing: the button says why it waits', async () => {
    const { ua, user, asked } = await renderApp('offer')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const session = ua.invite('call1')
    ua.emit({ type: 'ua.disconnected' })
    const answer = screen.getByRole('button', { name: 'Answer' })
    await waitFor(() => expect(answer).toHaveAttribute('aria-disabled', 'true'))
    expect(answer).toHaveAccessibleDescription('The phone is not connected yet')
    await user.click(answer)
    await user.keyboard('{Enter}')
    expect(ua.done).not.toContain(`answer ${session}`)
    expect(asked.map(({ name }) => name)).not.toContain('Answer')
    ua.emit({ type: 'ua.registered' })
    await waitFor(() => expect(answer).not.toHaveAttribute('aria-disabled'))
  })

  test('while the connection is lost, the customer of the call is not changed, and no demo customer calls', async () => {
    const many = await renderApp('many')
    const choose = await screen.findByRole('button', { name: 'Choose Пётр Смирнов' })
    await many.user.click(screen.getByRole('button', { name: 'Someone else' }))
    const dialog = await screen.findByRole('dialog')
    await many.user.type(within(dialog).getByRole('textbox'), 'Котова')
    const found = await within(dialog).findByRole('button', { name: /Мария Котова/ })
    many.source.cut()
    for (const button of [choose, found]) {
      await waitFor(() => expect(button).toBeDisabled())
      expect(button).toHaveAttribute('title', expect.stringMatching(/No connection/))
    }
    many.unmount()
    const failed = await renderApp('failed')
    const again = await screen.findByRole('button', { name: 'Ask again' })
    failed.source.cut()
    await waitFor(() => expect(again).toBeDisabled())
    failed.unmount()
    const demo = await renderApp('demo')
    const call = await screen.findByRole('button', { name: 'Let them call' })
    demo.source.cut()
    await waitFor(() => expect(call).toBeDisabled())
  })

  test('without a microphone nobody becomes ready, and the banner cannot be overlooked', async () => {
    const { user } = await renderApp('offline', {
      microphone: { open: async () => Promise.reject(new MicrophoneError('denied')), watch: () => () => {} },
    })
    expect(await screen.findByText('The microphone is blocked.')).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Change availability' }))
    expect(await screen.findByRole('menuitem', { name: /Ready/ })).toBeDisabled()
  })

  test('when the phone is taken over, this page stops its own and offers to take it back', async () => {
    const { ua, user } = await renderApp('takenover')
    expect(await screen.findByText(/The phone is active in another window/)).toBeInTheDocument()
    expect(ua.done).toContain('rest')
    await user.click(screen.getByRole('button', { name: 'Take it here' }))
    await waitFor(() => expect(ua.done.at(-1)).toBe('start'))
    expect(await screen.findByRole('button', { name: 'Phone: ready' })).toBeInTheDocument()
  })

  test('who signs in wants the phone here; a page that opens again leaves it where it is', async () => {
    const again = await renderApp('idle')
    await screen.findByRole('button', { name: 'Phone: ready' })
    expect(again.takes).toEqual([false])
    again.unmount()
    const { user, takes } = await renderApp('signin')
    await user.type(await screen.findByRole('textbox', { name: 'Login' }), 'olga')
    await user.type(screen.getByLabelText('Password'), 'demo{Enter}')
    await screen.findByRole('button', { name: 'Phone: ready' })
    expect(takes).toEqual([true])
  })

  test('a session that ends on the server does not end the talk: the voice goes on, and the call is back after signing in', async () => {
    const { ua, user, source } = await renderApp('talking')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const session = ua.invite('call1', true)
    await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
    ua.emit({ type: 'ua.accepted', session })
    ua.emit({ type: 'ua.stream', session, stream: fakeStream() })
    source.forget()
    expect(await screen.findByText(/your conversation goes on/)).toBeInTheDocument()
    expect(await screen.findByTestId('remote-audio')).toBeInTheDocument()
    await user.type(screen.getByRole('textbox', { name: 'Login' }), 'olga')
    await user.type(screen.getByLabelText('Password'), 'demo{Enter}')
    expect(await screen.findByRole('button', { name: 'Hang up' })).toBeEnabled()
    expect(ua.done).not.toContain('stop')
  })

  test('whoever does not talk is signed out at once when the session ends on the server, and else when the talk is over', async () => {
    const { ua, source } = await renderApp('talking')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const session = ua.invite('call1', true)
    await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
    ua.emit({ type: 'ua.accepted', session })
    source.forget()
    await screen.findByText(/your conversation goes on/)
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(await screen.findByText(/Your session has ended. Sign in again/)).toBeInTheDocument()
    expect(ua.done).toContain('stop')
  })

  test('who signs out names the window, so that another keeps its phone', async () => {
    const { user, asked } = await renderApp('idle')
    await user.click(await screen.findByRole('button', { name: /^Menu of/ }))
    await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }))
    await waitFor(() => expect(asked.find(({ name }) => name === 'SignOut')).toBeDefined())
    expect(asked.find(({ name }) => name === 'SignOut')?.variables).toEqual({
      input: { clientId: window.localStorage.getItem('pult.window') ?? window.sessionStorage.getItem('pult.window') },
    })
  })

  test('a wrong password, and too many of them', async () => {
    const { user } = await renderApp('signin')
    await user.type(await screen.findByRole('textbox', { name: 'Login' }), 'olga')
    await user.type(screen.getByLabelText('Password'), 'wrong{Enter}')
    expect(await screen.findByRole('alert')).toHaveTextContent('Login or password is wrong.')
    await user.clear(screen.getByLabelText('Password'))
    await user.type(screen.getByLabelText('Password'), 'slow{Enter}')
    await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent(/Try again in 2\d seconds\./))
    expect(screen.getByRole('button', { name: 'Sign in' })).toBeDisabled()
  })

  test('who presses to be heard, and is refused by the server, still sees that they are not', async () => {
    const { ua, user, world } = await renderApp('muted')
    await screen.findByRole('button', { name: 'Phone: ready' })
    const session = ua.invite('call1', true)
    await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
    ua.emit({ type: 'ua.accepted', session })
    await waitFor(() => expect(ua.done).toContain(`mute ${session}`))
    const [call] = world.calls.splice(0)
    await user.click(await screen.findByRole('button', { name: 'Unmute' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('This no longer exists.')
    expect(screen.getByRole('button', { name: 'Unmute' })).toBeEnabled()
    expect(ua.done).not.toContain(`unmute ${session}`)
    if (call) world.calls.push(call)
    await user.click(screen.getByRole('button', { name: 'Unmute' }))
    expect(await screen.findByRole('button', { name: 'Mute' })).toBeEnabled()
    expect(ua.done).toContain(`unmute ${session}`)
  })

  test('a command that is refused says why and keeps the buttons', async () => {
    const { user, world } = await renderApp('talking')
    const hold = await screen.findByRole('button', { name: 'Hold' })
    world.calls.splice(0)
    await user.click(hold)
    expect(await screen.findByRole('alert')).toHaveTextContent('This no longer exists.')
  })
})
