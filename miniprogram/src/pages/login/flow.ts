/**
 * The login page without its looks: from the tapped button to a complete login, as the server's `next_step` says.
 *
 * Nothing of the visitor is sent before `agreed`. Until the last step is done, its token stays here and nobody is logged in.
 */

import { computed, reactive, toRefs } from 'vue'
import { authLogin, bindMobile, updateUser, uploadImage } from '@/api/app'
import type { LoginAnswer, NextStep } from '@/api/types'
import { useSession } from '@/store/session'
import { NotLoggedIn, Refused } from '@/utils/errors'
import { getCode, isComplete, loadConfig, loggedIn, toLogin } from '@/utils/login'
import { explain, t } from '@/words'

export type Step = 'loading' | 'offline' | 'start' | 'closed' | 'profile' | 'mobile' | 'done'

export interface Profile {
  nickname: string
  /** A local file, or nothing if it stays as it is. */
  file: string
}

const SHOWS: Record<NextStep, Step> = {
  '': 'done',
  authorize: 'start',
  complete_profile: 'profile',
  bind_mobile: 'mobile',
  closed: 'closed',
}

export function useLoginFlow(done: () => void) {
  const session = useSession()
  const state = reactive({
    step: 'loading' as Step,
    agreed: false,
    /** They tapped without having agreed, and are being asked. */
    asking: false,
    busy: false,
    problem: '',
  })
  let answer: LoginAnswer | null = null
  let uploaded = { file: '', url: '' }
  /** What is under way is of no interest any more when this has moved on. */
  let round = 0

  const agreements = computed(() => session.config?.agreements ?? [])
  /** They logged out by hand while no new login is possible: silent login may bring them back. */
  const canReturn = computed(() => session.left && session.config?.mnp_auto_wechat_auth === true)

  async function open(): Promise<void> {
    state.step = 'loading'
    try {
      await loadConfig()
      begin()
    } catch {
      state.step = 'offline'
    }
  }

  /** The first thing to show: a member who owes nothing but a number is asked for it at once. */
  function begin(): void {
    round += 1
    answer = null
    state.busy = false
    const pending = session.pending
    if (pending?.next_step === 'bind_mobile') take(pending)
    else state.step = session.config?.mnp_wechat_auth ? 'start' : 'closed'
    state.problem = session.barred
  }

  async function tap(): Promise<void> {
    if (state.agreed) await login()
    else state.asking = true
  }

  async function agree(): Promise<void> {
    state.agreed = true
    state.asking = false
    await login()
  }

  const decline = (): void => {
    state.asking = false
  }

  const login = () =>
    attempt(async () => {
      if (!state.agreed) return null
      const code = await getCode()
      return code ? authLogin({ code, agreed: true }) : null
    })

  const complete = ({ nickname, file }: Profile) =>
    attempt(async (token) => {
      if (!file) throw new Error(t('profile.need_avatar'))
      if (!nickname) throw new Error(t('profile.need_nickname'))
      if (uploaded.file !== file) uploaded = { file, url: (await uploadImage(file, token)).url }
      return updateUser({ nickname, avatar: uploaded.url }, token)
    })

  const bind = (code: string) => attempt((token) => bindMobile(code, token))

  /** Leave the unfinished login: its token is forgotten, and nobody is logged in. */
  function cancel(): void {
    session.pending = null
    session.barred = ''
    begin()
  }

  async function comeBackSilently(): Promise<void> {
    session.keep({ left: false })
    state.busy = true
    try {
      await toLogin()
      finish()
    } catch (error) {
      begin()
      state.problem = explain(error)
    }
  }

  /** One thing at a time; its answer counts unless they cancelled meanwhile. */
  async function attempt(ask: (token: string) => Promise<LoginAnswer | null>): Promise<void> {
    if (state.busy) return
    const mine = ++round
    state.busy = true
    state.problem = ''
    try {
      const got = await ask(answer?.token ?? '')
      if (mine === round && got) take(got)
    } catch (error) {
      if (mine === round) fail(error)
    } finally {
      if (mine === round) state.busy = false
    }
  }

  function take(got: LoginAnswer): void {
    answer = got
    if (isComplete(got)) {
      loggedIn(got)
      finish()
    } else {
      state.step = SHOWS[got.next_step]
    }
  }

  function finish(): void {
    state.step = 'done'
    done()
  }

  function fail(error: unknown): void {
    const expired = error instanceof NotLoggedIn
    if (expired || (error instanceof Refused && error.slug === 'authorized_login_disabled')) cancel()
    state.problem = expired ? t('login.expired') : sentence(error)
  }

  /** Ours are sentences already. */
  const sentence = (error: unknown): string => (error instanceof Error && error.constructor === Error ? error.message : explain(error))

  const complain = (problem: string): void => {
    state.problem = problem
  }

  return { ...toRefs(state), agreements, canReturn, open, tap, agree, decline, complete, bind, cancel, comeBackSilently, complain }
}
