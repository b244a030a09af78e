/** The ways in which a call can fail; `message` is a sentence for people, in their language. */

/** `code: 0`, or an HTTP error in the envelope: the server said no, and `slug` says why. */
export class Refused extends Error {
  constructor(
    readonly slug: string,
    message: string,
    readonly data: Record<string, unknown> = {},
    readonly status = 200,
  ) {
    super(message)
    this.name = 'Refused'
  }
}

/** There is no usable token and silent login could not get one; `slug` is `account_disabled` if that is why. */
export class NotLoggedIn extends Error {
  constructor(
    message = '',
    readonly slug = 'not_logged_in',
  ) {
    super(message)
    this.name = 'NotLoggedIn'
  }
}

/** No answer of ours came back, or WeChat gave no code: no network, a time-out, or somebody else's page. */
export class Unreachable extends Error {
  constructor(readonly detail: string) {
    super(detail)
    this.name = 'Unreachable'
  }
}
