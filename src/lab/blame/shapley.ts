import { permutation, streams } from '../../random/streams.js'
import { mean, sampleVariance } from '../../statistics/moments.js'

/** What a coalition is worth: members by their numbers, in ascending order. */
export type Worth = (members: readonly number[]) => number

/** Every subset of 0..n-1, the empty one first. */
export const subsets = (n: number): number[][] =>
  Array.from({ length: 2 ** n }, (_, mask) => Array.from({ length: n }, (__, i) => i).filter((i) => ((mask >> i) & 1) === 1))

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

/**
 * The fair split of what all are worth together (Shapley, *A Value for n-Person Games*, 1953): of n, each member's share is
 *
 *     sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S)).
 *
 * Shares add up to v(all) - v(none). Asks for all 2^n coalitions.
 */
export const exactShares = (n: number, worth: Worth): number[] => {
  const all = subsets(n)
  return Array.from({ length: n }, (_, i) =>
    all.filter((set) => !set.includes(i)).reduce((sum, set) => {
      const weight = (factorial(set.length) * factorial(n - set.length - 1)) / factorial(n)
      return sum + weight * (worth([...set, i].sort((a, b) => a - b)) - worth(set))
    }, 0))
}

/** Orders in which all join, drawn in pairs of one and its reverse: what one says of a late joiner, the other says of an early one. */
export const drawnOrders = (n: number, pairs: number, seed: string): number[][] =>
  Array.from({ length: pairs }, (_, k) => [...permutation(n, streams(seed)('blame', 'order', k))])
    .flatMap((order) => [order, order.toReversed()])

/** The coalitions that come about where all join in an order, the empty one first. */
export const prefixes = (order: readonly number[]): number[][] =>
  Array.from({ length: order.length + 1 }, (_, k) => order.slice(0, k).sort((a, b) => a - b))

export interface DrawnShares {
  readonly shares: readonly number[]
  /** The standard error of each that comes from orders being drawn: of the means of pairs. NaN of one pair. */
  readonly errors: readonly number[]
}

/**
 * Shares as means over drawn orders of what each adds when it joins (Castro, Gómez and Tejada, *Polynomial Calculation of
 * the Shapley Value Based on Sampling*, Computers & Operations Research 36, 2009). They add up to v(all) - v(none), too.
 */
export const drawnShares = (orders: readonly (readonly number[])[], worth: Worth): DrawnShares => {
  const added = orders.map((order) => {
    const own: number[] = []
    const sets = prefixes(order)
    order.forEach((member, k) => (own[member] = worth(sets[k + 1]) - worth(sets[k])))
    return own
  })
  const members = orders[0].map((_, i) => i)
  const pairs = (i: number): number[] =>
    Array.from({ length: orders.length / 2 }, (_, k) => (added[2 * k][i] + added[2 * k + 1][i]) / 2)
  return {
    shares: members.map((i) => mean(added.map((own) => own[i]))),
    errors: members.map((i) => Math.sqrt(sampleVariance(pairs(i)) / (orders.length / 2))),
  }
}
