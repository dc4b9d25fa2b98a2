import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'
import { bytes, collectionsOf, FakeDevice } from '@/testing/hid'

// Hook switch and mute in one byte, the three lamps in another.
const descriptor = '050b0905a10185011500250175010920092f95028102950681030508091709099502910295069103c0'

function plugged() {
  const device = new FakeDevice(collectionsOf(bytes(descriptor)))
  const hid = Object.assign(new EventTarget(), {
    getDevices: async () => [device],
    requestDevice: async () => [device],
  })
  return { device, hid }
}

test('the buttons of a headset answer, mute and hang up', async () => {
  const { device, hid } = plugged()
  const { ua, asked } = await renderApp('offer', { hid })
  await screen.findByRole('button', { name: 'Phone: ready' })
  const session = ua.invite('call1')
  await screen.findByRole('button', { name: 'Answer' })
  device.press(1, '01')
  await waitFor(() => expect(ua.done).toContain(`answer ${session}`))
  expect(asked.map(({ name }) => name)).not.toContain('Answer')
})

test('in a talk: mute by the button, hang up by the hook', async () => {
  const { device, hid } = plugged()
  const { asked } = await renderApp('talking', { hid })
  await screen.findByRole('button', { name: 'Phone: ready' })
  await screen.findByRole('button', { name: 'Mute' })
  await waitFor(() => expect(device.sent.at(-1)).toEqual([1, 1])) // its lamp: off the hook
  device.press(1, '01') // the echo
  device.press(1, '03')
  expect(await screen.findByRole('button', { name: 'Unmute' })).toBeEnabled()
  await waitFor(() => expect(device.sent.at(-1)).toEqual([1, 3]))
  device.press(1, '00')
  expect(await screen.findByRole('button', { name: 'Finish wrap-up' })).toBeEnabled()
  expect(asked.map(({ name }) => name).filter((name) => name === 'HangUp' || name === 'SetMuted')).toEqual([
    'SetMuted',
    'HangUp',
  ])
})

test('settings name the headset, and are silent where the browser knows none', async () => {
  const { hid } = plugged()
  const { unmount } = await renderApp('idle', { hid, path: '/settings' })
  expect(await screen.findByText('Headset answers, mutes and hangs up.')).toBeInTheDocument()
  unmount()
  await renderApp('idle', { path: '/settings' })
  await screen.findByRole('heading', { name: 'Devices' })
  expect(screen.queryByText('Headset buttons')).toBeNull()
})
