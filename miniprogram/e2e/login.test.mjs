/** The ways in: who comes, what they see and tap, what is sent. The built bundle against a live server. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { calm, exchanges, member, stranger, switches } from './stage.mjs'

const HOME = '/pages/home/home'
const MY = '/pages/my/my'
const LOGIN = '/pages/login/login'
const ORDERS = '/pages/order/list?status=paid'
const OPENING = ['GET /config', 'POST /login/silentLogin']
const AFTER_LOGIN = ['GET /user/info', 'GET /demo/cart']
let phone

beforeEach(async () => {
  await switches()
  await calm()
})

afterEach(() => assert.deepEqual(phone.complaints, []))

const since = (count) => phone.requests.slice(count)

/** To the end of the profile sheet, which is left open. */
async function tapLogin() {
  await phone.tap('log-in')
  await phone.tap('agree-and-log-in')
}

async function complete(nickname) {
  await phone.tap('choose-avatar', { avatarUrl: 'wxfile://picture.png' })
  await phone.type('nickname', nickname)
  await phone.tap('save-profile')
}

test('a returning user is logged in without seeing or tapping anything', async () => {
  phone = await member({ nickname: 'Alice', mobile: '13800138000' })

  await phone.open()

  assert.equal(phone.textOf('hello'), '你好，Alice')
  assert.equal(phone.textOf('cart-count'), '3')
  assert.deepEqual(phone.pages, [HOME])
  assert.deepEqual(phone.said, [])
  assert.deepEqual(phone.requests, [...OPENING, ...AFTER_LOGIN])
  assert.equal(phone.calls('/user/info')[0].token, phone.token)
})

test('a returning user who comes by a link to a protected page sees it, loaded once', async () => {
  phone = await member()

  await phone.open(ORDERS)

  assert.deepEqual(phone.pages, [ORDERS])
  assert.match(phone.text, /浅烘焙咖啡豆 500 克/)
  assert.deepEqual(phone.requests, [...OPENING, ...AFTER_LOGIN, 'GET /demo/orders'])
})

test('a returning user whose token is good asks WeChat for nothing', async () => {
  phone = await member()
  await phone.open()
  await calm()

  await phone.open()

  assert.equal(phone.textOf('hello'), '你好，Alice')
  assert.deepEqual(phone.calls('/login/silentLogin'), [])
  assert.equal(await exchanges(), 0)
})

test('a new user stays logged out until the profile is complete, and comes back to where they were going', async () => {
  phone = stranger()
  await phone.open()
  assert.ok(phone.sees('visitor'))
  await phone.tap('open-orders')
  assert.deepEqual(phone.pages, [HOME, LOGIN])
  const before = phone.requests.length

  await phone.tap('log-in')
  assert.match(phone.text, /请先阅读并同意协议/)
  assert.deepEqual(since(before), [], 'nothing is sent before the consent')
  await phone.tap('agree-and-log-in')

  const [registered] = phone.calls('/login/authLogin')
  assert.equal(registered.data.agreed, true)
  assert.equal(registered.reply.data.next_step, 'complete_profile')
  assert.match(phone.text, /完善资料/)
  assert.equal(phone.token, '', 'nobody is logged in by a temporary token')

  await complete('Alice')

  const [upload] = phone.calls('/upload/image')
  const [update] = phone.calls('/login/updateUser')
  assert.deepEqual([upload.token, update.token], Array(2).fill(registered.reply.data.token))
  assert.deepEqual(update.data, { nickname: 'Alice', avatar: upload.reply.data.url })
  assert.equal(phone.token, update.reply.data.token)
  assert.deepEqual(phone.toasts, ['登录成功'])
  assert.deepEqual(phone.pages, [HOME, '/pages/order/list'])
  assert.match(phone.text, /浅烘焙咖啡豆 500 克/)
  assert.equal(phone.calls('/demo/orders').at(-1).reply.code, 1)

  await phone.open()
  assert.equal(phone.textOf('hello'), '你好，Alice')
})

test('who declines the agreements has sent nothing and can look around', async () => {
  phone = stranger()
  await phone.open(LOGIN)
  const before = phone.requests.length

  await phone.tap('log-in')
  await phone.tap('decline')
  await phone.tap('later')

  assert.deepEqual(phone.pages, [HOME])
  assert.ok(phone.sees('visitor'))
  assert.deepEqual(since(before), [])
  await phone.tap('read-privacy')
  assert.equal(phone.textOf('agreement-title'), '隐私政策（模板）')
})

test('who cancels the profile stays logged out, and is asked again the next time', async () => {
  phone = stranger()
  await phone.open(LOGIN)
  await tapLogin()

  await phone.tap('cancel-profile')

  assert.equal(phone.token, '')
  assert.ok(!phone.sees('profile-form'))
  assert.deepEqual(phone.calls('/login/updateUser'), [])
  await phone.open()
  assert.ok(phone.sees('visitor'), 'silent login alone does not log a new user in')
  await phone.tap('open-login')
  await tapLogin()
  assert.ok(phone.sees('profile-form'))
})

test('the profile sheet says what is missing, and what the server refuses', async () => {
  phone = stranger()
  await phone.open(LOGIN)
  await tapLogin()

  await phone.tap('save-profile')
  assert.equal(phone.textOf('profile-problem'), '请选择头像')
  await phone.tap('choose-avatar', { avatarUrl: 'wxfile://picture.png' })
  await phone.tap('save-profile')
  assert.equal(phone.textOf('profile-problem'), '请填写昵称')
  await phone.type('nickname', '官方客服')
  await phone.tap('save-profile')

  const [refused] = phone.calls('/login/updateUser')
  assert.equal(refused.reply.data.error, 'nickname_rejected')
  assert.equal(phone.textOf('profile-problem'), refused.reply.msg)
  await phone.type('nickname', 'Alice')
  await phone.tap('save-profile')
  assert.deepEqual(phone.toasts, ['登录成功'])
  assert.equal(phone.calls('/upload/image').length, 1, 'the picture is there already')
})

test('who logs out is not logged in silently until they tap login', async () => {
  phone = await member()
  await phone.open()
  await phone.tab('pages/my/my')

  await phone.tap('logout')
  await phone.open()

  assert.ok(phone.sees('visitor'))
  assert.deepEqual(phone.calls('/login/silentLogin'), [])
  await phone.tap('open-login')
  await tapLogin()
  assert.equal(phone.textOf('hello'), '你好，Alice')
})

for (const [how, query, scene] of [['the link', 'invite=SPRING26', 1007], ['a mini-program code', 'scene=invite%3DSPRING26', 1047]]) {
  test(`an invite code in ${how} survives the login`, async () => {
    phone = stranger()
    await phone.open(`${HOME}?${query}`, scene)
    assert.match(phone.textOf('invited'), /SPRING26/)
    await phone.tap('open-login')
    await tapLogin()
    await complete('Alice')

    await phone.tab('pages/my/my')

    assert.equal(phone.textOf('invite'), 'SPRING26')
  })
}

test('an invite code in a link that is opened while the app is open survives the login', async () => {
  phone = stranger()
  await phone.open()
  await phone.comeBack({ invite: 'SUMMER26' })

  await phone.tap('open-login')
  await tapLogin()
  await complete('Alice')
  await phone.tab('pages/my/my')

  assert.equal(phone.textOf('invite'), 'SUMMER26')
})

test('the login page leads back to the tab where one was', async () => {
  phone = stranger()
  await phone.open()
  await phone.tab('pages/my/my')

  await phone.tap('open-login')
  await tapLogin()
  await complete('Alice')

  assert.deepEqual(phone.pages, [MY])
  assert.equal(phone.textOf('name'), 'Alice')
})

test('the query of the page where one was going arrives as it was', async () => {
  phone = stranger()
  await phone.open('/pages/order/list?status=paid&from=a%20b%26c')
  await tapLogin()
  await complete('Alice')

  assert.deepEqual(phone.app.page.options, { status: 'paid', from: 'a%20b%26c' })
})

test('with coerce_mobile on a new user binds a number before being logged in', async () => {
  await switches({ coerce_mobile: true })
  phone = stranger()
  await phone.open(ORDERS)
  await tapLogin()
  await complete('Alice')
  assert.equal(phone.calls('/login/updateUser')[0].reply.data.next_step, 'bind_mobile')
  assert.ok(phone.sees('bind-mobile'))
  assert.equal(phone.token, '')

  await phone.tap('bind', { errMsg: 'getPhoneNumber:fail user deny' })
  assert.equal(phone.textOf('problem'), '未授权手机号，登录尚未完成')
  assert.deepEqual(phone.calls('/user/bindMobile'), [])
  await phone.tap('bind', { code: `phone-13900139000-${phone.person}` })

  const [bound] = phone.calls('/user/bindMobile')
  assert.deepEqual([bound.data, bound.token], [{ code: `phone-13900139000-${phone.person}` }, phone.calls('/login/updateUser')[0].reply.data.token])
  assert.equal(phone.token, bound.reply.data.token)
  assert.deepEqual(phone.pages, [ORDERS])
  assert.match(phone.text, /浅烘焙咖啡豆/)
})

test('with coerce_mobile on a member without a number is asked for it, and only for it', async () => {
  phone = await member()
  await phone.open()
  await switches({ coerce_mobile: true })

  await phone.tap('open-orders')

  assert.ok(phone.sees('bind-mobile'))
  assert.ok(!phone.sees('log-in'))
  assert.equal(phone.token, '')
  await phone.tap('bind', { code: `phone-13700137000-${phone.person}` })
  assert.deepEqual(phone.calls('/login/authLogin'), [])
  assert.deepEqual(phone.pages, [HOME, '/pages/order/list'])
  assert.match(phone.text, /浅烘焙咖啡豆/)
})

test('with coerce_mobile on a member with a number notices nothing', async () => {
  phone = await member({ mobile: '13600136000' })
  await switches({ coerce_mobile: true })

  await phone.open(ORDERS)

  assert.deepEqual(phone.pages, [ORDERS])
  assert.match(phone.text, /浅烘焙咖啡豆/)
})

test('with mnp_auto_wechat_auth off no code is sent before a tap, which then logs a member in', async () => {
  phone = await member()
  await switches({ mnp_auto_wechat_auth: false })
  await calm()

  await phone.open()

  assert.ok(phone.sees('visitor'))
  assert.deepEqual(phone.requests, ['GET /config'])
  assert.equal(await exchanges(), 0)
  await phone.tap('open-login')
  await tapLogin()
  assert.deepEqual(phone.pages, [HOME])
  assert.equal(phone.textOf('hello'), '你好，Alice')
})

test('with mnp_wechat_auth off a member is logged in silently, and a stranger sees that login is closed', async () => {
  phone = await member()
  await switches({ mnp_wechat_auth: false })
  await phone.open()
  assert.equal(phone.textOf('hello'), '你好，Alice')

  phone = stranger()
  await phone.open()
  await phone.tap('open-orders')

  assert.deepEqual(phone.pages, [HOME, LOGIN])
  assert.match(phone.text, /登录暂未开放/)
  assert.ok(!phone.sees('log-in'))
  await phone.tap('later')
  assert.deepEqual(phone.pages, [HOME])
})

test('mnp_wechat_auth switched off behind an open login page closes it at the next tap', async () => {
  phone = stranger()
  await phone.open(LOGIN)
  await switches({ mnp_wechat_auth: false })

  await tapLogin()

  assert.equal(phone.calls('/login/authLogin')[0].reply.data.error, 'authorized_login_disabled')
  assert.match(phone.text, /登录暂未开放/)
  assert.ok(!phone.sees('log-in'))
})

test('with both login ways off everybody sees that login is closed, and the shop window stays open', async () => {
  phone = await member()
  await switches({ mnp_auto_wechat_auth: false, mnp_wechat_auth: false })

  await phone.open(ORDERS)

  assert.match(phone.text, /登录暂未开放/)
  await phone.tap('later')
  assert.deepEqual(phone.pages, [HOME])
  assert.ok(phone.sees('visitor'))
})
