/** Who is logged in on this phone, and what must survive a login: where one was, and how one came here. */

import { defineStore } from 'pinia'
import type { AppConfig, LoginAnswer, User } from '@/api/types'

/** A page with its decoded query. */
export interface Place {
  path: string
  query: Record<string, string>
}

/** How the app was opened; an invite code travels in `query` or `scene`. */
export interface Launch extends Place {
  scene: number
}

interface Kept {
  token: string
  /** They logged out by hand, so silent login must not undo it. */
  left: boolean
  returnTo: Place | null
  launch: Launch | null
}

const KEYS = ['token', 'left', 'returnTo', 'launch'] as const

function read(): Partial<Kept> {
  return (uni.getStorageSync('session') || {}) as Partial<Kept>
}

export const useSession = defineStore('session', {
  state: () => ({
    token: '',
    left: false,
    returnTo: null as Place | null,
    launch: null as Launch | null,
    ...read(),
    user: null as User | null,
    config: null as AppConfig | null,
    /** The last login answer that was not enough to be logged in. */
    pending: null as LoginAnswer | null,
    /** The server's sentence for somebody whose account is disabled. */
    barred: '',
    /** How often somebody logged out by hand since the app opened. */
    exits: 0,
  }),
  getters: {
    loggedIn: (state) => state.token !== '',
  },
  actions: {
    keep(change: Partial<Kept>) {
      Object.assign(this, change)
      uni.setStorageSync('session', Object.fromEntries(KEYS.map((key) => [key, this[key]])))
    },
    login(token: string) {
      this.pending = null
      this.barred = ''
      this.keep({ token, left: false })
    },
    /** Logged out because the token is no good; `pending` is what the server said instead of logging in. */
    refuse(pending: LoginAnswer | null = null, barred = '') {
      this.user = null
      this.pending = pending
      this.barred = barred
      this.keep({ token: '' })
    },
    /** Logged out because they asked for it. */
    leave() {
      this.refuse()
      this.exits += 1
      this.keep({ left: true })
    },
  },
})
