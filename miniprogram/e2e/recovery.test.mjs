/** What happens to somebody who is logged in, or wants to be: a token ends, staff intervene, networks fail. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { calm, disable, endTokens, exchanges, expiredToken, member, server, stranger, switches, wechatSays } from './stage.mjs'

const HOME = '/pages/home/home'
const LOGIN = '/pages/login/login'
let phone

beforeEach(async () => {
  await server(true)
  await switches()
  await calm()
})

afterEach(() => assert.deepEqual(phone.complaints, []))

/** Ten calls and an upload of the app's own business, through the bundle's own module. */
function elevenCalls() {
  const { request } = phone.app.require('utils/request.js')
  const orders = Array.from({ length: 10 }, () => request({ path: '/demo/orders' }))
  return Promise.all([...orders, request({ path: '/upload/image', file: 'wxfile://picture.png' })])
}

function assertGood(answers) {
  assert.deepEqual(answers.slice(0, 10).map(({ orders }) => orders.length), Array(10).fill(3))
  assert.match(answers[10].url, /\/media\/avatars\//)
}

test('a token that expired costs one code exchange, and ten calls and an upload all get their results', async () => {
  phone = await member()
  await phone.open()
  const { request } = phone.app.require('utils/request.js')
  const session = phone.app.require('store/session.js').useSession()
  session.keep({ token: await expiredToken(phone) })
  await calm()

  const answers = await elevenCalls()

  assertGood(answers)
  assert.equal(await exchanges(), 1)
  assert.equal(phone.calls('/login/silentLogin').length, 2, 'one at the launch, one now')
  assert.equal(phone.calls('/demo/orders').length, 20, 'each was sent twice')
  assert.deepEqual(phone.pages, [HOME])
  assert.deepEqual(phone.toasts, [])
  assert.equal((await request({ path: '/demo/cart' })).count, 3)
})

test('tokens that end in the middle of ten calls and an upload cost one code exchange, and all get their results', async () => {
  phone = await member()
  await phone.open()
  await calm()
  const first = phone.sent.length
  const old = phone.token
  let gone
  phone.before = async (call) => {
    const early = phone.sent.indexOf(call) - first < 5
    if (early || call.token !== old) return
    // The others leave once the first five are answered and staff has ended the tokens.
    gone ??= (async () => {
      while (phone.sent.slice(first, first + 5).some(({ reply }) => !reply)) await new Promise((resolve) => setTimeout(resolve, 2))
      await endTokens(phone)
    })()
    await gone
  }

  const answers = await elevenCalls()

  assertGood(answers)
  assert.equal(await exchanges(), 1)
  assert.deepEqual(phone.sent.slice(first, first + 11).map(({ reply }) => reply.code), [...Array(5).fill(1), ...Array(6).fill(-1)])
  assert.notEqual(phone.token, old)
  assert.deepEqual(phone.pages, [HOME])
})

test('a late answer to a request with the old token is replayed without another login', async () => {
  phone = await member()
  await phone.open()
  const { request } = phone.app.require('utils/request.js')
  await endTokens(phone)
  await calm()
  const old = phone.token
  let release
  const held = new Promise((resolve) => (release = resolve))
  phone.before = (call) => (call.path === '/demo/cart' && call.token === old ? held : undefined)

  const late = request({ path: '/demo/cart' })
  await request({ path: '/demo/orders' })
  release()

  assert.equal((await late).count, 3)
  assert.equal(await exchanges(), 1)
})

test('ten calls of somebody whom silent login cannot help all end, and one login page opens', async () => {
  phone = stranger()
  await phone.open()
  await calm()

  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => phone.app.require('utils/request.js').request({ path: '/demo/orders' })))
  await phone.settle()

  assert.deepEqual(new Set(outcomes.map(({ reason }) => reason?.name)), new Set(['NotLoggedIn']))
  assert.deepEqual(phone.pages, [HOME, LOGIN])
  assert.ok((await exchanges()) <= 1)
})

test('a member disabled meanwhile is logged out and told why, and asks for one code only', async () => {
  phone = await member()
  await phone.open()
  await disable(phone)
  await calm()

  await phone.tap('open-orders')

  const [refused] = phone.calls('/login/silentLogin').slice(1)
  assert.equal(refused.reply.data.error, 'account_disabled')
  assert.equal(phone.token, '')
  assert.deepEqual(phone.pages, [HOME, '/pages/order/list', LOGIN])
  assert.match(phone.text, new RegExp(refused.reply.msg))
  assert.equal(await exchanges(), 1)
  await phone.tap('later')
  assert.deepEqual(phone.pages, [HOME])
  assert.ok(phone.sees('visitor'))
})

test('a disabled member who taps login is refused and stays on the login page', async () => {
  phone = await member()
  await disable(phone)
  await phone.open(LOGIN)

  await phone.tap('log-in')
  await phone.tap('agree-and-log-in')

  const [refused] = phone.calls('/login/authLogin')
  assert.equal(refused.reply.data.error, 'account_disabled')
  assert.equal(phone.textOf('problem'), refused.reply.msg)
  assert.deepEqual(phone.pages, [LOGIN])
})

test('while the server is away the app says so and stays usable, and works again when it is back', async () => {
  phone = await member()
  await phone.open()
  const { token } = phone
  await server(false)

  await phone.open('pages/order/list')
  assert.equal(phone.textOf('orders-problem'), '网络不通，请稍后再试 重试')
  assert.equal(phone.token, token, 'nobody is logged out by a network')
  await phone.tap('retry')
  assert.ok(phone.sees('orders-problem'))

  await server(true)
  await phone.tap('retry')
  assert.match(phone.text, /浅烘焙咖啡豆/)
  assert.equal(phone.token, token)
})

test('a stranger who opens the app without a server can log in when it is back', async () => {
  phone = stranger()
  await server(false)
  await phone.open()
  assert.ok(phone.sees('visitor'))
  await phone.tap('open-login')
  assert.ok(phone.sees('offline'))

  await server(true)
  await phone.tap('retry')
  await phone.tap('log-in')
  await phone.tap('agree-and-log-in')

  assert.ok(phone.sees('profile-form'))
})

test('when WeChat answers 45011 a returning user hears it, is not sent in circles, and gets in a little later', async () => {
  phone = await member()
  await phone.open()
  await endTokens(phone)
  await calm()
  await wechatSays(45011)

  await phone.tap('open-orders')

  const [limited] = phone.calls('/login/silentLogin').slice(1)
  assert.equal(limited.reply.data.error, 'wechat_rate_limited')
  assert.match(`${phone.text} ${phone.toasts}`, new RegExp(limited.reply.msg))
  assert.equal(phone.calls('/login/silentLogin').length, 2)

  await calm()
  await phone.open('pages/order/list')
  assert.match(phone.text, /浅烘焙咖啡豆/)
})

test('when WeChat answers 45011 to a tap the login page says so, and the next tap goes through', async () => {
  phone = stranger()
  await phone.open(LOGIN)
  await wechatSays(45011)
  await phone.tap('log-in')
  await phone.tap('agree-and-log-in')
  const [limited] = phone.calls('/login/authLogin')
  assert.equal(limited.reply.data.error, 'wechat_rate_limited')
  assert.equal(phone.textOf('problem'), limited.reply.msg)

  await calm()
  await phone.tap('log-in')

  assert.ok(phone.sees('profile-form'))
})

test('a phone that gets no code from WeChat tells it, and the app stays usable', async () => {
  phone = stranger()
  phone.givesCodes = false
  await phone.open()
  assert.ok(phone.sees('visitor'))
  await phone.tap('open-login')
  await phone.tap('log-in')
  await phone.tap('agree-and-log-in')

  assert.deepEqual(phone.calls('/login/authLogin'), [])
  assert.notEqual(phone.textOf('problem'), '')
})
