import { SpecificationError } from '../../errors.js'
import { parseDuration } from '../../time/duration.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import { type Level, spentAt } from '../../flight/level.js'

/** How far runs are looked at, in place of their rounds. */
export interface Budget {
  readonly of: Level['of']
  /** Virtual seconds, megabytes (10^6) or examples. */
  readonly most: number
  /** As it was written. */
  readonly text: string
}

const amount = /^(\d+(?:\.\d+)?) ?(examples|kB|MB|GB)$/
const megabytes: Readonly<Record<string, number>> = { kB: 1e-3, MB: 1, GB: 1e3 }

/** `10000 examples`, `5 min` of virtual time, `3 MB` on clients' lines. */
export const parseBudget = (text: string): Budget => {
  const time = parseDuration(text)
  if (time !== undefined) return { of: 'time', most: time / 1e6, text }
  const match = amount.exec(text)
  if (match === null) {
    throw new SpecificationError(`"${text}" is no budget: give "5 min" of virtual time, "3 MB" or "10000 examples".`)
  }
  const [, value, unit] = match
  if (unit === 'examples') return { of: 'examples', most: Number(value), text }
  return { of: 'bytes', most: Number(value) * megabytes[unit], text }
}

/** Rounds at whose close no more than the budget was spent. */
export const roundsWithin = (rounds: readonly RoundSummary[], { of, most }: Budget): ReadonlySet<number> => {
  const spent = spentAt(rounds, of)
  return new Set(rounds.flatMap(({ round }, i) => (spent[i] <= most ? [round] : [])))
}

/** Had a run more to spend when it ended? */
export const endsBelow = (rounds: readonly RoundSummary[], { of, most }: Budget): boolean =>
  (spentAt(rounds, of).at(-1) ?? 0) < most
