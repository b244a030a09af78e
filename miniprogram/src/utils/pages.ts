/** Where one is: addresses of pages, and the stack of open ones. */

import type { Place } from '@/store/session'

interface OpenPage {
  route?: string
  options?: Record<string, string>
  $page?: { fullPath?: string }
}

/** `/pages/order/list?sn=a%20b` and `pages/order/list?sn=a%20b` are the same place. */
export function placeOf(url: string): Place {
  const [path = '', search = ''] = url.split('?', 2)
  const pairs = search.split('&').filter(Boolean).map((pair) => pair.split('=', 2))
  const query = Object.fromEntries(pairs.map(([name = '', value = '']) => [decode(name), decode(value)]))
  return { path: path.replace(/^\//, ''), query }
}

export function urlOf({ path, query }: Place): string {
  const search = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  return `/${path}${search && `?${search}`}`
}

/** The open pages, the visible one last. */
export function openPages(): Place[] {
  return (getCurrentPages() as OpenPage[]).map((page) => {
    const { query } = placeOf(page.$page?.fullPath ?? '')
    return { path: page.route ?? '', query }
  })
}

/** `above` 1 is the page beneath the visible one. Not `at`: older phones do not have it. */
export const visiblePage = (above = 0): Place | undefined => openPages().reverse()[above]

export const samePlace = (one: Place | undefined, other: Place | undefined): boolean =>
  one !== undefined && other !== undefined && urlOf(one) === urlOf(other)

/** A text that is not encoded as it should be is taken as it is. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
