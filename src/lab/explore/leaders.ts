import { streams } from '../../random/streams.js'

/** Kinds in an order of their own for a seed. */
const shuffled = (kinds: readonly string[], toss: () => number): readonly string[] => {
  const left = [...kinds]
  return kinds.map(() => left.splice(Math.floor(toss() * left.length), 1)[0])
}

/**
 * The two kinds of faults that case number `nth` is about: each kind comes first once in as many cases as there are kinds, and
 * second once, and all pairs have come once in half the square of that. What is left to chance alone misses some kinds for hundreds of cases.
 */
export const leadersOf = (seed: string, nth: number, kinds: readonly string[]): readonly string[] => {
  const order = shuffled(kinds, streams(`${seed}/explore`)('leaders'))
  const { length } = order
  if (length < 2) return order
  const cycle = Math.floor(nth / length)
  const apart = 1 + (cycle % Math.max(1, Math.floor(length / 2)))
  return [order[nth % length], order[(nth + apart) % length]]
}
