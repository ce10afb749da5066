import type { CurvePoint } from './sum-run.js'

/** The mean over seeds at some place, and the lowest and highest of them. */
export interface BandPoint {
  readonly x: number
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly seeds: number
}

/** What a curve runs over, as points have it. */
export type Along = 'round' | 'time' | 'bytes'

/** Points of a band at most: what is between is left out evenly, the first and the last never. Over time and bytes, fewer do. */
const most = 24
const mostAlong = 16

export const bandAt = (x: number, values: readonly number[]): BandPoint => ({
  x, mean: values.reduce((sum, value) => sum + value, 0) / values.length, low: Math.min(...values), high: Math.max(...values), seeds: values.length,
})

const thinned = <T>(points: readonly T[]): readonly T[] =>
  points.length <= most ? points : Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))])

type Curve = readonly (readonly [x: number, value: number])[]

/** The value of a curve on the straight line between its points. */
const valueAt = (curve: Curve, x: number): number => {
  const after = curve.findIndex(([at]) => at >= x)
  const [at, value] = curve[after]
  if (at === x || after === 0) return value
  const [before, from] = curve[after - 1]
  return from + ((x - before) / (at - before)) * (value - from)
}

/**
 * Curves of seeds as one band. Over rounds: at those that every seed has scored. Over time or bytes: on the straight lines between
 * closes, at evenly spaced places from where the last seed was first scored to where the first one ended, so that every seed is in
 * every mean. Where a score is undefined, that point of its seed is left out. Empty without a seed, or where they share no place.
 */
export const bandOf = (seeds: readonly (readonly CurvePoint[])[], along: Along, of: 'mean' | 'worst'): readonly BandPoint[] => {
  const curves = seeds.map((points): Curve => points.flatMap((point) => (point[of] === null ? [] : [[point[along], point[of]] as const])))
  if (curves.length === 0 || curves.some((curve) => curve.length === 0)) return []
  if (along === 'round') {
    const at = curves.map((curve) => new Map(curve))
    const shared = curves[0].map(([round]) => round).filter((round) => at.every((own) => own.has(round)))
    return thinned(shared).map((round) => bandAt(round, at.map((own) => own.get(round)!)))
  }
  const from = Math.max(...curves.map(([[x]]) => x))
  const to = Math.min(...curves.map((curve) => curve.at(-1)![0]))
  if (to < from) return []
  const count = Math.min(mostAlong, Math.max(...curves.map(({ length }) => length)))
  const places = curves.length === 1 ? thinned(curves[0].map(([x]) => x)) : Array.from({ length: count }, (_, i) => from + (count > 1 ? (i * (to - from)) / (count - 1) : 0))
  return places.map((x) => bandAt(x, curves.map((curve) => valueAt(curve, Math.min(x, to)))))
}
