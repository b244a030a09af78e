import { expect, test } from 'vitest'
import { later, login, refused, start, stranger, TIMEOUT, turns, type Envelope } from './phone'

type App = Awaited<ReturnType<typeof start>>

async function visitor(at = '/pages/home/home'): Promise<App> {
  const app = await start()
  await app.phone.deepLink(at)
  return app
}

async function settle({ phone }: App): Promise<void> {
  for (let before = -1; before !== phone.sent.length; ) {
    before = phone.sent.length
    await turns()
  }
}

const WAYS: [string, (url: string) => unknown][] = [
  ['navigateTo', (url) => uni.navigateTo({ url, fail: () => undefined })],
  ['redirectTo', (url) => uni.redirectTo({ url, fail: () => undefined })],
  ['reLaunch', (url) => uni.reLaunch({ url, fail: () => undefined })],
]

test.each(WAYS)('%s to a protected page ends at the login page, and after the login there', async (_, go) => {
  const app = await visitor()
  go('/pages/order/list?status=paid&sn=a%20b')
  await settle(app)
  expect(app.phone.page).toBe('/pages/login/login')
  expect(app.phone.stack.map(({ route }) => route)).not.toContain('pages/order/list')
  app.session.login('new')
  app.router.comeBack()
  expect(app.phone.page).toBe('/pages/order/list?status=paid&sn=a%20b')
})

test('switchTab to a protected tab ends at the login page, and after the login at the tab', async () => {
  const app = await visitor()
  void uni.switchTab({ url: '/pages/vault/vault', fail: () => undefined })
  await settle(app)
  expect(app.phone.page).toBe('/pages/login/login')
  app.session.login('new')
  app.router.comeBack()
  expect(app.phone.page).toBe('/pages/vault/vault')
})

test('a deep link to a protected page is seen when the page shows, and is what one comes back to', async () => {
  const app = await visitor('/pages/order/list?status=paid')
  await settle(app)
  expect(app.phone.page).toBe('/pages/login/login')
  app.session.login('new')
  app.router.comeBack()
  await settle(app)
  expect(app.phone.stack.map(({ $page }) => $page.fullPath)).toEqual(['/pages/order/list?status=paid'])
})

test('back from the login page to a protected page goes home instead of asking again', async () => {
  const app = await visitor('/pages/order/list')
  await settle(app)
  await app.phone.back()
  await settle(app)
  expect(app.phone.page).toBe('/pages/home/home')
  expect(app.phone.loginPages).toBe(1)
})

test('back to a protected page after a logout asks for a login', async () => {
  const app = await visitor()
  app.session.login('new')
  await uni.navigateTo({ url: '/pages/order/list' })
  await uni.navigateTo({ url: '/pages/about/about' })
  app.session.leave()
  await app.phone.back()
  await settle(app)
  expect(app.phone.page).toBe('/pages/login/login')
})

test('a returning user is taken to the protected page without seeing a login page', async () => {
  const app = await visitor()
  app.phone.answers['/login/silentLogin'] = () => login('new')
  await uni.navigateTo({ url: '/pages/order/list?sn=1' })
  expect(app.phone.page).toBe('/pages/order/list?sn=1')
  expect(app.phone.loginPages).toBe(0)
})

test('a navigation that is awaited is told that it failed', async () => {
  await visitor()
  await expect(uni.navigateTo({ url: '/pages/order/list' })).rejects.toEqual({ errMsg: 'navigateTo:fail not logged in' })
})

test('an open page is nobody’s business', async () => {
  const app = await visitor()
  await uni.navigateTo({ url: '/pages/about/about' })
  expect(app.phone.page).toBe('/pages/about/about')
  expect(app.phone.sent).toEqual([])
})

test('several ways at once open one login page', async () => {
  const app = await visitor()
  WAYS.forEach(([, go]) => go('/pages/order/list'))
  void app.request({ path: '/cart' }).catch(() => undefined)
  await settle(app)
  expect(app.phone.loginPages).toBe(1)
})

test('the login page that a visitor opens leads back to where they were', async () => {
  const app = await visitor('/pages/my/my?from=card')
  await uni.navigateTo({ url: '/pages/login/login' })
  app.session.login('new')
  app.router.comeBack()
  await settle(app)
  expect(app.phone.page).toBe('/pages/my/my?from=card')
})

test('who declines on the login page is back where they were', async () => {
  const app = await visitor('/pages/my/my')
  await uni.navigateTo({ url: '/pages/login/login' })
  app.router.goAway()
  expect(app.phone.page).toBe('/pages/my/my')
})

test('who declines on a login page that stands alone comes home', async () => {
  const app = await visitor('/pages/login/login')
  app.router.goAway()
  expect(app.phone.page).toBe('/pages/home/home')
})

test('where one was going survives a restart on the login page', async () => {
  const { phone } = await visitor('/pages/order/list?sn=7')
  await turns()
  const app = await start(phone)
  await phone.deepLink('/pages/login/login')
  app.session.login('new')
  app.router.comeBack()
  expect(phone.page).toBe('/pages/order/list?sn=7')
})

test('a full stack of pages gives its top one to the login page', async () => {
  const app = await visitor()
  const real = uni.navigateTo.bind(uni)
  uni.navigateTo = ((call: { fail: (error: object) => void }) => call.fail({ errMsg: 'navigateTo:fail page stack overflow' })) as never
  app.router.openLoginPage()
  uni.navigateTo = real
  expect(app.phone.stack.map(({ route }) => route)).toEqual(['pages/login/login'])
})

test('no network is reported, and opens no login page', async () => {
  const app = await visitor()
  app.phone.answers['/login/silentLogin'] = () => Promise.reject(TIMEOUT)
  await expect(uni.navigateTo({ url: '/pages/order/list' })).rejects.toBeDefined()
  expect(app.reported).toEqual([expect.objectContaining({ name: 'Unreachable' })])
  expect(app.phone.loginPages).toBe(0)
})

test('a disabled account meets the login page, which says why', async () => {
  const app = await visitor()
  app.phone.answers['/login/silentLogin'] = () => refused('account_disabled')
  await expect(uni.navigateTo({ url: '/pages/order/list' })).rejects.toBeDefined()
  expect(app.phone.page).toBe('/pages/login/login')
  expect(app.session.barred).toBe('no: account_disabled')
})

test('a login page asked for twice at the same moment is one', async () => {
  const app = await visitor()
  const slow = later<Envelope>()
  app.phone.answers['/login/silentLogin'] = () => slow.promise
  WAYS.forEach(([, go]) => go('/pages/order/list'))
  slow.resolve(stranger())
  await settle(app)
  app.router.openLoginPage()
  app.router.openLoginPage()
  expect(app.phone.loginPages).toBe(1)
})
