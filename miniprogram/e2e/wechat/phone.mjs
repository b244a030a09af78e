/** A phone in somebody's hand: what is on its screen, and what its holder does. */

import { setTimeout as pause } from 'node:timers/promises'
import { App } from './app.mjs'
import { fire, handles } from './instance.mjs'
import { textOf, walk } from './wxml.mjs'

const PATIENCE_MS = 8000
const EVENTS = { getPhoneNumber: 'getphonenumber', chooseAvatar: 'chooseavatar' }

export class Phone {
  /** What the app has stored stays when it is closed. */
  storage = new Map()
  /** Files by their temporary path. */
  files = new Map()
  language = 'zh_CN'
  /** Whether `wx.login` has codes to give. */
  givesCodes = true
  /** The answer to the next question of a dialog. */
  confirms = true
  /** What a request waits for before it leaves. */
  before = async () => undefined
  /** Requests, and dialogs and toasts, since the app was opened; what went wrong unheard. */
  sent = []
  said = []
  complaints = []
  busy = 0

  constructor(person, server) {
    Object.assign(this, { person, server })
  }

  /** Open the app anew, at its first page or at a link. */
  async open(url, scene = 1001) {
    this.sent = []
    this.said = []
    this.app = new App(this, url, scene)
    await this.settle()
  }

  /** Come back to the open app after having been elsewhere. */
  async comeBack(query = {}) {
    this.app.running.onHide?.()
    this.app.running.onShow({ ...this.app.launch, query })
    this.app.page.onShow?.()
    await this.settle()
  }

  /** The open pages with their queries, the visible one last. */
  get pages() {
    return this.app.stack.map(({ $page }) => $page.fullPath)
  }

  get text() {
    return textOf(this.app.page.elements)
  }

  get toasts() {
    return this.said.filter(({ name }) => name === 'showToast').map(({ title }) => title)
  }

  get token() {
    return this.storage.get('session')?.token ?? ''
  }

  /** What was sent, as `POST /login/silentLogin`. */
  get requests() {
    return this.sent.map(({ method, path }) => `${method} ${path}`)
  }

  calls(path) {
    return this.sent.filter((call) => call.path === path)
  }

  sees(id) {
    return [...walk(this.app.page.elements)].some(({ attrs }) => attrs?.id === id)
  }

  find(id) {
    const found = [...walk(this.app.page.elements)].find(({ attrs }) => attrs?.id === id)
    if (!found) throw new Error(`There is no #${id} on ${this.app.page.route}, which says: ${this.text}`)
    return found
  }

  textOf(id) {
    return textOf([this.find(id)])
  }

  /** `detail` is what WeChat adds where a button has an open-type. */
  async tap(id, detail) {
    this.touch(this.find(id), detail)
    await this.settle()
  }

  touch(element, detail) {
    const button = upTo(element, ({ tag }) => tag === 'button')
    if (button?.attrs.disabled) throw new Error(`#${button.attrs.id} cannot be tapped`)
    const event = Object.keys(EVENTS).find((type) => button?.attrs['open-type']?.split('|').includes(type))
    if (event) return fire(button, EVENTS[event], detail)
    if (button?.attrs['form-type'] === 'submit') return submit(upTo(button, ({ tag }) => tag === 'form'))
    const bound = upTo(element, (one) => handles(one, 'tap'))
    if (!bound) throw new Error(`#${element.attrs.id} does nothing`)
    return fire(bound, 'tap')
  }

  async type(id, text) {
    const input = this.find(id)
    // Uncontrolled inputs keep what was typed, whatever is drawn anew.
    input.owner.typed = { ...input.owner.typed, [input.attrs.name]: text }
    fire(input, 'input', { value: text })
    await this.settle()
  }

  /** WeChat's own tab bar asks nobody. */
  async tab(route) {
    this.app.switchTab(route)
    await this.settle()
  }

  async back() {
    this.app.navigateBack()
    await this.settle()
  }

  /** Wait until nothing is under way and nothing follows from what was. */
  async settle() {
    const end = Date.now() + PATIENCE_MS
    for (let calm = 0; calm < 3; calm = this.busy ? 0 : calm + 1) {
      if (Date.now() > end) throw new Error(`Still under way: ${this.sent.filter(({ reply }) => reply === null).map(({ path }) => path)}`)
      await pause(4)
    }
  }
}

function upTo(element, test) {
  let at = element
  while (at && !test(at)) at = at.parent
  return at
}

function submit(form) {
  const inputs = [...walk([form])].filter(({ tag, attrs }) => tag === 'input' && attrs.name)
  fire(form, 'submit', { value: Object.fromEntries(inputs.map(({ attrs, owner }) => [attrs.name, owner.typed?.[attrs.name] ?? attrs.value ?? ''])) })
}
