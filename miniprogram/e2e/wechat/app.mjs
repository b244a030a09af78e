/** The built bundle, running: its modules, pages and storage, as WeChat's runtime holds them. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { api } from './api.mjs'
import { Instance } from './instance.mjs'
import { parse } from './wxml.mjs'

const BUNDLE = fileURLToPath(new URL('../../dist/build/mp-weixin/', import.meta.url))
const read = (file) => readFileSync(path.join(BUNDLE, file), 'utf8')
const json = (file) => JSON.parse(read(file))

export class App {
  /** `phone` holds the storage and the person, and hears what the app says; `start` is the page and query it opens with. */
  constructor(phone, start, scene) {
    this.phone = phone
    this.config = json('app.json')
    this.tabs = new Set(this.config.tabBar.list.map(({ pagePath }) => pagePath))
    this.opened = new Map()
    this.stack = []
    this.modules = new Map()
    this.files = new Map()
    const { route, query } = split(start ?? this.config.pages[0])
    this.launch = { path: route, query, scene, referrerInfo: {} }
    this.context = vm.createContext(this.globals())
    this.require('app.js')
    for (const page of this.config.pages) this.load(page)
    this.running.onLaunch(this.launch)
    this.running.onShow(this.launch)
    this.push(start ?? this.config.pages[0])
  }

  globals() {
    const Component = (options) => (this.files.get(this.loading).definition = options)
    const globals = {
      ...{ setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask },
      console: { ...console, error: (...words) => this.phone.complaints.push(words.join(' ')) },
      wx: (this.wx = api(this)),
      App: (options) => (this.running = options),
      ...{ Component, Page: Component },
      getApp: () => this.running,
      getCurrentPages: () => [...this.stack],
    }
    return Object.assign(globals, { global: globals })
  }

  require(file) {
    if (!this.modules.has(file)) {
      const module = { exports: {} }
      this.modules.set(file, module)
      const made = vm.runInContext(`(function (require, module, exports) {${read(file)}\n})`, this.context, { filename: file })
      made((wanted) => this.require(path.join(path.dirname(file), wanted)), module, module.exports)
    }
    return this.modules.get(file).exports
  }

  load(file) {
    if (this.files.has(file)) return
    this.files.set(file, { template: parse(read(`${file}.wxml`)).children, components: json(`${file}.json`).usingComponents ?? {} })
    for (const tag of Object.keys(this.files.get(file).components)) this.load(this.componentOf(file, tag))
    this.loading = file
    this.require(`${file}.js`)
  }

  definition(file) {
    return this.files.get(file).definition
  }

  template(file) {
    return this.files.get(file).template
  }

  componentOf(file, tag) {
    const used = this.files.get(file).components[tag]
    return used && path.join(path.dirname(file), used)
  }

  get page() {
    return this.stack[this.stack.length - 1]
  }

  push(url) {
    const { route, query } = split(url)
    if (!this.files.has(route)) throw new Error(`page "${route}" is not found`)
    this.page?.onHide?.()
    const kept = this.opened.get(route)
    const page = kept ?? new Instance(this, route, { route })
    this.stack.push(page)
    if (!kept) page.onLoad(query)
    page.onShow?.()
    if (!kept) page.ready()
    if (this.tabs.has(route)) this.opened.set(route, page)
  }

  pop(count) {
    for (const page of this.stack.splice(this.stack.length - count)) {
      if (this.tabs.has(page.route)) page.onHide?.()
      else {
        page.onUnload?.()
        page.leave()
      }
    }
  }

  navigateTo(url) {
    if (this.tabs.has(split(url).route)) throw new Error('can not navigateTo a tabbar page')
    if (this.stack.length >= 10) throw new Error('webview count limit exceed')
    this.push(url)
  }

  redirectTo(url) {
    if (this.tabs.has(split(url).route)) throw new Error('can not redirectTo a tabbar page')
    this.pop(1)
    this.push(url)
  }

  reLaunch(url) {
    this.pop(this.stack.length)
    this.opened.clear()
    this.push(url)
  }

  switchTab(url) {
    const { route } = split(url)
    if (!this.tabs.has(route)) throw new Error('can not switch to no-tabBar page')
    if (this.page.route === route) return
    const [bottom] = this.stack
    this.pop(this.stack.length - 1)
    if (bottom.route === route) return bottom.onShow?.()
    this.pop(1)
    this.push(url)
  }

  navigateBack(delta = 1) {
    if (this.stack.length < 2) throw new Error('cannot navigate back at first page')
    this.pop(Math.min(delta, this.stack.length - 1))
    this.page.onShow?.()
  }
}

/** WeChat decodes nothing in a query. */
export function split(url) {
  const [route, search = ''] = url.replace(/^\//, '').split('?')
  return { route, query: Object.fromEntries(search.split('&').filter(Boolean).map((pair) => pair.split('='))) }
}
