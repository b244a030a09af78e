/** `wx.request` and `wx.uploadFile` over real HTTP. The phone keeps every call, and may hold one back. */

import { copy } from './instance.mjs'

async function exchange(phone, { url, header = {}, timeout = 60_000 }, method, data, body) {
  const { pathname, search } = new URL(url)
  const call = { method, path: pathname.replace(/^\/api/, ''), token: header.token ?? '', data: copy(data), status: 0, reply: null }
  phone.sent.push(call)
  await phone.before(call)
  // The bundle knows the address that it was built for; the server of the tests is elsewhere.
  const response = await fetch(phone.server + pathname + search, { method, headers: header, body, signal: AbortSignal.timeout(timeout) })
  const text = await response.text()
  Object.assign(call, { status: response.status, reply: parsed(text) })
  return { statusCode: response.status, data: text, header: Object.fromEntries(response.headers) }
}

export async function send(phone, options) {
  const { method, data } = options
  const header = { 'content-type': 'application/json', ...options.header }
  const body = method === 'POST' ? JSON.stringify(data ?? {}) : undefined
  const answer = await exchange(phone, { ...options, header }, method, data, body)
  return { ...answer, data: parsed(answer.data) }
}

export function upload(phone, options) {
  const form = new FormData()
  form.append(options.name, new Blob([phone.files.get(options.filePath)]), 'picture.png')
  return exchange(phone, options, 'POST', options.filePath, form)
}

/** What is no JSON stays a text, as in WeChat. */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
