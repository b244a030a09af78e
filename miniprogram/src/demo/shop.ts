/** Stands for an app's own business: orders, a cart, and who invited whom. The server has these endpoints with DEBUG only. */

import { defineStore } from 'pinia'
import type { Launch } from '@/store/session'
import { decode } from '@/utils/pages'
import { request } from '@/utils/request'

export const STATUSES = ['paid', 'shipped', 'done'] as const
export type Status = (typeof STATUSES)[number]

export interface Order {
  sn: string
  title: string
  /** Yuan, such as `128.00`. */
  amount: string
  created_at: string
  status: Status
}

export const getOrders = async (): Promise<Order[]> => (await request<{ orders: Order[] }>({ path: '/demo/orders' })).orders

const getCart = () => request<{ count: number }>({ path: '/demo/cart', quiet: true })

export const useShop = defineStore('shop', {
  state: () => ({
    cart: 0,
    /** The code with which this visitor came to their login. */
    invite: '',
  }),
  actions: {
    async fetchCart() {
      this.cart = (await getCart()).count
    },
    welcome(launch: Launch | null) {
      this.invite = inviteOf(launch) || this.invite
    },
  },
})

/** A link has `?invite=…`; a mini-program code has `invite=…` in its scene. */
export function inviteOf(launch: Launch | null): string {
  const { invite, scene } = launch?.query ?? {}
  return invite ?? /(?:^|&)invite=([^&]+)/.exec(decode(scene ?? ''))?.[1] ?? ''
}
