import { z } from 'zod'

/** How a numeric column is brought to the model.
 *
 * - `asis`: as it is in the data.
 * - `standard`: minus its mean, over its standard deviation.
 * - `log`: `sign(x) log(1 + |x|)` first, then as `standard`: for heavy tails. */
export type Scaling = 'asis' | 'standard' | 'log'

/** How far a value may be from those of training rows.
 *
 * - `range`: no farther than the least and the largest of them.
 * - a number: no farther from their mean than so many of their standard deviations (after the logarithm, under `log`);
 *   training rows themselves are clipped too.
 * - `none`: as far as it likes. */
export const clipSchema = z
  .union([z.enum(['range', 'none']), z.number().positive()], { error: 'range, none, or a positive number of deviations' })
  .describe('numeric values are clipped to the range of training rows, to so many deviations around their mean, or not')

export type Clip = z.output<typeof clipSchema>

/** Scales one value. A value that is not there (NaN) becomes 0, which under `standard` and `log` is the mean. */
export type Scaler = (value: number) => number

/** What a column was brought to: `(min(max(bend(value), low), high) - mean) / deviation`, bend being `log` or nothing. */
export interface Scale {
  readonly mean: number
  /** 0 for a column that does not vary. */
  readonly deviation: number
  /** Bounds of `bend(value)`; infinite where nothing is clipped. */
  readonly low: number
  readonly high: number
}

const bendOf = (scaling: Scaling): ((x: number) => number) =>
  scaling === 'log' ? (x) => Math.sign(x) * Math.log1p(Math.abs(x)) : (x) => x

/** Two passes in double precision, in the order of values, so the fit is reproducible. */
const momentsOf = (values: Float64Array): Pick<Scale, 'mean' | 'deviation'> => {
  const mean = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const deviation = values.length > 0 ? Math.sqrt(squares / values.length) : 0
  // Rounding alone gives a constant column a deviation of about 1e-16 of its size.
  return { mean, deviation: deviation <= 1e-12 * Math.max(1, Math.abs(mean)) ? 0 : deviation }
}

const boundsOf = (
  clip: Clip, values: Float64Array, { mean, deviation }: Pick<Scale, 'mean' | 'deviation'>,
): Pick<Scale, 'low' | 'high'> => {
  if (clip === 'none' || values.length === 0) return { low: -Infinity, high: Infinity }
  if (clip !== 'range') return { low: mean - clip * deviation, high: mean + clip * deviation }
  return values.reduce(
    ({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }),
    { low: Infinity, high: -Infinity },
  )
}

/** A scale fitted on the rows that `use` accepts (give it training rows only). */
export const fitScale = (
  scaling: Scaling, clip: Clip, values: ArrayLike<number>, use: (row: number) => boolean,
): Scale => {
  const bend = bendOf(scaling)
  const fitted = new Float64Array(values.length)
  let count = 0
  for (let row = 0; row < values.length; row++) {
    if (use(row) && !Number.isNaN(values[row])) fitted[count++] = bend(values[row])
  }
  const own = fitted.subarray(0, count)
  const moments = momentsOf(own)
  return { ...(scaling === 'asis' ? { mean: 0, deviation: 1 } : moments), ...boundsOf(clip, own, moments) }
}

/** Scales as fitted. A column that does not vary, or had no value, is scaled to 0 everywhere, unless it is `asis`. */
export const scalerOf = (scaling: Scaling, { mean, deviation, low, high }: Scale): Scaler => {
  const bend = bendOf(scaling)
  if (deviation === 0) return () => 0
  return (value) => (Number.isNaN(value) ? 0 : (Math.min(Math.max(bend(value), low), high) - mean) / deviation)
}

/** A scaler fitted on the rows that `use` accepts: see `fitScale`. */
export const fitScaler = (
  scaling: Scaling, clip: Clip, values: ArrayLike<number>, use: (row: number) => boolean,
): Scaler => scalerOf(scaling, fitScale(scaling, clip, values, use))
