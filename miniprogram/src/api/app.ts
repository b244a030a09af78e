/** The endpoints of the login contract. */

import { request } from '@/utils/request'
import type { AppConfig, LoginAnswer, User } from './types'

export interface Registration {
  code: string
  agreed: boolean
  mobile_code?: string
}

export interface ProfileChange {
  nickname?: string
  avatar?: string
  mobile_code?: string
}

export const getConfig = () => request<AppConfig>({ path: '/config', anonymous: true })

export const silentLogin = (data: { code: string }) =>
  request<LoginAnswer>({ path: '/login/silentLogin', method: 'POST', data, anonymous: true })

export const authLogin = (data: Registration) =>
  request<LoginAnswer>({ path: '/login/authLogin', method: 'POST', data: { ...data }, anonymous: true })

/** `token` is the temporary one of a login that is not finished; without it a member changes their profile. */
export const updateUser = (data: ProfileChange, token?: string) =>
  request<LoginAnswer>({ path: '/login/updateUser', method: 'POST', data: { ...data }, token })

/** `code` is what the getPhoneNumber button gives, which is not a login code. */
export const bindMobile = (code: string, token?: string) =>
  request<LoginAnswer>({ path: '/user/bindMobile', method: 'POST', data: { code }, token })

export const uploadImage = (file: string, token?: string) =>
  request<{ url: string; uri: string }>({ path: '/upload/image', file, token })

export const getUser = (quiet = false) => request<User>({ path: '/user/info', quiet })

export const logout = (token: string) => request<object>({ path: '/login/logout', method: 'POST', token })

export const deleteAccount = () => request<object>({ path: '/user/delete', method: 'POST', data: { confirm: true } })

export const getAgreement = (type: string) =>
  request<{ title: string; version: string; content: string }>({ path: `/agreements/${type}`, anonymous: true })
