import { dayNumber, isDate } from './calendar.js'

export type TimeUnit = 'ms' | 's' | 'date'

/** What a time of this unit looks like, for an error. */
export const timeForms: Readonly<Record<TimeUnit, string>> = {
  ms: 'milliseconds since 1970',
  s: 'seconds since 1970',
  date: 'a date such as 2022-04-25, 20220425 or 2022-04-25T13:30:00',
}

/** A time as `unit` writes it, in milliseconds since 1970 (dates are UTC); undefined if it is not one. */
export const parseInstant = (text: string, unit: TimeUnit): number | undefined => {
  if (unit !== 'date') {
    const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : NaN
    if (!Number.isFinite(value)) return undefined
    return unit === 's' ? value * 1000 : value
  }
  const found = /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?Z?)?$/.exec(text.trim())
  if (found === null) return undefined
  const [, year, month, day, hours = '0', minutes = '0', seconds = '0'] = found
  const date = Number(year + month + day)
  if (!isDate(date) || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return undefined
  return dayNumber(date) * 86_400_000 + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000
}
