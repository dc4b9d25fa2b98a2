import { expect, test } from 'vitest'
import { ago, count, dayKey, dayName, exactTime, initials, looksLikeNumber, stopwatch, timeOfDay } from './format'

test.each([
  [0, '0:00'],
  [-5000, '0:00'],
  [999, '0:00'],
  [42_000, '0:42'],
  [134_000, '2:14'],
  [3_599_000, '59:59'],
  [3_600_000, '1:00:00'],
  [45_296_000, '12:34:56'],
])('%i ms on a stop-watch is %s', (milliseconds, text) => {
  expect(stopwatch(milliseconds)).toBe(text)
})

const noon = new Date(2026, 10, 22, 12, 3, 7)
const now = noon.getTime()

test('times of day', () => {
  expect(timeOfDay(noon, 'ru')).toBe('12:03')
  expect(exactTime(noon, 'en')).toBe('12:03:07')
  expect(timeOfDay(new Date(2026, 10, 22, 0, 5), 'en')).toBe('00:05')
})

test('days', () => {
  const days = (day: Date) => [dayName(day, now, 'en'), dayName(day, now, 'ru')]
  expect(days(new Date(2026, 10, 22, 0, 1))).toEqual(['today', 'сегодня'])
  expect(days(new Date(2026, 10, 21, 23, 59))).toEqual(['yesterday', 'вчера'])
  expect(days(new Date(2026, 10, 12))).toEqual(['12 November', '12 ноября'])
  expect(days(new Date(2025, 10, 12))).toEqual(['12 November 2025', '12 ноября 2025 г.'])
  expect(dayKey(noon)).toBe('2026-11-22')
})

test('how long ago', () => {
  const texts = (seconds: number) => [ago(now - seconds * 1000, now, 'en'), ago(now - seconds * 1000, now, 'ru')]
  expect(texts(3)).toEqual(['now', 'сейчас'])
  expect(texts(180)).toEqual(['3 min. ago', '3 мин. назад'])
  expect(texts(2 * 3600)).toEqual(['2 hr. ago', '2 ч назад'])
  expect(texts(-9)).toEqual(['now', 'сейчас']) // clocks differ a little
  expect(texts(26 * 3600)).toEqual(['yesterday', 'вчера'])
})

test('numbers: Russian ones have a space that does not break', () => {
  expect(count(1234567, 'ru')).toBe('1\u00a0234\u00a0567')
  expect(count(1234567, 'en')).toBe('1,234,567')
})

test.each([
  ['Мария Котова', 'МК'],
  ['анна', 'А'],
  ['Ольга Ивановна Белова', 'ОБ'],
  ['  ', ''],
])('initials of %s are %s', (name, letters) => {
  expect(initials(name)).toBe(letters)
})

test.each([
  ['+7 916 123-45-67', true],
  ['8(916)1234567', true],
  ['204', true],
  ['*21#', true],
  ['Котова', false],
  ['7', false],
  ['+7 916 Котова', false],
  ['', false],
])('%s looks like a number: %s', (text, expected) => {
  expect(looksLikeNumber(text)).toBe(expected)
})
