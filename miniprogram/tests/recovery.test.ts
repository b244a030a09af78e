import { expect, test, vi } from 'vitest'
import { later, login, noToken, ok, type Phone, refused, start, startExpired, stranger, TIMEOUT, turns, type Envelope } from './phone'

const exchanges = ({ phone }: { phone: Phone }) => phone.at('/login/silentLogin').length

test('one expired call gets the result of its replay', async () => {
  const app = await startExpired()
  await expect(app.request({ path: '/orders' })).resolves.toEqual({ path: '/orders' })
  expect(app.phone.at('/orders').map(({ token }) => token)).toEqual(['old', 'new'])
  expect(exchanges(app)).toBe(1)
})

test('five calls at once share one login', async () => {
  const app = await startExpired()
  const results = await Promise.all([1, 2, 3, 4, 5].map((number) => app.request({ path: '/orders', data: { number } })))
  expect(results).toEqual([1, 2, 3, 4, 5].map((number) => ({ path: '/orders', number })))
  expect(exchanges(app)).toBe(1)
  expect(app.phone.codes).toBe(1)
})

test('a post is replayed with its body', async () => {
  const app = await startExpired()
  await app.request({ path: '/orders', method: 'POST', data: { sn: 'A1' } })
  expect(app.phone.at('/orders').map(({ method, data }) => [method, data])).toEqual([
    ['POST', { sn: 'A1' }],
    ['POST', { sn: 'A1' }],
  ])
})

test('an upload is replayed with its file and gets its real result', async () => {
  const app = await startExpired()
  app.phone.answers['/upload/image'] = ({ token }) => (token === 'new' ? ok({ url: 'https://pictures/1.jpg', uri: '1.jpg' }) : noToken)
  await expect(app.api.uploadImage('wxfile://tmp_1')).resolves.toEqual({ url: 'https://pictures/1.jpg', uri: '1.jpg' })
  expect(app.phone.at('/upload/image').map(({ file }) => file)).toEqual(['wxfile://tmp_1', 'wxfile://tmp_1'])
})

test('ten calls and an upload whose token ends share one login and all succeed', async () => {
  const app = await startExpired()
  const calls = Array.from({ length: 10 }, (_, number) => app.request({ path: '/orders', data: { number } }))
  const results = await Promise.all([...calls, app.api.uploadImage('wxfile://tmp_1')])
  expect(results).toHaveLength(11)
  expect(exchanges(app)).toBe(1)
})

test('when silent login cannot help all callers are told so and one login page opens', async () => {
  const app = await startExpired()
  await app.phone.deepLink('/pages/home/home')
  app.phone.answers['/login/silentLogin'] = stranger
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => app.request({ path: '/orders' })))
  expect(results.map((result) => result.status === 'rejected' && result.reason instanceof app.errors.NotLoggedIn)).toEqual(Array(5).fill(true))
  await turns()
  expect(app.phone.loginPages).toBe(1)
  expect(exchanges(app)).toBe(1)
  expect(app.session.loggedIn).toBe(false)
})

test('a call after that neither asks WeChat again nor opens another login page', async () => {
  const app = await startExpired()
  await app.phone.deepLink('/pages/home/home')
  app.phone.answers['/login/silentLogin'] = stranger
  for (const path of ['/orders', '/cart', '/coupons']) await expect(app.request({ path })).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(exchanges(app)).toBe(1)
  expect(app.phone.loginPages).toBe(1)
})

test('a quiet call opens no login page', async () => {
  const app = await startExpired()
  await app.phone.deepLink('/pages/home/home')
  app.phone.answers['/login/silentLogin'] = stranger
  await expect(app.request({ path: '/cart', quiet: true })).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.phone.loginPages).toBe(0)
})

test('a fresh token that is refused too is the end and not a loop', async () => {
  const app = await startExpired()
  await app.phone.deepLink('/pages/home/home')
  app.phone.answers['/orders'] = () => noToken
  const results = await Promise.allSettled([1, 2, 3].map(() => app.request({ path: '/orders' })))
  expect(results.every((result) => result.status === 'rejected' && result.reason instanceof app.errors.NotLoggedIn)).toBe(true)
  expect(app.phone.at('/orders')).toHaveLength(6)
  expect([exchanges(app), app.phone.loginPages]).toEqual([1, 1])
  await expect(app.request({ path: '/orders' })).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(exchanges(app)).toBe(1)
})

test('a late reply to the old token is replayed without another login', async () => {
  const app = await startExpired()
  const slow = later<Envelope>()
  app.phone.answers['/slow'] = ({ token }) => (token === 'old' ? slow.promise : ok({ slow: true }))
  const waiting = app.request({ path: '/slow' })
  await app.request({ path: '/orders' })
  slow.resolve(noToken)
  await expect(waiting).resolves.toEqual({ slow: true })
  expect(exchanges(app)).toBe(1)
})

test('a replay whose data is null is a success', async () => {
  const app = await startExpired()
  app.phone.answers['/nothing'] = ({ token }) => (token === 'new' ? ok(null) : noToken)
  await expect(app.request({ path: '/nothing' })).resolves.toEqual({})
})

test('a call made during a login waits for its token', async () => {
  const app = await startExpired()
  const slow = later<Envelope>()
  app.phone.answers['/login/silentLogin'] = () => slow.promise
  const first = app.request({ path: '/orders' })
  await turns()
  const second = app.request({ path: '/cart' })
  await turns()
  expect(app.phone.at('/cart')).toHaveLength(0)
  slow.resolve(login('new'))
  await Promise.all([first, second])
  expect(app.phone.at('/cart').map(({ token }) => token)).toEqual(['new'])
})

test('an anonymous call is never recovered', async () => {
  const app = await startExpired()
  app.phone.answers['/open'] = () => noToken
  await expect(app.request({ path: '/open', anonymous: true })).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.phone.sent.map(({ path, token }) => [path, token])).toEqual([['/open', '']])
})

test('a call with a temporary token is never recovered', async () => {
  const app = await startExpired()
  await expect(app.api.updateUser({ nickname: 'Erin' }, 'temporary')).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.phone.sent.map(({ path, token }) => [path, token])).toEqual([['/login/updateUser', 'temporary']])
})

test('a call of somebody who logged out meanwhile is not sent again as whoever came next', async () => {
  const app = await startExpired()
  const slow = later<Envelope>()
  app.phone.answers['/orders'] = () => slow.promise
  const waiting = app.request({ path: '/orders', method: 'POST' })
  await turns()
  app.session.leave()
  app.session.login('bob')
  slow.resolve(noToken)
  await expect(waiting).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.phone.at('/orders')).toHaveLength(1)
  expect(app.session.token).toBe('bob')
})

test('a login by hand during a replay is not undone by its refusal', async () => {
  const app = await startExpired()
  const slow = later<Envelope>()
  app.phone.answers['/orders'] = ({ token }) => (token === 'new' ? slow.promise : noToken)
  const waiting = app.request({ path: '/orders' })
  while (app.phone.at('/orders').length < 2) await turns()
  app.session.login('by hand')
  slow.resolve(noToken)
  await expect(waiting).rejects.toBeInstanceOf(app.errors.NotLoggedIn)
  expect(app.session.token).toBe('by hand')
})

test('an unreachable server is one typed error and is asked again at the next call', async () => {
  const app = await startExpired()
  app.phone.answers['/login/silentLogin'] = () => Promise.reject(TIMEOUT)
  await expect(app.request({ path: '/orders' })).rejects.toBeInstanceOf(app.errors.Unreachable)
  expect(app.session.token).toBe('old')
  app.phone.answers['/login/silentLogin'] = () => login('new')
  await expect(app.request({ path: '/orders' })).resolves.toEqual({ path: '/orders' })
  expect(app.phone.loginPages).toBe(0)
})

test('WeChat giving no code is an unreachable server to the caller', async () => {
  const app = await startExpired()
  vi.stubGlobal('uni', { ...app.phone.uni(), login: ({ fail }: { fail: (error: object) => void }) => fail({ errMsg: 'login:fail' }) })
  await expect(app.request({ path: '/orders' })).rejects.toBeInstanceOf(app.errors.Unreachable)
})

test('a WeChat that never answers does not hang the callers', async () => {
  const app = await startExpired()
  await app.login.loadConfig()
  vi.stubGlobal('uni', { ...app.phone.uni(), login: () => undefined })
  vi.useFakeTimers()
  const failed = expect(app.request({ path: '/orders' })).rejects.toBeInstanceOf(app.errors.Unreachable)
  await vi.advanceTimersByTimeAsync(12_000)
  await failed
  vi.useRealTimers()
})

test('a limit at WeChat is told to the caller and asks for no second code', async () => {
  const app = await startExpired()
  app.phone.answers['/login/silentLogin'] = () => refused('wechat_rate_limited')
  for (const path of ['/orders', '/cart']) await expect(app.request({ path })).rejects.toMatchObject({ slug: 'wechat_rate_limited' })
  expect(app.phone.codes).toBe(1)
  expect(app.session.token).toBe('old')
})

test('a disabled account is logged out, and told why', async () => {
  const app = await startExpired()
  await app.phone.deepLink('/pages/home/home')
  app.phone.answers['/login/silentLogin'] = () => refused('account_disabled')
  for (const path of ['/orders', '/cart'])
    await expect(app.request({ path })).rejects.toMatchObject({ name: 'NotLoggedIn', slug: 'account_disabled', message: 'no: account_disabled' })
  expect([app.session.loggedIn, app.session.barred]).toEqual([false, 'no: account_disabled'])
  expect([app.phone.codes, app.phone.loginPages]).toEqual([1, 1])
})

test('a renewed token is kept for the calls that follow', async () => {
  const app = await startExpired()
  app.phone.valid.add('old')
  app.phone.headers = { 'x-renewed-token': 'renewed' }
  await app.request({ path: '/orders' })
  expect(app.phone.storage.get('session')).toMatchObject({ token: 'renewed' })
})

test('a renewal that arrives after a logout does not log in again', async () => {
  const app = await startExpired()
  app.phone.valid.add('old')
  app.phone.headers = { 'X-Renewed-Token': 'renewed' }
  const slow = later<Envelope>()
  app.phone.answers['/orders'] = () => slow.promise
  const waiting = app.request({ path: '/orders' })
  await turns()
  app.session.leave()
  slow.resolve(ok())
  await waiting
  expect(app.session.token).toBe('')
})

test('a refusal by a switch re-aligns the client', async () => {
  const app = await start()
  const config = { ...app.phone.config, mnp_wechat_auth: false }
  app.phone.answers['/login/authLogin'] = () => refused('authorized_login_disabled', { config })
  await expect(app.api.authLogin({ code: 'c', agreed: true })).rejects.toMatchObject({ slug: 'authorized_login_disabled' })
  expect(app.session.config).toEqual(config)
})

test("somebody else's page is no answer of ours", async () => {
  const app = await start()
  app.phone.answers['/open'] = () => '<html>' as unknown as Envelope
  await expect(app.request({ path: '/open', anonymous: true })).rejects.toBeInstanceOf(app.errors.Unreachable)
})
