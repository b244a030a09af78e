/**
 * Every call to the server. One that is told "no usable token" waits for one silent login, however many calls were told
 * so, and is sent once more.
 */

import type { AppConfig } from '@/api/types'
import { useSession } from '@/store/session'
import { NotLoggedIn, Refused, Unreachable } from './errors'

export interface Call {
  path: string
  method?: 'GET' | 'POST'
  data?: Record<string, unknown>
  /** A local file to upload as `file`. */
  file?: string
  /** Send this token and not the stored one, and never recover: it is the temporary one of an unfinished login. */
  token?: string
  /** Send no token and never recover: it is a login, or open to everybody. */
  anonymous?: boolean
  /** Do not open the login page when silent login cannot help. */
  quiet?: boolean
}

export interface Recovery {
  /** Resolves when the session has a new token; rejects with why it has none. */
  login(): Promise<void>
  /** Resolves when no login is under way. */
  settled(): Promise<void>
  /** The token that a login has just given is no good either. */
  lost(): void
  /** Open the login page, unless it is open. */
  ask(): void
}

interface Reply {
  status: number
  code: number
  msg: string
  data: Record<string, unknown>
}

type Headers = Record<string, string>

export const settings = {
  baseUrl: '',
  timeout: 10_000,
  uploadTimeout: 60_000,
  /** Sent with every call; `Accept-Language`, `X-Wechat-App`. */
  headers: (): Headers => ({}),
}

let recovery: Recovery | null = null

/** Who recovers a lost token; without one, `-1` rejects the call. */
export function recoverWith(given: Recovery | null): void {
  recovery = given
}

/**
 * `data` of the answer. Rejects with `Refused`, `NotLoggedIn` or `Unreachable`.
 */
export async function request<T>(call: Call): Promise<T> {
  const reply = call.anonymous || call.token !== undefined ? await send(call, call.token ?? '') : await sendLoggedIn(call)
  return result<T>(reply)
}

async function sendLoggedIn(call: Call): Promise<Reply> {
  await recovery?.settled()
  const session = useSession()
  const { token, exits } = session
  const reply = await send(call, token)
  if (reply.code !== -1 || !recovery) return reply
  // They logged out while it was under way, and whoever is logged in now may be somebody else.
  if (session.exits !== exits) return reply
  // Another token by now: the login that this call needs has happened while it was under way.
  if (session.token === token || !session.token) await recovered(call, recovery)
  const fresh = session.token
  const again = await send(call, fresh)
  if (again.code === -1 && session.token === fresh) lost(call, recovery)
  return again
}

async function recovered(call: Call, by: Recovery): Promise<void> {
  try {
    await by.login()
  } catch (error) {
    if (error instanceof NotLoggedIn && !call.quiet) by.ask()
    throw error
  }
}

/** The fresh token was refused, too: a third try would be a loop. */
function lost(call: Call, by: Recovery): void {
  by.lost()
  if (!call.quiet) by.ask()
}

function result<T>({ code, msg, data, status }: Reply): T {
  if (code === 1) return data as T
  // A refusal by a switch says how the switches are now.
  if (data.config) useSession().config = data.config as AppConfig
  if (code === -1) throw new NotLoggedIn(msg)
  throw new Refused((data.error as string | undefined) ?? '', msg, data, status)
}

function send(call: Call, token: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const common = {
      url: settings.baseUrl + call.path,
      header: { ...settings.headers(), ...(token && { token }) },
      timeout: call.file ? settings.uploadTimeout : settings.timeout,
      fail: ({ errMsg }: { errMsg: string }) => reject(new Unreachable(errMsg)),
    }
    const success = (response: { statusCode: number; data: unknown; header?: Headers }) => {
      renew(response.header, token)
      const reply = parse(response.statusCode, response.data)
      if (reply) resolve(reply)
      else reject(new Unreachable(`HTTP ${response.statusCode}`))
    }
    if (call.file) uni.uploadFile({ ...common, filePath: call.file, name: 'file', formData: call.data, success })
    else uni.request({ ...common, method: call.method ?? 'GET', data: call.data, success })
  })
}

/** Keep the token that the server sends before the old one ends. */
function renew(headers: Headers | undefined, token: string): void {
  const session = useSession()
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === 'x-renewed-token')
  const renewed = name && headers?.[name]
  if (renewed && token && session.token === token) session.keep({ token: renewed })
}

/** Our envelope, or null; an upload's answer arrives as text. */
function parse(status: number, body: unknown): Reply | null {
  const value = typeof body === 'string' ? fromJson(body) : body
  if (typeof value !== 'object' || value === null) return null
  const { code, msg, data } = value as Partial<Reply>
  if (typeof code !== 'number') return null
  return { status, code, msg: msg ?? '', data: data ?? {} }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
