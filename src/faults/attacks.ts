import { normalQuantile } from '../statistics/normal.js'
import type { Stretch } from './fault.js'

/*
 * What Byzantine clients send, as pure rules on one part's values. All are about how far a client moved from what it had
 * been sent, and about what is trained: running statistics stay as they are, for a variance below zero is no attack on a
 * rule but the end of any model.
 */

type Rule = (place: number) => number

/** Values that a rule gives for every trained number, by its place; all others as they are. */
const onTrained = (values: Float32Array, segments: readonly Stretch[], rule: Rule): Float32Array => {
  const out = values.slice()
  for (const { trainable, offset, size } of segments) {
    if (trainable) for (let i = offset; i < offset + size; i++) out[i] = rule(i)
  }
  return out
}

/** base + by (values - base): -1 turns an update round, 10 boosts it. */
export const scaled = (values: Float32Array, base: Float32Array, segments: readonly Stretch[], by: number): Float32Array =>
  onTrained(values, segments, (i) => base[i] + by * (values[i] - base[i]))

export const notNumbers = (values: Float32Array, segments: readonly Stretch[]): Float32Array =>
  onTrained(values, segments, () => Number.NaN)

/** Root mean square of how far what is trained has moved; 0 where nothing is. */
export const rmsOf = (values: Float32Array, base: Float32Array, segments: readonly Stretch[]): number => {
  let square = 0
  let count = 0
  for (const { trainable, offset, size } of segments) {
    if (!trainable) continue
    count += size
    for (let i = offset; i < offset + size; i++) square += (values[i] - base[i]) ** 2
  }
  return count === 0 ? 0 : Math.sqrt(square / count)
}

/** `from` + sd e(i), e standard normal draws by the place of a number. */
export const noised = (
  values: Float32Array, from: Float32Array, segments: readonly Stretch[], sd: number, normal: Rule,
): Float32Array => onTrained(values, segments, (i) => from[i] + sd * normal(i))

/**
 * How many standard deviations a crafted update may lie off the mean and still be nearer to it than enough honest ones:
 *
 *     s = floor(n / 2 + 1) - f,   z = the (n - f - s) / (n - f) quantile of the normal distribution, at least 0
 *
 * Baruch, Baruch, Goldberg, NeurIPS 2019, algorithm 3, for n updates, f of them the attackers'. With a majority of
 * attackers one supporter is still asked for, so that z stays finite.
 */
export const littleEnough = (n: number, f: number): number => {
  const honest = n - f
  const supporters = Math.max(1, Math.floor(n / 2 + 1) - f)
  return honest <= supporters ? 0 : Math.max(0, normalQuantile((honest - supporters) / honest))
}

/** How far updates have moved: mean, and standard deviation of them all, for every number of a part. */
interface Moments {
  readonly mean: Float64Array
  readonly sd: Float64Array
}

/** An update and what it is relative to. */
export interface Moved {
  readonly values: Float32Array
  readonly base: Float32Array
}

/** Moments of how far some updates have moved; at least one. */
export const momentsOf = (updates: readonly Moved[]): Moments => {
  const { length } = updates[0].values
  const mean = new Float64Array(length)
  const sd = new Float64Array(length)
  for (const { values, base } of updates) for (let i = 0; i < length; i++) mean[i] += (values[i] - base[i]) / updates.length
  for (const { values, base } of updates) {
    for (let i = 0; i < length; i++) sd[i] += (values[i] - base[i] - mean[i]) ** 2 / updates.length
  }
  for (let i = 0; i < length; i++) sd[i] = Math.sqrt(sd[i])
  return { mean, sd }
}

/** base + mean - z sd */
export const little = ({ values, base }: Moved, segments: readonly Stretch[], { mean, sd }: Moments, z: number): Float32Array =>
  onTrained(values, segments, (i) => base[i] + mean[i] - z * sd[i])

/** base - epsilon mean: Xie, Koyejo, Gupta, UAI 2019, section 4. */
export const against = ({ values, base }: Moved, segments: readonly Stretch[], { mean }: Moments, epsilon: number): Float32Array =>
  onTrained(values, segments, (i) => base[i] - epsilon * mean[i])
