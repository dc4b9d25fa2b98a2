import { expect, test } from 'vitest'
import { numberOfLink } from './tel'

test.each([
  ['+74951234567', '+74951234567'],
  ['tel:+7-495-123-45-67', '+74951234567'],
  ['TEL:+7 (495) 123.45.67;ext=12', '+74951234567'],
  ['callto://84951234567', '84951234567'],
  ['tel:8(495)1234567;phone-context=+7', '84951234567'],
  ['101', '101'],
])('a link with %s asks for %s', (text, number) => {
  expect(numberOfLink(text)).toBe(number)
})

test('a plus that was not escaped in an address is a plus', () => {
  const given = new URLSearchParams('?number=+74951234567').get('number') ?? ''
  expect(given).toBe(' 74951234567')
  expect(numberOfLink(given)).toBe('+74951234567')
})

test.each([
  ['', 'nothing'],
  ['1', 'one digit'],
  ['*72+74951234567', 'a code that diverts the line'],
  ['tel:%23', 'an escape'],
  ['+74951234567,,1234#', 'digits to send after the answer'],
  ['tel:+74951234567p12', 'a pause'],
  ['sip:attacker@example.org', 'an address'],
  ['javascript:alert(1)', 'a script'],
  ['\u202E+74951234567', 'a number that reads backwards'],
  ['1'.repeat(21), 'too many digits'],
])('%s is no number: %s', (text) => {
  expect(numberOfLink(text)).toBeUndefined()
})
