import type { Stream } from '../random/streams.js'
import { bootstrap } from './bootstrap.js'
import { mean } from './moments.js'
import { normalCdf } from './normal.js'
import { tQuantile } from './student.js'

/** Where a difference changes its sign. */
export interface Crossing {
  /** Along a straight line between neighbouring levels. */
  readonly at: number
  /** Its sign before. */
  readonly before: 1 | -1
}

/**
 * Every change of sign along rising levels. Where the difference is 0 at levels, it changes there if its signs before and behind
 * differ; a difference that begins or ends at 0 has changed nothing.
 */
export const crossingsOf = (levels: readonly number[], differences: readonly number[]): Crossing[] => {
  const found: Crossing[] = []
  let last = -1
  for (const [i, difference] of differences.entries()) {
    if (difference === 0 || Number.isNaN(difference)) continue
    const [before, since] = [differences[last], last]
    last = i
    if (since < 0 || Math.sign(before) === Math.sign(difference)) continue
    const at = since === i - 1
      ? levels[since] + ((0 - before) / (difference - before)) * (levels[i] - levels[since])
      : levels[since + 1]
    found.push({ at, before: before > 0 ? 1 : -1 })
  }
  return found
}

/** Where the mean of paired differences crosses 0, and how sure that is. */
export interface CriticalLevel {
  /** Units, usually seeds, that have a difference at every level. */
  readonly units: number
  /** Of the mean; the first is the one that the interval is of. */
  readonly crossings: readonly Crossing[]
  /** -Infinity: below the lowest level; Infinity: beyond the highest. NaN without a crossing, or of one unit. */
  readonly interval: readonly [number, number]
  /** Shares of bootstrap samples without such a crossing within the levels: it lies below them, or beyond. */
  readonly censored: { readonly below: number; readonly beyond: number }
  /** Share of bootstrap samples that cross in any direction. */
  readonly crossed: number
}

/** The first crossing in a direction; where there is none, on which side of the levels it would lie. */
const censoredAt = (levels: readonly number[], differences: readonly number[], before: 1 | -1): number => {
  const found = crossingsOf(levels, differences).find((one) => one.before === before)
  if (found !== undefined) return found.at
  const first = differences.find((difference) => difference !== 0) ?? before
  return Math.sign(first) === before ? Infinity : -Infinity
}

const meansOf = (units: readonly (readonly number[])[], counts: Int32Array): number[] =>
  units[0].map((_, level) => units.reduce((sum, own, unit) => sum + counts[unit] * own[level], 0) / units.length)

/**
 * The critical level of paired differences, `[unit][level]`, with a bootstrap interval over units: each is drawn with its
 * differences at all levels, so that what levels and variants share stays shared. A sample that does not cross within the levels
 * counts as crossing below or beyond them, and is never left out. Percentiles are expanded for few units as Hesterberg gives them
 * (*What Teachers Should Know About the Bootstrap*, The American Statistician 69, 2015, section 3.3): the tail is that of the
 * normal distribution beyond -sqrt(n / (n - 1)) t(1 - a / 2, n - 1).
 */
export const criticalLevel = (
  levels: readonly number[], all: readonly (readonly number[])[], stream: Stream, { level = 0.95, samples = 2000 } = {},
): CriticalLevel => {
  const units = all.filter((own) => own.every((difference) => !Number.isNaN(difference)))
  const n = units.length
  if (n === 0) return { units: 0, crossings: [], interval: [NaN, NaN], censored: { below: 0, beyond: 0 }, crossed: 0 }
  const crossings = crossingsOf(levels, levels.map((_, i) => mean(units.map((own) => own[i]))))
  const drawn = bootstrap(n, samples, stream, (counts) => meansOf(units, counts))
  const crossed = drawn.filter((own) => crossingsOf(levels, own).length > 0).length / samples
  const [first] = crossings
  if (first === undefined || n < 2) return { units: n, crossings, interval: [NaN, NaN], censored: { below: 0, beyond: 0 }, crossed }
  const found = drawn.map((own) => censoredAt(levels, own, first.before)).sort((a, b) => a - b)
  const tail = normalCdf(-Math.sqrt(n / (n - 1)) * tQuantile(0.5 + level / 2, n - 1))
  const out = Math.floor(tail * samples)
  const share = (value: number): number => found.filter((one) => one === value).length / samples
  return { units: n, crossings, interval: [found[out], found[samples - 1 - out]], censored: { below: share(-Infinity), beyond: share(Infinity) }, crossed }
}
