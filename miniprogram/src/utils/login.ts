/**
 * Silent login: the recovery of a call that lost its token, and the check when the app opens.
 *
 * `toLogin` is one login however many ask for it; `mnpLogin` is what it does in a mini-program. What only a person can do
 * is left to the login page, which `router` opens.
 */

import { getConfig, silentLogin } from '@/api/app'
import type { AppConfig, LoginAnswer, NextStep } from '@/api/types'
import { type Launch, useSession } from '@/store/session'
import { NotLoggedIn, Refused, Unreachable } from './errors'

/** How long "this visitor cannot be logged in" stays true without asking WeChat again. */
const REMEMBER_MS = 2000
const CONFIG_MS = 60_000
const CODE_TIMEOUT_MS = 10_000

/** Runs when somebody is logged in; `launch` is how the app was opened, with an invite code perhaps. */
export type AfterLogin = (launch: Launch | null) => unknown

const hooks: AfterLogin[] = []
let codes: () => Promise<string> = wechatCode
let running: Promise<NextStep> | null = null
let remembered: { outcome: Promise<NextStep>; until: number } | null = null
let loading: Promise<AppConfig> | null = null
let loadedAt = 0
let launching: Promise<void> = Promise.resolve()
/** How the app was opened last, as text; WeChat tells it again whenever the app comes to the foreground. */
let opened = ''
/** The launch that the hooks have now. */
let handed: Launch | null = null

/** Register what runs after each login. Its calls should be `quiet`: it also runs when the app opens. */
export function afterLogin(hook: AfterLogin): void {
  hooks.push(hook)
}

/** Where codes come from outside WeChat; an empty one says that nobody is there to be logged in. */
export function codesFrom(source: () => Promise<string>): void {
  codes = source
}

/** A login code, good for one call. Rejects with `Unreachable` when WeChat gives none. */
export const getCode = (): Promise<string> => codes()

function wechatCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = ({ errMsg }: { errMsg: string }) => reject(new Unreachable(errMsg))
    // All calls wait for this one, so its own time-out is not relied on.
    setTimeout(fail, CODE_TIMEOUT_MS + 1000, { errMsg: 'login:fail timeout' })
    uni.login({ timeout: CODE_TIMEOUT_MS, success: ({ code }) => resolve(code), fail })
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
  if (remembered && Date.now() < remembered.until) return remembered.outcome
  const outcome = mnpLogin()
  if (await isNo(outcome)) remember(outcome)
  return outcome
}

/** Whether the server answered, and did not log in. That it cannot be reached may be over at the next tap. */
const isNo = (outcome: Promise<NextStep>): Promise<boolean> =>
  outcome.then(
    (answered) => answered !== '',
    (error: unknown) => error instanceof Refused || error instanceof NotLoggedIn,
  )

function remember(outcome: Promise<NextStep>): void {
  remembered = { outcome, until: Date.now() + REMEMBER_MS }
}

/** The token of a login is refused at once, so another login would not help. */
export function lost(): void {
  useSession().refuse()
  remember(Promise.resolve('authorize'))
}

/** Ask WeChat and the server who this is, and log a returning user in. What is left to do is the answer. */
export async function mnpLogin(): Promise<NextStep> {
  const session = useSession()
  if (session.left) return 'authorize'
  const before = session.token
  const config = session.config ?? (await loadConfig())
  const code = config.mnp_auto_wechat_auth ? await getCode() : ''
  const answer = code ? await silentLogin({ code }).catch(barred) : null
  // They tapped login, or logged out, while this was under way.
  if (session.left || session.token !== before) return session.token ? '' : 'authorize'
  if (answer && isComplete(answer)) loggedIn(answer)
  else session.refuse(answer)
  return answer?.next_step ?? (config.mnp_wechat_auth ? 'authorize' : 'closed')
}

function barred(error: unknown): never {
  if (!(error instanceof Refused) || error.slug !== 'account_disabled') throw error
  useSession().refuse(null, error.message)
  throw new NotLoggedIn(error.message, error.slug)
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

/**
 * A hook that fails undoes nothing. None is waited for by a login, because its calls wait for that login. The launch goes
 * to one run, and is kept for the next login if this run's calls found out that nobody is logged in.
 */
async function runHooks(): Promise<void> {
  const session = useSession()
  const launch = session.launch === handed ? null : session.launch
  if (launch) handed = launch
  await Promise.all(hooks.map(async (hook) => hook(launch)).map((run) => run.catch(() => undefined)))
  if (!launch) return
  handed = null
  if (session.loggedIn && session.launch === launch) session.keep({ launch: null })
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

/** Each time the app comes to the foreground: an invitation may have brought it there, switches may have changed. */
export async function foregrounded(how: Launch): Promise<void> {
  keepLaunch(how)
  if (Date.now() - loadedAt > CONFIG_MS) await loadConfig().catch(() => undefined)
}

/** A launch with a query replaces an older one. */
function keepLaunch(how: Launch): void {
  const session = useSession()
  const text = JSON.stringify(how)
  if (text === opened) return
  opened = text
  if (!session.launch || Object.keys(how.query).length) session.keep({ launch: how })
}

function keepConfig(config: AppConfig): AppConfig {
  loadedAt = Date.now()
  useSession().config = config
  return config
}

/** Once, when the app opens: keep how it was opened, and log a returning user in without showing anything. */
export function launched(how: Launch): void {
  keepLaunch(how)
  launching = check()
}

/** Whether the visitor is logged in; waits for the check of the launch. Never rejects. */
export const ready = (): Promise<boolean> => launching.then(() => useSession().loggedIn)

async function check(): Promise<void> {
  // The hooks' calls are what finds out that a stored token has ended.
  if (useSession().token) await runHooks()
  else await toLogin().catch(() => undefined)
}
