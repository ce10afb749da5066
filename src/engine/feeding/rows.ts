import type { Table } from '../../data/table.js'
import { groupsOf, type Groups } from './groups.js'
import { unitOf, type Unit } from './weighing.js'

/** Which rows of a table a step takes: `order[start ..]`, or rows start, start + 1, ... when there is no order. */
export interface Rows {
  readonly order?: Int32Array
  readonly start: number
  readonly count: number
}

/** The `i`-th of the chosen rows. */
export const rowAt = ({ order, start }: Rows, i: number): number => (order === undefined ? start + i : order[start + i])

/** Numbers of 4 bytes, row after row, and the same memory seen two numbers at a time, if it can be. */
export interface Matrix {
  readonly values: Float32Array | Int32Array
  readonly pairs?: Float64Array
}

export const matrixOf = (values: Float32Array | Int32Array): Matrix => {
  const { buffer, byteOffset, length } = values
  const fits = byteOffset % 8 === 0 && length % 2 === 0
  return fits ? { values, pairs: new Float64Array(buffer, byteOffset, length / 2) } : { values }
}

/** A table ready to be read row by row. */
export interface Data {
  readonly rows: number
  readonly categorical: Matrix
  readonly numeric: Matrix
  readonly labels: Float32Array
  readonly weights: Float32Array | undefined
  /** The `unitOf` weights of a task's column, computed when first asked for. */
  unit(tasks: number, column: number, byClass: readonly number[] | undefined): Unit
  /** For each id of the field `within` those of the field `of` that it occurs with, listed when first asked for. */
  groups(of: number, within: number): Groups
}

export const dataOf = ({ rows, categorical, numeric, labels, weights }: Table): Data => {
  const listed = new Map<string, Groups>()
  const units = new Map<string, Unit>()
  return {
    rows,
    categorical: matrixOf(categorical),
    numeric: matrixOf(numeric),
    labels,
    weights,
    unit(tasks, column, byClass) {
      const key = `${column}/${byClass?.join()}`
      const known = units.get(key)
      if (known) return known
      const made = unitOf({ rows, labels, weights }, tasks, column, byClass)
      units.set(key, made)
      return made
    },
    groups(of, within) {
      const key = `${of}/${within}`
      const known = listed.get(key)
      if (known) return known
      const made = groupsOf(categorical, rows === 0 ? 1 : categorical.length / rows, of, within)
      listed.set(key, made)
      return made
    },
  }
}

type Values = Float32Array | Int32Array | Float64Array

/** Four at a time: rows are too short for `set` with its two views to pay. */
const gather = <V extends Values>(
  from: V,
  width: number,
  order: Int32Array,
  start: number,
  count: number,
  to: V,
  at: number,
): void => {
  let target = at
  for (let i = start; i < start + count; i++) {
    let source = order[i] * width
    const end = source + width
    for (; source + 3 < end; source += 4, target += 4) {
      to[target] = from[source]
      to[target + 1] = from[source + 1]
      to[target + 2] = from[source + 2]
      to[target + 3] = from[source + 3]
    }
    for (; source < end; source++) to[target++] = from[source]
  }
}

/**
 * Copies the chosen rows, `width` numbers each, to `to` at `at`, and zeros up to `padded` rows. Numbers go in pairs
 * where they can, as bits: nothing is computed with a pair.
 */
export const copyRows = (from: Matrix, width: number, rows: Rows, to: Matrix, at: number, padded: number): void => {
  const { order, start, count } = rows
  if (order === undefined) to.values.set(from.values.subarray(start * width, (start + count) * width), at)
  else if (from.pairs && to.pairs && width % 2 === 0) {
    gather(from.pairs, width / 2, order, start, count, to.pairs, at / 2)
  } else gather(from.values, width, order, start, count, to.values, at)
  if (count < padded) to.values.fill(0, at + count * width, at + padded * width)
}

/** Numbers of 4 bytes in a cache line of 64, and in what a first-level cache holds. */
const [line, cache] = [16, 8192]

/**
 * Reads a small matrix once from front to back, so that its rows are in the cache when they are wanted in another
 * order: two thirds of a cold gather is waiting. Returns something, lest it be optimised away.
 */
export const warm = ({ values }: Matrix): number => {
  let sum = 0
  if (values.length <= cache) for (let i = 0; i < values.length; i += line) sum += values[i]
  return sum
}
