import type { Stream } from '../random/streams.js'
import { permutation } from '../random/streams.js'
import { shareNearest } from '../shares.js'
import type { Split } from './world.js'

/** Which table a row goes to, one code per row. */
export const part = { train: 0, validation: 1, test: 2, dropped: 3 } as const
export const splits: readonly Split[] = ['train', 'validation', 'test']

/** The shares of all rows that go to each table; they add up to 1. */
export interface Shares {
  readonly train: number
  readonly validation: number
  readonly test: number
}

/** By time: the earliest `train` share of the rows, then `validation`, then `test`. Rows of one instant stay together
 * (in the later table), so that no table holds an instant that an earlier one holds too. */
export const splitByTime = (time: ArrayLike<number>, shares: Shares): Uint8Array => {
  const sorted = Float64Array.from(time).sort()
  const from = (share: number): number => {
    const at = shareNearest(share, sorted.length)
    return at >= sorted.length ? Infinity : sorted[at]
  }
  return splitByBounds(time, from(shares.train), from(shares.train + shares.validation))
}

/** By time: rows before `validationFrom` train, rows from `testFrom` on test, the rest validate. */
export const splitByBounds = (time: ArrayLike<number>, validationFrom: number, testFrom: number): Uint8Array =>
  Uint8Array.from(time, (t) => (t >= testFrom ? part.test : t >= validationFrom ? part.validation : part.train))

/** By the order of rows: the first `train` share, then `validation`, then `test`. */
export const splitByOrder = (rows: number, shares: Shares): Uint8Array => {
  const order = Int32Array.from({ length: rows }, (_, i) => i)
  return splitOrdered(order, shares)
}

/** At random, with exact shares. Only where rows have no time: neighbours in time leak into each other. */
export const splitAtRandom = (rows: number, shares: Shares, stream: Stream): Uint8Array =>
  splitOrdered(permutation(rows, stream), shares)

/** At random within each stratum: all have the shares, to a row or two, and all rows together to one. Place after place a
 * row goes to the table that is furthest behind its share; the smallest strata come first. */
export const splitStratified = (
  strata: readonly string[], shares: Shares, streamOf: (stratum: string) => Stream,
): Uint8Array => {
  const members = new Map<string, number[]>()
  strata.forEach((stratum, row) => {
    const own = members.get(stratum)
    if (own === undefined) members.set(stratum, [row])
    else own.push(row)
  })
  const parts = new Uint8Array(strata.length)
  const given = [0, 0, 0]
  let place = 0
  for (const [stratum, rows] of [...members].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1))) {
    const order = permutation(rows.length, streamOf(stratum))
    order.forEach((member) => {
      place++
      const behind = splits.map((name, code) => shares[name] * place - given[code])
      const code = behind.reduce((most, value, one) => (value > behind[most] + 1e-9 ? one : most), part.train as number)
      given[code]++
      parts[rows[member]] = code
    })
  }
  return parts
}

const splitOrdered = (order: Int32Array, shares: Shares): Uint8Array => {
  const train = shareNearest(shares.train, order.length)
  const validation = shareNearest(shares.train + shares.validation, order.length)
  const parts = new Uint8Array(order.length)
  order.forEach((row, place) => {
    parts[row] = place < train ? part.train : place < validation ? part.validation : part.test
  })
  return parts
}
