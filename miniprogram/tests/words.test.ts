import { expect, test, vi } from 'vitest'
import { inviteOf } from '@/demo/shop'
import { spaced } from '@/pages/agreement/spaced'
import { NotLoggedIn, Refused, Unreachable } from '@/utils/errors'
import { placeOf, urlOf } from '@/utils/pages'
import { explain, language, t, titleOf } from '@/words'
import { en } from '@/words/en'
import { masked, minute } from '@/words/format'
import { type Key, zh } from '@/words/zh'

const speak = (locale: string) => vi.stubGlobal('uni', { getLocale: () => locale })
const names = (sentence: string) => sentence.match(/{\w+}/g) ?? []

test.each(Object.keys(zh) as Key[])('%s has the same names in both languages', (key) => {
  expect(names(en[key])).toEqual(names(zh[key]))
})

test.each([
  ['zh-Hans', 'zh-hans', '首页'],
  ['zh_CN', 'zh-hans', '首页'],
  ['zh-Hant', 'zh-hans', '首页'],
  ['en', 'en', 'Home'],
  ['fr', 'en', 'Home'],
])('a phone that speaks %s is served in %s', (locale, expected, sentence) => {
  speak(locale)
  expect([language(), t('tab.home')]).toEqual([expected, sentence])
})

test('an agreement is called by its own title in Chinese, and by its kind elsewhere', () => {
  const agreement = { type: 'privacy', title: '隐私政策（2026）', version: '2', url: '' } as const
  speak('zh-Hans')
  expect(titleOf(agreement)).toBe('隐私政策（2026）')
  speak('en')
  expect(titleOf(agreement)).toBe('Privacy policy')
})

test('a failure is explained by the server’s sentence, or by ours where there is none', () => {
  speak('en')
  expect(explain(new Refused('mobile_taken', 'That number is taken.'))).toBe('That number is taken.')
  expect(explain(new NotLoggedIn())).toBe('Please log in first')
  expect(explain(new Unreachable('request:fail timeout'))).toBe('No connection, please try again')
  expect(explain(new TypeError('x is undefined'))).toBe('Something went wrong, please try again')
})

test.each([
  ['13800138000', '138******00'],
  ['+85261234567', '+85*******67'],
  ['', ''],
])('%s is shown as %s', (mobile, shown) => expect(masked(mobile)).toBe(shown))

test('a time is shown in local time', () => {
  expect(minute(new Date(2026, 0, 2, 3, 4).toISOString())).toBe('2026-01-02 03:04')
})

test('an invite code comes in a link or in the scene of a code that was scanned', () => {
  const launch = (query: Record<string, string>) => ({ path: 'pages/home/home', query, scene: 1047 })
  expect(inviteOf(launch({ invite: 'ABC123' }))).toBe('ABC123')
  expect(inviteOf(launch({ scene: 'from%3Dposter%26invite%3DABC123' }))).toBe('ABC123')
  expect(inviteOf(launch({ scene: '100%' }))).toBe('')
  expect(inviteOf(null)).toBe('')
})

test('an address survives being taken apart', () => {
  const place = placeOf('/pages/order/list?sn=a%20b%26c&note=100%&empty=')
  expect(place).toEqual({ path: 'pages/order/list', query: { sn: 'a b&c', note: '100%', empty: '' } })
  expect(placeOf(urlOf(place))).toEqual(place)
})

test('an agreement’s paragraphs get their space, and its own styles are kept', () => {
  expect(spaced('<p>One</p><p style="color:red">Two</p>')).toBe('<p style="margin:0 0 12px">One</p><p style="color:red">Two</p>')
})
