/** How a numeric column is brought to the model.
 *
 * - `asis`: as it is in the data.
 * - `standard`: minus its mean, over its standard deviation.
 * - `log`: `sign(x) log(1 + |x|)` first, then as `standard`: for heavy tails. */
export type Scaling = 'asis' | 'standard' | 'log'

/** Scales one value. A value that is not there (NaN) becomes 0, which under `standard` and `log` is the mean. */
export type Scaler = (value: number) => number

/** A scaler fitted on the rows that `use` accepts (give it training rows only). A column that does not vary, or has no
 * value there, is scaled to 0 everywhere. Two passes in double precision, in row order, so the fit is reproducible. */
export const fitScaler = (scaling: Scaling, values: ArrayLike<number>, use: (row: number) => boolean): Scaler => {
  if (scaling === 'asis') return (value) => (Number.isNaN(value) ? 0 : value)
  const bend = scaling === 'log' ? (x: number) => Math.sign(x) * Math.log1p(Math.abs(x)) : (x: number) => x
  let count = 0
  let sum = 0
  for (let row = 0; row < values.length; row++) {
    if (!use(row) || Number.isNaN(values[row])) continue
    sum += bend(values[row])
    count++
  }
  const mean = count > 0 ? sum / count : 0
  let squares = 0
  for (let row = 0; row < values.length; row++) {
    if (use(row) && !Number.isNaN(values[row])) squares += (bend(values[row]) - mean) ** 2
  }
  const deviation = count > 0 ? Math.sqrt(squares / count) : 0
  // Rounding alone gives a constant column a deviation of about 1e-16 of its size.
  if (deviation <= 1e-12 * Math.max(1, Math.abs(mean))) return () => 0
  return (value) => (Number.isNaN(value) ? 0 : (bend(value) - mean) / deviation)
}
