/** A phone: what uni-app gives a mini-program, with a server behind it that a test can steer. */

import { createPinia, setActivePinia } from 'pinia'
import { vi } from 'vitest'
import type { AppConfig, LoginAnswer } from '@/api/types'

export interface Sent {
  path: string
  method: string
  token: string
  data: Record<string, unknown>
  file: string
}

export interface Envelope {
  code: number
  msg?: string
  data?: Record<string, unknown> | null
}

type Answer = Envelope | Promise<Envelope>
interface Callbacks {
  success?: (result: unknown) => void
  fail?: (result: { errMsg: string }) => void
  complete?: (result: unknown) => void
}
interface Target extends Callbacks {
  url: string
}
interface Request extends Callbacks {
  url: string
  method?: string
  data?: Record<string, unknown>
  header?: Record<string, string>
  filePath?: string
}
interface Shown {
  route: string
  $page: { fullPath: string }
}

export const CONFIG: AppConfig = {
  mnp_auto_wechat_auth: true,
  mnp_wechat_auth: true,
  coerce_mobile: false,
  agreements: [],
  agreements_version: '',
}
export const PAGES = {
  pages: [
    { path: 'pages/home/home' },
    { path: 'pages/my/my' },
    { path: 'pages/vault/vault', meta: { auth: true } },
    { path: 'pages/order/list', meta: { auth: true } },
    { path: 'pages/login/login' },
  ],
  tabBar: { list: [{ pagePath: 'pages/home/home' }, { pagePath: 'pages/my/my' }, { pagePath: 'pages/vault/vault' }] },
}

const TABS = new Set(PAGES.tabBar.list.map(({ pagePath }) => pagePath))

export const ok = (data: Record<string, unknown> | null = {}): Envelope => ({ code: 1, msg: 'ok', data })
export const noToken: Envelope = { code: -1, msg: 'Please log in first.', data: { error: 'not_logged_in' } }
export const refused = (error: string, data: Record<string, unknown> = {}): Envelope => ({ code: 0, msg: `no: ${error}`, data: { error, ...data } })
export const login = (token: string, rest: Partial<LoginAnswer> = {}): Envelope =>
  ok({ token, is_new_user: false, mobile: '', next_step: '', ...rest })
export const stranger = (): Envelope => login('', { is_new_user: true, next_step: 'authorize' })

export const TIMEOUT = new Error('request:fail timeout')

/** Resolves by hand. */
export function later<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

export const turns = () => new Promise((resolve) => setTimeout(resolve, 0))

export class Phone {
  sent: Sent[] = []
  codes = 0
  /** The tokens that open everything. */
  valid = new Set<string>()
  config: AppConfig = { ...CONFIG }
  /** What the server answers to each path; the rest is protected and echoes. */
  answers: Record<string, (sent: Sent) => Answer> = { '/login/silentLogin': stranger }
  headers: Record<string, string> = {}
  storage = new Map<string, unknown>()
  stack: Shown[] = []
  loginPages = 0
  toasts: string[] = []
  locale = 'en'
  /** Set by `app.mixin`. */
  onShow: (this: { $mpType: string }) => void = () => undefined
  private interceptors = new Map<string, (call: Target) => boolean>()

  at(path: string): Sent[] {
    return this.sent.filter((sent) => sent.path === path)
  }

  get page(): string {
    return this.stack[this.stack.length - 1]?.$page.fullPath ?? ''
  }

  /** Show a page as WeChat does for a deep link: no call passes the interceptors. */
  async deepLink(url: string): Promise<void> {
    this.stack = [shownOf(url)]
    await this.shows()
  }

  async back(): Promise<void> {
    this.stack.pop()
    await this.shows()
  }

  private async shows(): Promise<void> {
    this.onShow.call({ $mpType: 'page' })
    await turns()
  }

  private respond(path: string, sent: Sent): Answer {
    const answer = this.answers[path]
    if (answer) return answer(sent)
    if (path === '/config') return ok({ ...this.config })
    return this.valid.has(sent.token) ? ok({ path, ...sent.data }) : noToken
  }

  private exchange({ url, method = 'GET', data = {}, header = {}, filePath = '', success, fail }: Request): void {
    const path = url.replace('https://api', '')
    const sent = { path, method, data, file: filePath, token: header.token ?? '' }
    this.sent.push(sent)
    void Promise.resolve()
      .then(() => this.respond(path, sent))
      .then(
        (body) => success?.({ statusCode: 200, header: this.headers, data: filePath ? JSON.stringify(body) : body }),
        (error: Error) => fail?.({ errMsg: error.message }),
      )
  }

  private navigate(way: string, change: (shown: Shown) => Shown[]) {
    const go = (call: Target): void => {
      if (this.interceptors.get(way)?.(call) === false) return
      const shown = shownOf(call.url)
      if (way !== 'reLaunch' && TABS.has(shown.route) !== (way === 'switchTab')) return call.fail?.({ errMsg: `${way}:fail` })
      this.stack = change(shown)
      if (call.url.startsWith('/pages/login')) this.loginPages += 1
      call.success?.({})
      call.complete?.({})
      void this.shows()
    }
    // uni-app makes a promise of a call without callbacks in just this way.
    return (call: Target): unknown => {
      if (call.success || call.fail || call.complete) return go(call)
      return new Promise((resolve, reject) => go({ ...call, success: resolve, fail: reject }))
    }
  }

  uni() {
    return {
      getStorageSync: (key: string) => this.storage.get(key) ?? '',
      setStorageSync: (key: string, value: unknown) => this.storage.set(key, JSON.parse(JSON.stringify(value))),
      getLocale: () => this.locale,
      showToast: ({ title }: { title: string }) => this.toasts.push(title),
      login: ({ success }: { success: (result: { code: string }) => void }) => success({ code: `code-${++this.codes}` }),
      request: (call: Request) => this.exchange(call),
      uploadFile: (call: Request) => this.exchange({ ...call, method: 'POST' }),
      addInterceptor: (way: string, { invoke }: { invoke: (call: Target) => boolean }) => this.interceptors.set(way, invoke),
      navigateTo: this.navigate('navigateTo', (shown) => [...this.stack, shown]),
      redirectTo: this.navigate('redirectTo', (shown) => [...this.stack.slice(0, -1), shown]),
      reLaunch: this.navigate('reLaunch', (shown) => [shown]),
      switchTab: this.navigate('switchTab', (shown) => [shown]),
      navigateBack: () => void this.back(),
    }
  }
}

function shownOf(url: string): Shown {
  return { route: url.replace(/^\//, '').replace(/\?.*/, ''), $page: { fullPath: url } }
}

/** The app as it is right after its start on this phone, or after the next one if the phone is used again. */
export async function start(phone = new Phone()) {
  vi.resetModules()
  vi.stubGlobal('uni', phone.uni())
  vi.stubGlobal('getCurrentPages', () => phone.stack)
  setActivePinia(createPinia())
  const pinia = await import('pinia')
  pinia.setActivePinia(pinia.createPinia())
  const { settings, ...requests } = await import('@/utils/request')
  const router = await import('@/router')
  const app = {
    mixin: (mixin: { onShow: () => void }) => (phone.onShow = mixin.onShow),
    config: { globalProperties: { $router: { afterEach: () => undefined } } },
  }
  const reported: unknown[] = []
  settings.baseUrl = 'https://api'
  router.setupRouter(app as never, PAGES, (error) => reported.push(error))
  const { useSession } = await import('@/store/session')
  return {
    phone,
    router,
    reported,
    settings,
    ...requests,
    session: useSession(),
    login: await import('@/utils/login'),
    api: await import('@/api/app'),
    errors: await import('@/utils/errors'),
    flow: await import('@/pages/login/flow'),
  }
}

/** A member whose stored token has ended, and whom silent login would give another. */
export async function startExpired() {
  const phone = new Phone()
  phone.storage.set('session', { token: 'old' })
  phone.valid.add('new')
  phone.answers['/login/silentLogin'] = () => login('new')
  return start(phone)
}
