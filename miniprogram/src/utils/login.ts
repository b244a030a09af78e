/**
 * Silent login: the recovery of a call that lost its token, and the check when the app opens.
 *
 * `toLogin` is one login however many ask for it; `mnpLogin` is what it does in a mini-program. What only a person can do
 * is left to the login page, which `router` opens.
 */

import { getConfig, silentLogin } from '@/api/app'
import type { AppConfig, LoginAnswer, NextStep } from '@/api/types'
import { type Launch, useSession } from '@/store/session'
import { NotLoggedIn } from './errors'

/** How long "this visitor is not logged in" stays true without asking WeChat again. */
const REMEMBER_MS = 2000
const CONFIG_MS = 60_000
const CODE_TIMEOUT_MS = 10_000

/** Runs when somebody is logged in; `launch` is how the app was opened, with an invite code perhaps. */
export type AfterLogin = (launch: Launch | null) => unknown

const hooks: AfterLogin[] = []
let codes: () => Promise<string> = wechatCode
let running: Promise<NextStep> | null = null
let remembered: { step: NextStep; until: number } | null = null
let loading: Promise<AppConfig> | null = null
let loadedAt = 0
let launching: Promise<boolean> = Promise.resolve(false)

/** Register what runs after each login. Its calls should be `quiet`: it also runs when the app opens. */
export function afterLogin(hook: AfterLogin): void {
  hooks.push(hook)
}

/** Where codes come from outside WeChat; an empty one says that nobody is there to be logged in. */
export function codesFrom(source: () => Promise<string>): void {
  codes = source
}

/** A login code, good for one call. Rejects when WeChat gives none. */
export const getCode = (): Promise<string> => codes()

function wechatCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.login({
      timeout: CODE_TIMEOUT_MS,
      success: ({ code }) => resolve(code),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  })
}

/** Log in silently, once for all who ask meanwhile. Rejects with `NotLoggedIn` when the visitor has to do something. */
export async function toLogin(): Promise<void> {
  running ??= step().finally(() => (running = null))
  if ((await running) !== '') throw new NotLoggedIn()
}

/** Resolves when no silent login is under way. */
export async function settled(): Promise<void> {
  await running?.catch(() => undefined)
}

async function step(): Promise<NextStep> {
  if (remembered && Date.now() < remembered.until) return remembered.step
  const answered = await mnpLogin()
  remembered = answered ? { step: answered, until: Date.now() + REMEMBER_MS } : null
  return answered
}

/** Ask WeChat and the server who this is, and log a returning user in. What is left to do is the answer. */
export async function mnpLogin(): Promise<NextStep> {
  const session = useSession()
  if (session.left) return 'authorize'
  const before = session.token
  const config = session.config ?? (await loadConfig())
  const code = config.mnp_auto_wechat_auth ? await getCode() : ''
  const answer = code ? await silentLogin({ code }) : null
  // They tapped login, or logged out, while this was under way.
  if (session.left || session.token !== before) return session.token ? '' : 'authorize'
  if (answer && isComplete(answer)) loggedIn(answer)
  else session.refuse(answer)
  return answer?.next_step ?? (config.mnp_wechat_auth ? 'authorize' : 'closed')
}

/** A new user stays logged out until the authorised login, whatever token came along. */
export const isComplete = (answer: LoginAnswer): boolean =>
  answer.token !== '' && !answer.is_new_user && answer.next_step === ''

/** Keep the token and run what the app registered. */
export function loggedIn(answer: LoginAnswer): void {
  forget()
  useSession().login(answer.token)
  void runHooks()
}

/** A hook that fails undoes nothing. None is waited for by a login, because its calls wait for that login. */
async function runHooks(): Promise<void> {
  const session = useSession()
  const { launch } = session
  session.keep({ launch: null })
  await Promise.allSettled(hooks.map(async (hook) => hook(launch)))
}

/** Ask again at the next occasion, because the visitor has changed. */
export function forget(): void {
  remembered = null
}

/** The switches and agreements, as they are now. */
export function loadConfig(): Promise<AppConfig> {
  loading ??= getConfig().then(keepConfig).finally(() => (loading = null))
  return loading
}

/** For each time the app comes to the foreground: switches may have changed meanwhile. */
export async function refreshConfig(): Promise<void> {
  if (Date.now() - loadedAt > CONFIG_MS) await loadConfig().catch(() => undefined)
}

function keepConfig(config: AppConfig): AppConfig {
  loadedAt = Date.now()
  useSession().config = config
  return config
}

/** Once, when the app opens: keep how it was opened, and log a returning user in without showing anything. */
export function launched(how: Launch): void {
  const session = useSession()
  if (!session.launch || Object.keys(how.query).length) session.keep({ launch: how })
  launching = check()
}

/** Whether the visitor is logged in, as soon as the check of the launch knows. Never rejects. */
export const ready = (): Promise<boolean> => launching

async function check(): Promise<boolean> {
  const session = useSession()
  // The hooks' calls are what finds out that a stored token has ended.
  if (session.token) await runHooks()
  else await toLogin().catch(() => undefined)
  return session.loggedIn
}
