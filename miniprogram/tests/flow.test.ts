import { expect, test, vi } from 'vitest'
import { later, login, noToken, ok, Phone, refused, start, stranger, TIMEOUT, turns, type Envelope } from './phone'

async function openPage(phone = new Phone()) {
  const app = await start(phone)
  const done = vi.fn()
  const page = app.flow.useLoginFlow(done)
  await page.open()
  phone.sent = []
  return { ...app, page, done }
}

const fresh = (rest = {}) => login('first', { is_new_user: true, next_step: 'complete_profile', ...rest })
const ERIN = { nickname: 'Erin', file: 'wxfile://tmp_1' }

async function openPopup() {
  const app = await openPage()
  app.phone.answers['/login/authLogin'] = () => fresh()
  app.phone.answers['/upload/image'] = () => ok({ url: 'https://pictures/1.jpg', uri: '1.jpg' })
  await app.page.agree()
  return app
}

test('nothing is sent before the agreements are accepted', async () => {
  const { phone, page } = await openPage()
  await page.tap()
  expect(page.asking.value).toBe(true)
  expect([phone.sent, phone.codes]).toEqual([[], 0])
})

test('who declines is asked nothing and stays a visitor', async () => {
  const { phone, page, session } = await openPage()
  await page.tap()
  page.decline()
  expect([page.asking.value, page.step.value, page.agreed.value]).toEqual([false, 'start', false])
  expect([phone.sent, phone.codes, session.loggedIn]).toEqual([[], 0, false])
})

test('a returning user is logged in with one tap', async () => {
  const { phone, page, session, done } = await openPage()
  phone.answers['/login/authLogin'] = () => login('full')
  page.agreed.value = true
  await page.tap()
  expect(phone.at('/login/authLogin').map(({ data }) => data)).toEqual([{ code: 'code-1', agreed: true }])
  expect([session.token, page.step.value, done.mock.calls.length]).toEqual(['full', 'done', 1])
})

test('a new user completes the profile with the temporary token, and only then is logged in', async () => {
  const { phone, page, session, done } = await openPopup()
  expect([page.step.value, session.token]).toEqual(['profile', ''])
  phone.answers['/login/updateUser'] = () => login('full')
  await page.complete(ERIN)
  expect(phone.at('/upload/image').map(({ token, file }) => [token, file])).toEqual([['first', ERIN.file]])
  expect(phone.at('/login/updateUser').map(({ token, data }) => [token, data])).toEqual([
    ['first', { nickname: 'Erin', avatar: 'https://pictures/1.jpg' }],
  ])
  expect([session.token, done.mock.calls.length]).toEqual(['full', 1])
})

test('an empty popup sends nothing', async () => {
  const { phone, page } = await openPopup()
  const before = phone.sent.length
  await page.complete({ nickname: 'Erin', file: '' })
  expect(page.problem.value).toBe('Please choose a picture')
  await page.complete({ nickname: '', file: ERIN.file })
  expect(page.problem.value).toBe('Please fill in a nickname')
  expect(phone.sent).toHaveLength(before)
})

test('a rejected nickname leaves the popup open, and the picture is not uploaded twice', async () => {
  const { phone, page } = await openPopup()
  phone.answers['/login/updateUser'] = () => refused('nickname_rejected')
  await page.complete({ ...ERIN, nickname: 'official' })
  expect([page.step.value, page.problem.value]).toEqual(['profile', 'no: nickname_rejected'])
  phone.answers['/login/updateUser'] = () => login('full')
  await page.complete(ERIN)
  expect(phone.at('/upload/image')).toHaveLength(1)
})

test('cancelling the popup keeps the visitor logged out', async () => {
  const { page, session, done } = await openPopup()
  page.cancel()
  expect([page.step.value, session.token, session.pending]).toEqual(['start', '', null])
  expect(done).not.toHaveBeenCalled()
})

test('an answer that arrives after cancelling logs nobody in', async () => {
  const { phone, page, session, done } = await openPopup()
  const slow = later<Envelope>()
  phone.answers['/login/updateUser'] = () => slow.promise
  const waiting = page.complete(ERIN)
  while (!phone.at('/login/updateUser').length) await turns()
  page.cancel()
  slow.resolve(login('full'))
  await waiting
  expect([session.token, page.step.value, page.busy.value]).toEqual(['', 'start', false])
  expect(done).not.toHaveBeenCalled()
})

test('a temporary token that has ended leads back to the button', async () => {
  const { phone, page } = await openPopup()
  phone.answers['/login/updateUser'] = () => noToken
  await page.complete(ERIN)
  expect([page.step.value, page.problem.value]).toEqual(['start', 'That took too long, please log in again'])
  expect(phone.at('/login/silentLogin')).toEqual([])
})

test('the number is asked for where the server asks for it', async () => {
  const { phone, page, session, done } = await openPopup()
  phone.answers['/login/updateUser'] = () => login('second', { next_step: 'bind_mobile' })
  await page.complete(ERIN)
  expect([page.step.value, session.token]).toEqual(['mobile', ''])
  phone.answers['/user/bindMobile'] = () => login('full', { mobile: '13800138000' })
  await page.bind('phone-code')
  expect(phone.at('/user/bindMobile').map(({ token, data }) => [token, data])).toEqual([['second', { code: 'phone-code' }]])
  expect([session.token, done.mock.calls.length]).toEqual(['full', 1])
})

test('a number of somebody else is refused with the server’s sentence', async () => {
  const { phone, page, session } = await openPage()
  phone.answers['/login/authLogin'] = () => login('owing', { next_step: 'bind_mobile' })
  phone.answers['/user/bindMobile'] = () => refused('mobile_taken')
  await page.agree()
  await page.bind('phone-code')
  expect([page.step.value, page.problem.value, session.token]).toEqual(['mobile', 'no: mobile_taken', ''])
})

test('a member whom silent login found to owe a number is asked for it at once', async () => {
  const app = await start()
  app.phone.answers['/login/silentLogin'] = () => login('owing', { next_step: 'bind_mobile' })
  await app.login.mnpLogin()
  const page = app.flow.useLoginFlow(() => undefined)
  await page.open()
  expect(page.step.value).toBe('mobile')
})

test('with authorised login switched off there is no button', async () => {
  const phone = new Phone()
  phone.config.mnp_wechat_auth = false
  const { page } = await openPage(phone)
  expect([page.step.value, page.canReturn.value]).toEqual(['closed', false])
})

test('a switch thrown while the page is open takes the button away', async () => {
  const { phone, page } = await openPage()
  phone.answers['/login/authLogin'] = () => refused('authorized_login_disabled', { config: { ...phone.config, mnp_wechat_auth: false } })
  await page.agree()
  expect([page.step.value, page.problem.value]).toEqual(['closed', 'no: authorized_login_disabled'])
})

test('who logged out by hand comes back silently where no new login is possible', async () => {
  const phone = new Phone()
  phone.storage.set('session', { left: true })
  phone.config.mnp_wechat_auth = false
  const { page, session, done } = await openPage(phone)
  expect(page.canReturn.value).toBe(true)
  phone.answers['/login/silentLogin'] = () => login('full')
  await page.comeBackSilently()
  expect([session.token, done.mock.calls.length]).toEqual(['full', 1])
})

test('who cannot be brought back silently is told so', async () => {
  const phone = new Phone()
  phone.storage.set('session', { left: true })
  phone.config.mnp_wechat_auth = false
  phone.answers['/login/silentLogin'] = stranger
  const { page } = await openPage(phone)
  await page.comeBackSilently()
  expect([page.step.value, page.problem.value]).toEqual(['closed', 'Please log in first'])
})

test('a closed login says so whatever the server answers', async () => {
  const { phone, page } = await openPage()
  phone.answers['/login/authLogin'] = () => login('', { is_new_user: true, next_step: 'closed' })
  await page.agree()
  expect(page.step.value).toBe('closed')
})

test('a disabled account is shown why before and after a tap', async () => {
  const app = await start()
  app.phone.answers['/login/silentLogin'] = () => refused('account_disabled')
  app.phone.answers['/login/authLogin'] = () => refused('account_disabled')
  await app.login.toLogin().catch(() => undefined)
  const page = app.flow.useLoginFlow(() => undefined)
  await page.open()
  expect([page.step.value, page.problem.value]).toEqual(['start', 'no: account_disabled'])
  await page.agree()
  expect([page.step.value, page.problem.value, page.busy.value]).toEqual(['start', 'no: account_disabled', false])
})

test('a server that cannot be reached can be tried again', async () => {
  const phone = new Phone()
  phone.answers['/config'] = () => Promise.reject(TIMEOUT)
  const { page } = await openPage(phone)
  expect(page.step.value).toBe('offline')
  delete phone.answers['/config']
  await page.open()
  expect(page.step.value).toBe('start')
})

test('a failed login leaves the button to try again, with a new code', async () => {
  const { phone, page, session } = await openPage()
  phone.answers['/login/authLogin'] = () => Promise.reject(TIMEOUT)
  await page.agree()
  expect([page.problem.value, page.busy.value]).toEqual(['No connection, please try again', false])
  phone.answers['/login/authLogin'] = () => login('full')
  await page.tap()
  expect(phone.at('/login/authLogin').map(({ data }) => data.code)).toEqual(['code-1', 'code-2'])
  expect(session.token).toBe('full')
})

test('a double tap is one login', async () => {
  const { phone, page } = await openPage()
  phone.answers['/login/authLogin'] = () => login('full')
  page.agreed.value = true
  await Promise.all([page.tap(), page.tap()])
  expect(phone.at('/login/authLogin')).toHaveLength(1)
})
