import type { Name } from '../../roster/participant.js'

export interface Weighted {
  readonly name: Name
  /** Not negative. */
  readonly weight: number
}

/**
 * So many of them without putting back, one after the other, each with probability proportional to its weight among those
 * that are left: the largest keys u^(1/w) (Efraimidis and Spirakis, Weighted random sampling with a reservoir, IPL 97, 2006,
 * algorithm A), compared as log(u) / w. Those without weight come last, as they come.
 */
export const weightedSample = (all: readonly Weighted[], count: number, draw: (who: Name) => number): Name[] =>
  all
    .map(({ name, weight }) => ({ name, key: weight > 0 ? Math.log(draw(name)) / weight : -Infinity }))
    .sort((a, b) => (a.key > b.key ? -1 : a.key < b.key ? 1 : 0))
    .slice(0, count)
    .map(({ name }) => name)
