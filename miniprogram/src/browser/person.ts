/** Who holds this browser: the development server's simulator takes `sim-<person>-<anything>` for a code of `wx.login`. */

import { ref } from 'vue'
import { useShop } from '@/demo/shop'
import { useSession } from '@/store/session'
import { forget } from '@/utils/login'

export const PEOPLE = ['alice', 'bob', 'charlie'] as const

const KEY = 'person'

export const person = ref(String(uni.getStorageSync(KEY)))

/** Another person is another WeChat: who was logged in is so no more. */
export function hold(name: string): void {
  const chosen = name.trim().toLowerCase()
  if (chosen !== person.value) release()
  person.value = chosen
  uni.setStorageSync(KEY, chosen)
  forget()
}

function release(): void {
  const session = useSession()
  session.refuse()
  useShop().$reset()
  session.keep({ left: false })
}

export const isName = (name: string): boolean => /^[^-\s]{1,32}$/.test(name.trim())

export const newcomer = (): string => `visitor${random()}`

/** Nothing while nobody holds it. */
export const loginCode = async (): Promise<string> => person.value && `sim-${person.value}-${random()}`

export const phoneCode = (number: string): string => `phone-${number}-${random()}`

function random(): string {
  return Math.random().toString(36).slice(2, 8)
}
