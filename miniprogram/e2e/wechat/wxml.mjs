/** Templates as WeChat draws them: the compiled WXML and an instance's data make a tree of elements. */

const TOKEN = /<!--[^]*?-->|<(\/?)([\w-]+)((?:\s+[\w:.@-]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+)/g
const ATTRIBUTE = /([\w:.@-]+)(?:="([^"]*)")?/g
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&nbsp;': ' ' }

export function parse(source) {
  const root = { tag: '', attrs: {}, children: [] }
  const open = [root]
  for (const [whole, closing, tag, attributes, single, text] of source.matchAll(TOKEN)) {
    const parent = open[open.length - 1]
    if (text !== undefined) {
      if (text.trim()) parent.children.push({ text: text.trim() })
    } else if (closing) {
      if (open.pop().tag !== tag) throw new Error(`${whole} closes nothing`)
    } else if (tag) {
      const attrs = Object.fromEntries([...attributes.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, value ?? 'true']))
      const node = { tag, attrs, children: [] }
      parent.children.push(node)
      if (!single) open.push(node)
    }
  }
  if (open.length > 1) throw new Error(`<${open.pop().tag}> is never closed`)
  return root
}

const compiled = new Map()
function evaluate(expression, scope) {
  if (!compiled.has(expression)) compiled.set(expression, new Function('scope', `with (scope) { return (${expression}) }`))
  // A name that the data does not have is undefined in WXML, and an error in JavaScript.
  return compiled.get(expression)(new Proxy(scope, { has: (_, name) => name !== 'undefined', get: (data, name) => data[name] }))
}

export function value(text, scope) {
  const whole = /^\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text)
  if (whole) return evaluate(whole[1], scope)
  const filled = text.replace(/\{\{(.*?)\}\}/gs, (_, expression) => evaluate(expression, scope) ?? '')
  return filled.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity)
}

/** The elements that `nodes` make; `component(element)` gives what holds the `elements` inside a custom component. */
export function draw(nodes, owner, scope, component) {
  const drawn = []
  let taken = false
  for (const node of nodes) {
    if (node.text !== undefined) {
      drawn.push({ text: String(value(node.text, scope) ?? '') })
      continue
    }
    const { attrs } = node
    if ('wx:if' in attrs) taken = false
    else if (!('wx:elif' in attrs || 'wx:else' in attrs)) taken = false
    else if (taken) continue
    const condition = attrs['wx:if'] ?? attrs['wx:elif']
    if (condition !== undefined && !value(condition, scope)) continue
    taken = condition !== undefined
    if ('wx:for' in attrs) {
      const list = value(attrs['wx:for'], scope) ?? []
      const names = [attrs['wx:for-item'] ?? 'item', attrs['wx:for-index'] ?? 'index']
      list.forEach((item, index) => drawn.push(...element(node, owner, { ...scope, [names[0]]: item, [names[1]]: index }, component)))
    } else drawn.push(...element(node, owner, scope, component))
  }
  return drawn
}

function element(node, owner, scope, component) {
  const attrs = {}
  for (const [name, text] of Object.entries(node.attrs)) if (!name.startsWith('wx:')) attrs[name] = value(text, scope)
  if (attrs.hidden || /display:\s*none/.test(attrs.style ?? '')) return []
  const inside = draw(node.children, owner, scope, component)
  if (node.tag === 'block' || node.tag === 'template') return inside
  const made = { tag: node.tag, attrs, owner, given: inside, children: inside }
  const part = component(made)
  if (part) Object.defineProperty(made, 'children', { get: () => part.elements })
  for (const child of made.children) child.parent = made
  return [made]
}

/** Every element and text of a drawn tree, from the first one down. */
export function* walk(elements) {
  for (const element of elements) {
    yield element
    if (element.children) yield* walk(element.children)
  }
}

export function textOf(elements) {
  const texts = []
  for (const { text, tag, attrs } of walk(elements)) {
    if (text) texts.push(text)
    else if (tag === 'rich-text') texts.push(String(attrs.nodes).replace(/<[^>]+>/g, ' '))
    else if (tag === 'input' && (attrs.value || attrs.placeholder)) texts.push(String(attrs.value || attrs.placeholder))
  }
  return texts.join(' ')
}
