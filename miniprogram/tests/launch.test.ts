import { expect, test, vi } from 'vitest'
import type { Launch } from '@/store/session'
import { later, login, noToken, Phone, start, startExpired, turns, type Envelope } from './phone'

const INVITED: Launch = { path: 'pages/home/home', query: { invite: 'ABC123' }, scene: 1007 }
const PLAIN: Launch = { path: 'pages/home/home', query: {}, scene: 1001 }

test('ready waits for the check of the launch', async () => {
  const app = await start()
  const slow = later<Envelope>()
  app.phone.answers['/login/silentLogin'] = () => slow.promise
  app.login.launched(PLAIN)
  let known = false
  const waiting = app.login.ready().finally(() => (known = true))
  await turns()
  expect(known).toBe(false)
  slow.resolve(login('new'))
  await expect(waiting).resolves.toBe(true)
})

test('ready is false for a stranger, and true for the same one after the login', async () => {
  const app = await start()
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(false)
  app.session.login('new')
  await expect(app.login.ready()).resolves.toBe(true)
})

test('ready never rejects', async () => {
  const app = await start()
  app.phone.answers['/config'] = () => Promise.reject(new Error('request:fail'))
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(false)
})

test('a stored token is used as it is, and its end is found out by a hook', async () => {
  const app = await startExpired()
  const users: unknown[] = []
  app.login.afterLogin(async () => users.push(await app.api.getUser(true)))
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(true)
  expect(app.session.token).toBe('new')
  expect(users.length).toBeGreaterThan(0)
  expect(app.phone.codes).toBe(1)
})

test('hooks run after each login, with how the app was opened the first time only', async () => {
  const app = await start()
  const told: unknown[] = []
  app.login.afterLogin((launch) => told.push(launch?.query.invite))
  app.login.launched(INVITED)
  await app.login.ready()
  expect(told).toEqual([])
  const answer = { token: 'new', is_new_user: false, mobile: '', next_step: '' } as const
  app.login.loggedIn(answer)
  await turns()
  app.login.loggedIn(answer)
  await turns()
  expect(told).toEqual(['ABC123', undefined])
})

test('a hook that fails stops neither the others nor the login', async () => {
  const app = await start()
  const ran: string[] = []
  app.phone.answers['/login/silentLogin'] = () => login('new')
  app.login.afterLogin(() => {
    throw new Error('broken')
  })
  app.login.afterLogin(() => Promise.reject(new Error('broken')))
  app.login.afterLogin(() => ran.push('cart'))
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(true)
  expect(ran).toEqual(['cart'])
})

test('an invite code survives a restart before the login', async () => {
  const { phone, login: before } = await start()
  before.launched(INVITED)
  await before.ready()
  const app = await start(phone)
  app.login.launched(PLAIN)
  await app.login.ready()
  expect(app.session.launch?.query).toEqual({ invite: 'ABC123' })
})

test('an invite code survives a stored token that turns out to be worth nothing', async () => {
  const app = await startExpired()
  app.phone.answers['/login/silentLogin'] = () => login('', { is_new_user: true, next_step: 'authorize' })
  const redeemed: unknown[] = []
  app.login.afterLogin(async (launch) => {
    await app.request({ path: '/invitations', method: 'POST', data: launch?.query, quiet: true })
    redeemed.push(launch?.query.invite)
  })
  app.login.launched(INVITED)
  await expect(app.login.ready()).resolves.toBe(false)
  expect(redeemed).toEqual([])
  app.phone.valid.add('by hand')
  app.login.loggedIn({ token: 'by hand', is_new_user: false, mobile: '', next_step: '' })
  while (!redeemed.length) await turns()
  expect(redeemed).toEqual(['ABC123'])
})

test('an invite code is redeemed once though a silent login happens on the way', async () => {
  const app = await startExpired()
  const redeemed: unknown[] = []
  app.login.afterLogin(async (launch) => {
    if (launch) redeemed.push(await app.request({ path: '/invitations', method: 'POST', data: launch.query, quiet: true }))
    else await app.request({ path: '/user/info', quiet: true })
  })
  app.login.launched(INVITED)
  await app.login.ready()
  expect(redeemed).toEqual([{ path: '/invitations', invite: 'ABC123' }])
  expect(app.session.launch).toBeNull()
})

test('an invitation that brings a running app to the front replaces an older one', async () => {
  const app = await start()
  app.login.launched(INVITED)
  await app.login.foregrounded({ ...INVITED, query: { invite: 'XYZ789' }, scene: 1008 })
  expect(app.session.launch).toEqual({ ...INVITED, query: { invite: 'XYZ789' }, scene: 1008 })
})

test('the same launch told again after the login is no new invitation', async () => {
  const app = await start()
  app.phone.answers['/login/silentLogin'] = () => login('new')
  app.login.launched(INVITED)
  await app.login.ready()
  await turns()
  await app.login.foregrounded(INVITED)
  expect(app.session.launch).toBeNull()
})

test('who logged out by hand is not logged in silently', async () => {
  const phone = new Phone()
  phone.storage.set('session', { token: '', left: true })
  const app = await start(phone)
  phone.answers['/login/silentLogin'] = () => login('new')
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(false)
  await expect(app.request({ path: '/orders' })).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(phone.codes).toBe(0)
})

test('a new user who has a token stays logged out', async () => {
  const app = await start()
  app.phone.answers['/login/silentLogin'] = () => login('first', { is_new_user: true, next_step: 'complete_profile' })
  app.login.launched(PLAIN)
  await expect(app.login.ready()).resolves.toBe(false)
  expect(app.session.pending?.next_step).toBe('complete_profile')
})

test('with silent login switched off nobody asks WeChat', async () => {
  const app = await start()
  app.phone.config.mnp_auto_wechat_auth = false
  await expect(app.login.mnpLogin()).resolves.toBe('authorize')
  app.phone.config.mnp_wechat_auth = false
  await app.login.loadConfig()
  await expect(app.login.mnpLogin()).resolves.toBe('closed')
  expect([app.phone.codes, app.phone.at('/login/silentLogin')]).toEqual([0, []])
})

test('a login by hand while a silent one is under way is kept', async () => {
  const app = await start()
  const slow = later<Envelope>()
  app.phone.answers['/login/silentLogin'] = () => slow.promise
  const waiting = app.login.toLogin()
  while (!app.phone.at('/login/silentLogin').length) await turns()
  app.session.login('by hand')
  slow.resolve(login('silent'))
  await waiting
  expect(app.session.token).toBe('by hand')
})

test('a logout while a silent login is under way is kept', async () => {
  const app = await startExpired()
  const slow = later<Envelope>()
  app.phone.answers['/login/silentLogin'] = () => slow.promise
  const waiting = app.login.toLogin()
  while (!app.phone.at('/login/silentLogin').length) await turns()
  app.session.leave()
  slow.resolve(login('silent'))
  await expect(waiting).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.session.token).toBe('')
})

test('that nobody can be logged in is remembered for two seconds', async () => {
  vi.useFakeTimers()
  const app = await start()
  await app.login.loadConfig()
  const ask = () => app.login.toLogin().catch(() => undefined)
  await ask()
  await vi.advanceTimersByTimeAsync(1900)
  await ask()
  expect(app.phone.codes).toBe(1)
  await vi.advanceTimersByTimeAsync(200)
  await ask()
  expect(app.phone.codes).toBe(2)
  vi.useRealTimers()
})

test('the switches are asked again when the app comes back after a minute', async () => {
  vi.useFakeTimers()
  const app = await start()
  await app.login.loadConfig()
  await vi.advanceTimersByTimeAsync(59_000)
  await app.login.foregrounded(PLAIN)
  expect(app.phone.at('/config')).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(2000)
  await app.login.foregrounded(PLAIN)
  expect(app.phone.at('/config')).toHaveLength(2)
  vi.useRealTimers()
})

test('a token that has ended is not sent with a login', async () => {
  const app = await startExpired()
  app.phone.answers['/orders'] = ({ token }) => (token === 'new' ? { code: 1, data: {} } : noToken)
  await app.request({ path: '/orders' })
  expect(app.phone.at('/login/silentLogin').map(({ token }) => token)).toEqual([''])
})
