/** What the login contract says, as types. */

export type NextStep = '' | 'authorize' | 'complete_profile' | 'bind_mobile' | 'closed'

export interface LoginAnswer {
  token: string
  is_new_user: boolean
  mobile: string
  next_step: NextStep
}

export interface Agreement {
  type: 'service' | 'privacy'
  title: string
  version: string
  url: string
}

export interface AppConfig {
  mnp_auto_wechat_auth: boolean
  mnp_wechat_auth: boolean
  coerce_mobile: boolean
  agreements: Agreement[]
  agreements_version: string
}

export interface User {
  sn: string
  nickname: string
  avatar: string
  mobile: string
  is_new_user: boolean
  registered_at: string
}
