/** Numbers and times as people read them. Phones of old have no complete `Intl`. */

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-27` in local time, of an ISO 8601 time. */
export function day(time: string): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** `2026-11-27 09:05` in local time. */
export function minute(time: string): string {
  const date = new Date(time)
  return `${day(time)} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The first three and the last two digits, as WeChat's rules ask for. */
export function masked(mobile: string): string {
  return mobile.replace(/^(.{3})(.*)(.{2})$/, (_, start: string, middle: string, end: string) => start + middle.replace(/./g, '*') + end)
}
