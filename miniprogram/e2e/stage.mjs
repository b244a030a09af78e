/** The server of the tests, and what no phone can do to it; see `tests/miniprogram/stage.py`, which starts it. */

import { Phone } from './wechat/phone.mjs'

const { SERVER, SIMULATOR, STAGE } = process.env
if (!STAGE) throw new Error('These tests want a server: make test-e2e')

export const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGPkmhvEgA0wYRUdtBIAx1YBCXAkPEkAAAAASUVORK5CYII=',
  'base64',
)
const WECHAT_AVATAR = 'https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTIabcdefghijk/132'
const EXCHANGE = '/sns/jscode2session'
let people = 0

async function post(address, body, headers = {}) {
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`)
  return response.json()
}

/** Those not named are at their defaults. */
export const switches = (changed = {}) => post(`${STAGE}/switches`, changed)
export const disable = ({ person }) => post(`${STAGE}/person`, { name: person, what: 'disable' })
/** End every token that this account has. */
export const endTokens = ({ person }) => post(`${STAGE}/person`, { name: person, what: 'end_tokens' })
/** A token of this account that ended an hour ago. */
export const expiredToken = async ({ person }) => (await post(`${STAGE}/person`, { name: person, what: 'expired_token' })).token
export const server = (up) => post(`${STAGE}/server`, { up })

/** WeChat answers code exchanges with this error, until `calm`. */
export const wechatSays = (errcode) => post(`${SIMULATOR}/_control/faults`, { kind: 'errcode', errcode, path: EXCHANGE })
/** WeChat without faults, and nothing counted. */
export const calm = () => post(`${SIMULATOR}/_control/reset`, {})

/** How many codes the server has exchanged at WeChat. */
export async function exchanges() {
  const response = await fetch(`${SIMULATOR}/_control/calls`)
  return (await response.json()).calls[EXCHANGE] ?? 0
}

/** Somebody whom nobody has seen before, with a phone. */
export function stranger() {
  people += 1
  const phone = new Phone(`visitor${process.pid}x${people}`, SERVER)
  phone.files.set('wxfile://picture.png', PICTURE)
  return phone
}

/** Somebody with a complete profile, on a phone that has never opened the app. */
export async function member({ nickname = 'Alice', mobile } = {}) {
  const phone = stranger()
  const { data } = await post(`${SERVER}/api/login/authLogin`, { code: `sim-${phone.person}-0`, agreed: true })
  const profile = { nickname, avatar: WECHAT_AVATAR, ...(mobile && { mobile_code: `phone-${mobile}-${phone.person}` }) }
  await post(`${SERVER}/api/login/updateUser`, profile, { token: data.token })
  return phone
}
