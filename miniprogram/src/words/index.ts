/** Sentences in the system's language: Chinese, or English for everybody else. */

import type { Agreement } from '@/api/types'
import { NotLoggedIn, Refused, Unreachable } from '@/utils/errors'
import { en } from './en'
import { type Key, zh } from './zh'

export type { Key }

const isChinese = (): boolean => uni.getLocale().toLowerCase().startsWith('zh')

/** For `Accept-Language`. */
export const language = (): string => (isChinese() ? 'zh-hans' : 'en')

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const sentence = (isChinese() ? zh : en)[key]
  return sentence.replace(/{(\w+)}/g, (_, name: string) => String(values[name] ?? ''))
}

/** An agreement has one title, in the language of its text; whoever does not read Chinese gets ours. */
export const titleOf = ({ type, title }: Agreement): string => (isChinese() ? title : t(`agreement.${type}`))

/** What to tell a person about a failure. */
export function explain(error: unknown): string {
  if (error instanceof NotLoggedIn) return error.message || t('error.not_logged_in')
  if (error instanceof Refused) return error.message || t('error.unknown')
  return t(error instanceof Unreachable ? 'error.unreachable' : 'error.unknown')
}

/** Show a failure for a moment. */
export function complain(error: unknown): void {
  void uni.showToast({ title: explain(error), icon: 'none', duration: 2500 })
}
