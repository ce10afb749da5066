import type { Layout, Segment } from './layout.js'

/** Neighbouring rows of a segment that are one embedding table, as places in the flat vector. */
interface TableRows {
  readonly offset: number
  readonly rows: number
  readonly width: number
}

/** A row has been trained once it moved by more than this share of its largest first value: means of equal numbers,
 * as federations form them, round by about 1e-7. */
const rounding = 1e-5

const tablesOf = ({ tables = [], shape, offset }: Segment): TableRows[] => {
  const width = shape.slice(1).reduce((a, b) => a * b, 1)
  let at = offset
  return tables.map((rows) => {
    at += rows * width
    return { offset: at - rows * width, rows, width }
  })
}

const moved = (now: Float32Array, first: Float32Array, from: number, width: number): boolean => {
  let largest = 0
  for (let i = from; i < from + width; i++) largest = Math.max(largest, Math.abs(first[i]))
  for (let i = from; i < from + width; i++) {
    // NaN, in a model that diverged, has moved.
    if (!(Math.abs(now[i] - first[i]) <= rounding * largest)) return true
  }
  return false
}

/**
 * Sets every row that has not moved to the mean of those that have, in double precision and in the order of rows; in a
 * copy, if `now` is `parameters` still.
 */
const fillTable = (
  now: Float32Array, parameters: Float32Array, first: Float32Array, { offset, rows, width }: TableRows,
): Float32Array => {
  const sum = new Float64Array(width)
  const still: number[] = []
  for (let row = 0; row < rows; row++) {
    const from = offset + row * width
    if (!moved(now, first, from, width)) still.push(from)
    else for (let k = 0; k < width; k++) sum[k] += now[from + k]
  }
  if (still.length === 0 || still.length === rows) return now
  const filled = now === parameters ? now.slice() : now
  const mean = sum.map((total) => total / (rows - still.length))
  for (const from of still) filled.set(mean, from)
  return filled
}

/**
 * The parameters that answer for a model: in every embedding table (`SegmentSpec.tables`), a row that was never trained
 * stands for the mean of those that were:
 *
 *     E[r] = mean over trained s of E[s]      where r was not trained        [width]
 *
 * That is the row of unknown words, unless rare words trained it, and, in a table that a client keeps to itself, the rows
 * of words that only others saw. A row is trained if it has moved from `initial`, the values that everybody starts from.
 * A table of which no row has moved, as before the first round, is left as it is; so is `parameters`, which comes back
 * itself if there is nothing to fill.
 */
export const fillUntrained = (
  { segments }: Pick<Layout, 'segments'>, initial: Float32Array, parameters: Float32Array,
): Float32Array =>
  segments
    .flatMap(tablesOf)
    .reduce((now, table) => fillTable(now, parameters, initial, table), parameters)
