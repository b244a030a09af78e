/** A page or a custom component that is alive. */

import { draw } from './wxml.mjs'

const PREFIXES = ['bind', 'catch', 'bind:', 'catch:']

export class Instance {
  /** `given` is what it has from where it stands: a page its `route`, a component its `properties` and `host` element. */
  constructor(app, file, given) {
    const definition = app.definition(file)
    Object.assign(this, definition.methods, { app, file, definition, parts: new Map(), data: {} }, given)
    for (const [name, { value }] of Object.entries(definition.properties ?? {})) this.data[name] = value
    Object.assign(this.data, given.properties)
    this.properties = this.data
    definition.created?.call(this)
    definition.lifetimes?.attached?.call(this)
    // What is inside comes after it: a component looks for the one around it when it is attached.
    this.attached = true
    this.refresh()
  }

  setData(change, done) {
    for (const [key, value] of Object.entries(change)) put(this.data, key, copy(value))
    this.refresh()
    if (done) queueMicrotask(done)
  }

  /** Draw it, so that components come, change and go with the data. */
  refresh() {
    if (!this.attached || this.gone) return
    const kept = new Set()
    this.elements = draw(this.app.template(this.file), this, this.data, (element) => this.inside(element, kept))
    for (const element of this.elements) element.parent = this.host
    for (const [key, part] of this.parts) if (!kept.has(key) && this.parts.delete(key)) part.leave()
  }

  /** What a slot or a custom component shows; nothing for WeChat's own elements. */
  inside(element, kept) {
    if (element.tag === 'slot') return { elements: this.host.given.filter(({ attrs }) => (attrs?.slot ?? 'd') === (element.attrs.name ?? 'd')) }
    const file = this.app.componentOf(this.file, element.tag)
    if (!file) return undefined
    const properties = Object.fromEntries(Object.entries(element.attrs).map(([name, value]) => [camel(name), value]))
    const key = `${file} ${properties.uI}`
    kept.add(key)
    if (this.parts.has(key)) this.parts.get(key).receive(properties, element)
    else this.parts.set(key, new Instance(this.app, file, { properties, host: element })).get(key).ready()
    return this.parts.get(key)
  }

  receive(properties, element) {
    this.host = element
    const changed = Object.keys(properties).filter((name) => name in this.data && this.data[name] !== properties[name])
    Object.assign(this.data, properties)
    for (const name of changed) this.definition.observers?.[name]?.call(this, properties[name])
    this.refresh()
  }

  ready() {
    this.definition.lifetimes?.ready?.call(this)
  }

  leave() {
    this.gone = true
    for (const part of this.parts.values()) part.leave()
    this.definition.lifetimes?.detached?.call(this)
  }

  triggerEvent(name, detail) {
    if (this.host) fire(this.host, name, detail)
  }

  selectComponent() {
    return null
  }

  selectAllComponents() {
    return []
  }
}

/** What crosses between the app and WeChat crosses as JSON. */
export const copy = (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value)))

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())

/** `orders[0].title` is a place in the data. */
function put(data, key, value) {
  const steps = key.match(/[^.[\]]+/g)
  const last = steps.pop()
  steps.reduce((at, step) => (at[step] ??= {}), data)[last] = value
}

export const handles = ({ attrs }, event) => PREFIXES.some((prefix) => attrs[prefix + event])

/** Call the handler that this element has for the event; whether there was one. */
export function fire(element, event, detail = {}) {
  const name = PREFIXES.map((prefix) => element.attrs[prefix + event]).find(Boolean)
  if (!name) return false
  const target = { id: element.attrs.id ?? '', dataset: {} }
  element.owner[name]({ type: event, detail, target, currentTarget: target })
  return true
}
