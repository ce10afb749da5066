import type { Measured } from './judging.js'

/** Means over scenarios and tasks of what is defined, by split and metric. */
export type RoundScores = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The means of what was measured after one round. */
export const roundScores = (rows: readonly Omit<Measured, 'round'>[]): RoundScores => {
  const sums = new Map<string, Map<string, { sum: number; count: number }>>()
  for (const { split, metric, value } of rows) {
    if (value === null) continue
    const own = sums.get(split) ?? new Map<string, { sum: number; count: number }>()
    const { sum, count } = own.get(metric) ?? { sum: 0, count: 0 }
    sums.set(split, own.set(metric, { sum: sum + value, count: count + 1 }))
  }
  const means = (own: ReadonlyMap<string, { sum: number; count: number }>): Record<string, number> =>
    Object.fromEntries([...own].map(([metric, { sum, count }]) => [metric, sum / count]))
  return Object.fromEntries([...sums].map(([split, own]) => [split, means(own)]))
}
