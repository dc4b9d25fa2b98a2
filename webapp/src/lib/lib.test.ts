// @vitest-environment jsdom

import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors'
import { expect, test, vi } from 'vitest'
import { Clock } from './clock'
import { isControl, isTyping } from './keyboard'
import { safeLink } from './link'
import { Observable } from './observable'
import { problemOf } from './problem'
import { topicName } from './topic'

test('problems of GraphQL keep code, words, wait and trace', () => {
  const refused = (extensions: Record<string, unknown>) =>
    problemOf(new CombinedGraphQLErrors({ errors: [{ message: 'words', extensions }] }))
  expect(refused({ code: 'CONFLICT' })).toEqual({ code: 'CONFLICT', message: 'words' })
  expect(refused({ code: 'RATE_LIMITED', retryAfter: 26.4 })).toEqual({
    code: 'RATE_LIMITED',
    message: 'words',
    retryAfter: 27,
  })
  expect(refused({ code: 'INTERNAL', traceId: 'abc' })).toEqual({ code: 'INTERNAL', message: 'words', trace: 'abc' })
  expect(refused({ code: 'SOMETHING_NEW' }).code).toBe('INTERNAL')
  expect(refused({}).code).toBe('INTERNAL')
})

test('problems of the network', () => {
  const answered = (status: number, headers = {}) =>
    problemOf(new ServerError('no', { response: new Response('', { status, headers }), bodyText: '' }))
  expect(answered(401).code).toBe('UNAUTHENTICATED')
  expect(answered(429, { 'Retry-After': '9' })).toEqual({ code: 'RATE_LIMITED', message: '', retryAfter: 9 })
  expect(answered(429)).toEqual({ code: 'RATE_LIMITED', message: '' })
  expect(answered(502).code).toBe('UNAVAILABLE')
  expect(problemOf(new TypeError('Failed to fetch')).code).toBe('UNREACHABLE')
  expect(problemOf(new DOMException('', 'TimeoutError')).code).toBe('TIMEOUT')
})

test('a link of a foreign system is followed only when it is one', () => {
  expect(safeLink('https://1c.example/base')).toBe('https://1c.example/base')
  expect(safeLink('e1c://server/base#e1cib/data/x')).toBe('e1c://server/base#e1cib/data/x')
  // eslint-disable-next-line no-script-url
  expect(safeLink('javascript:alert(1)')).toBeUndefined()
  expect(safeLink('data:text/html,x')).toBeUndefined()
  expect(safeLink('')).toBeUndefined()
})

test('the clock follows the server, but not the jitter of the network', () => {
  let local = 1_000_000
  const clock = new Clock(() => local)
  clock.learn(new Date(local + 60_000).toISOString())
  expect(clock.now()).toBe(local + 60_000)
  clock.learn(new Date(local + 60_200).toISOString())
  expect(clock.now()).toBe(local + 60_000)
  clock.learn('not a time')
  local += 5
  expect(clock.now()).toBe(local + 60_000)
})

test('an observable tells changes, and only changes', () => {
  const value = new Observable(1)
  const told = vi.fn<() => void>()
  const stop = value.subscribe(told)
  value.set(1)
  expect(told).not.toHaveBeenCalled()
  value.set(2)
  stop()
  value.set(3)
  expect(told).toHaveBeenCalledTimes(1)
  expect(value.get()).toBe(3)
})

test('a topic is written with its group', () => {
  expect(topicName({ group: 'Billing', name: 'Refund' })).toBe('Billing › Refund')
  expect(topicName({ group: '', name: 'Other' })).toBe('Other')
})

test('where keys are text, and where Enter belongs to the thing itself', () => {
  document.body.innerHTML = `
    <input id="text"><input id="box" type="checkbox"><textarea id="area"></textarea>
    <button id="on">on</button><button id="off" aria-disabled="true">off</button>
    <button id="radio" role="radio">topic</button><a id="link" href="#"><b id="inside">x</b></a><p id="p">p</p>
    <div role="menu"><p id="item">item</p></div>`
  const at = (id: string) => document.getElementById(id)
  expect(['text', 'area', 'box', 'on', 'p'].map((id) => isTyping(at(id)))).toEqual([true, true, false, false, false])
  expect(['on', 'off', 'radio', 'link', 'inside', 'p', 'item'].map((id) => isControl(at(id)))).toEqual([
    true,
    false,
    false,
    true,
    true,
    false,
    true,
  ])
  expect(isTyping(null)).toBe(false)
})
