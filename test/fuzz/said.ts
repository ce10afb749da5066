import { says } from '../../src/cli/says.js'
import { printable } from '../../src/errors.js'
import { units } from './mutations.js'

/** The most characters of any value that a message may hold. */
const most = 200

/** How a unit of a long text may come out in a message. */
const forms = (unit: string): string[] => [...new Set([unit, printable(unit), JSON.stringify(unit).slice(1, -1), unit.trim()])]

/** What a person must not be told in a text, or undefined: controls, a stack, a value as long as somebody likes. */
export const wrongWith = (text: string): string | undefined => {
  if (printable(text) !== text) return 'it has raw control characters'
  if (/\n\s+at .*[:(]/.test(text) || text.includes('not foreseen')) return 'it has a stack'
  if (text.length > 12_000) return `it has ${text.length} characters`
  for (const unit of units) {
    for (const form of forms(unit)) {
      if (form !== '' && text.includes(form.repeat(Math.ceil((most + 1) / form.length)))) return `it prints more than ${most} of ${JSON.stringify(form)}`
    }
  }
  return undefined
}

/** Whether an error is one that somebody foresaw: a text and one of these exit codes; what is wrong where it is not. */
export const wrongWithError = (error: unknown, codes: readonly number[], place?: RegExp): string | undefined => {
  const { text, code } = says(error)
  const about = (what: string): string => `${what}:\n${error instanceof Error ? error.stack : text}`.slice(0, 3_000)
  const wrong = wrongWith(text)
  if (wrong !== undefined) return about(wrong)
  if (!codes.includes(code)) return about(`exit code ${code}`)
  return place === undefined || place.test(text) ? undefined : about('it names no place')
}
