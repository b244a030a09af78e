/** The part of `wx` that the mini-program uses. Every answer comes later, as in WeChat. */

import { copy } from './instance.mjs'
import { send, upload } from './network.mjs'

const DONE_SILENTLY = [
  ...['setNavigationBarTitle', 'setNavigationBarColor', 'setTabBarItem', 'setTabBarStyle', 'setTabBarBadge', 'removeTabBarBadge'],
  ...['setBackgroundColor', 'setBackgroundTextStyle', 'stopPullDownRefresh', 'showLoading', 'hideLoading', 'hideToast'],
]
const LISTENERS = ['onAppShow', 'onAppHide', 'onThemeChange', 'onNetworkStatusChange', 'onNeedPrivacyAuthorization']
const SYSTEM = {
  ...{ platform: 'ios', system: 'iOS 18.1', SDKVersion: '3.8.0', theme: 'light', pixelRatio: 2, statusBarHeight: 44 },
  ...{ windowWidth: 375, windowHeight: 700, screenWidth: 375, screenHeight: 812, safeArea: { top: 44, bottom: 778, left: 0, right: 375 } },
}
const OPENING = ['navigateTo', 'redirectTo', 'reLaunch', 'switchTab']
let codes = 0

function tell(name, { success, fail, complete } = {}, { error, ...result } = {}) {
  const answer = { errMsg: error === undefined ? `${name}:ok` : `${name}:fail ${error}`, ...result }
  queueMicrotask(() => {
    if (error === undefined) success?.(answer)
    else fail?.(answer)
    complete?.(answer)
  })
}

const all = (names, make) => Object.fromEntries(names.map((name) => [name, make(name)]))

export function api(app) {
  const { phone } = app
  const system = () => ({ ...SYSTEM, language: phone.language })
  const storage = phone.storage

  const later = (name, options, act) => {
    phone.busy += 1
    setTimeout(() => {
      try {
        act()
        tell(name, options)
      } catch (error) {
        tell(name, options, { error: error.message })
      }
      phone.busy -= 1
    })
  }
  const says = (name) => (options) => {
    phone.said.push({ name, ...options })
    tell(name, options, { confirm: phone.confirms, cancel: !phone.confirms })
  }
  const network = (name, exchange) => (options) => {
    phone.busy += 1
    exchange(phone, options)
      .catch((error) => ({ error: error.message }))
      .then((answer) => tell(name, options, answer))
      .finally(() => setTimeout(() => (phone.busy -= 1)))
    return { abort() {}, onHeadersReceived() {}, onProgressUpdate() {} }
  }

  return {
    ...all(DONE_SILENTLY, (name) => (options) => tell(name, options)),
    ...all(LISTENERS, () => () => undefined),
    ...all(['getSystemInfoSync', 'getAppBaseInfo', 'getWindowInfo', 'getDeviceInfo'], () => system),
    ...all(['getLaunchOptionsSync', 'getEnterOptionsSync'], () => () => app.launch),
    ...all(['showToast', 'showModal'], says),
    ...all(OPENING, (name) => (options) => later(name, options, () => app[name](options.url))),
    navigateBack: (options = {}) => later('navigateBack', options, () => app.navigateBack(options.delta)),
    request: network('request', send),
    uploadFile: network('uploadFile', upload),
    login: (options) => tell('login', options, phone.givesCodes ? { code: `sim-${phone.person}-${process.pid}x${(codes += 1)}` } : { error: 'no network' }),
    getStorageSync: (key) => copy(storage.get(key)) ?? '',
    setStorageSync: (key, data) => void storage.set(key, copy(data)),
    removeStorageSync: (key) => void storage.delete(key),
    setStorage: (options) => void storage.set(options.key, copy(options.data)),
    canIUse: () => true,
    nextTick: queueMicrotask,
  }
}
