/**
 * The guard: who is not logged in cannot open a page with `meta.auth`, by whatever way, and comes back to it after the login.
 *
 * Calls and `<navigator>` pass an interceptor; deep links, the tab bar, the back button and typed URLs are seen when the page
 * shows.
 */

import type { App } from 'vue'
import { type Place, useSession } from '@/store/session'
import { NotLoggedIn } from '@/utils/errors'
import { lost, settled, toLogin } from '@/utils/login'
import { openPages, placeOf, samePlace, urlOf, visiblePage } from '@/utils/pages'
import { recoverWith } from '@/utils/request'

export interface PagesJson {
  pages: { path: string; meta?: { auth?: boolean } }[]
  tabBar?: { list: { pagePath: string }[] }
}

const LOGIN = 'pages/login/login'

/** What a navigation was called with; a promise's own callbacks are among it. */
interface Navigation {
  url: string
  fail?: (result: { errMsg: string }) => void
  complete?: (result: { errMsg: string }) => void
}

/** Each by its name, because a browser build has only what is named. */
const MOVES = {
  navigateTo: (call: Navigation): unknown => uni.navigateTo(call),
  redirectTo: (call: Navigation): unknown => uni.redirectTo(call),
  reLaunch: (call: Navigation): unknown => uni.reLaunch(call),
  switchTab: (call: Navigation): unknown => uni.switchTab(call),
}
type Way = keyof typeof MOVES

let authorised = new Set<string>()
let tabs = new Set<string>()
let first = ''
let report: (error: unknown) => void = () => undefined
let opening = false
/** The protected place over which the login page was opened: if it shows again and nobody is logged in, they left. */
let asked: Place | undefined

/** `failed` gets what keeps a navigation from going on, such as no network. */
export function setupRouter(app: App, pages: PagesJson, failed: (error: unknown) => void): void {
  authorised = new Set(pages.pages.filter(({ meta }) => meta?.auth).map(({ path }) => path))
  tabs = new Set(pages.tabBar?.list.map(({ pagePath }) => pagePath))
  first = pages.pages[0]?.path ?? ''
  report = failed
  for (const way of Object.keys(MOVES) as Way[]) uni.addInterceptor(way, { invoke: (call: Navigation) => pass(way, call) })
  // #ifdef H5
  watchAddresses(app)
  // #endif
  // #ifndef H5
  app.mixin({ onShow: shown })
  // #endif
  recoverWith({ login: toLogin, settled, lost, ask: openLoginPage })
}

const isBarred = ({ path }: Place): boolean => authorised.has(path) && !useSession().loggedIn

/** Whether the navigation goes on now; one to a protected page goes on after a silent login. */
function pass(way: Way, call: Navigation): boolean {
  const target = placeOf(call.url)
  if (target.path === LOGIN && !opening) remember(visiblePage())
  if (!isBarred(target)) return true
  void admit(target).then((admitted) => (admitted ? move(way, call) : refuse(way, call)))
  return false
}

/** What is awaited must end. */
function refuse(way: Way, { fail, complete }: Navigation): void {
  const result = { errMsg: `${way}:fail not logged in` }
  fail?.(result)
  complete?.(result)
}

function shown(this: { $mpType?: string }): void {
  const place = visiblePage()
  if (this.$mpType === 'page' && place) check(place)
}

// #ifdef H5
interface Address {
  meta: { route: string }
  query: Record<string, string>
}

/** A browser's page is not told when it shows again by its address. Vue's router is there as soon as the app is mounted. */
function watchAddresses({ config }: App): void {
  const mounted = config.globalProperties as unknown as { $router: { afterEach(done: (to: Address) => void): void } }
  const arrived = ({ meta, query }: Address) => setTimeout(check, 0, { path: meta.route, query })
  void Promise.resolve().then(() => mounted.$router.afterEach(arrived))
}
// #endif

/** The page that shows, however it came to. */
function check(place: Place): void {
  if (place.path === LOGIN || isLoginOpen()) return
  const left = samePlace(place, asked)
  asked = undefined
  if (!isBarred(place)) return
  if (left) goTo(home())
  else void admit(place)
}

/** Whether silent login helps; if only the visitor can, the login page opens. */
async function admit(target: Place): Promise<boolean> {
  try {
    await toLogin()
    return true
  } catch (error) {
    if (error instanceof NotLoggedIn) openLoginPage(target)
    else report(error)
    return false
  }
}

const isLoginOpen = (): boolean => openPages().some(({ path }) => path === LOGIN)

/** Open the login page once, to come back to `target` afterwards: where one is, unless another page was asked for. */
export function openLoginPage(target: Place | undefined = visiblePage()): void {
  if (opening || isLoginOpen()) return
  opening = true
  asked = target
  remember(target)
  const url = `/${LOGIN}`
  const complete = () => (opening = false)
  // A stack of ten pages is full.
  uni.navigateTo({ url, success: complete, fail: () => uni.redirectTo({ url, complete }) })
}

function remember(place: Place | undefined): void {
  if (place && place.path !== LOGIN) useSession().keep({ returnTo: place })
}

/** From the login page to where one was going, or where one was. */
export function comeBack(): void {
  const session = useSession()
  const target = session.returnTo ?? home()
  session.keep({ returnTo: null })
  if (samePlace(visiblePage(1), target)) void uni.navigateBack()
  else goTo(target)
}

/** From the login page without a login: back, or home where that is not possible. */
export function goAway(): void {
  useSession().keep({ returnTo: null })
  if (visiblePage(1)) void uni.navigateBack()
  else goTo(home())
}

const home = (): Place => ({ path: first, query: {} })

function goTo(place: Place): void {
  if (tabs.has(place.path)) move('switchTab', { url: `/${place.path}` })
  else move('redirectTo', { url: urlOf(place) })
}

function move(way: Way, call: Navigation): void {
  MOVES[way](call)
}
