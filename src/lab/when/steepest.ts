import type { Proportion } from '../../statistics/proportion.js'

/** How many of the flights that went on from a moment came to the condition. */
interface Looked {
  readonly came: Pick<Proportion, 'hits' | 'of'>
}

/** Two neighbours of the moments that were looked at, by their numbers, and how many more flights came from the later. */
export interface Gap {
  readonly from: number
  readonly to: number
  readonly rise: number
}

/** How many of `flights` truly came to the outcome from there; the flight's own end stands for all of them. */
const cameTo = ({ came: { hits, of } }: Looked, outcome: boolean, flights: number): number => {
  const all = (hits * flights) / of
  return outcome ? all : flights - all
}

/**
 * The two neighbours between which what came became more probable by most; undefined where it nowhere did. Rises are counted in
 * flights, so that equal ones are equal; of these it is the gap with most moments in it, and then the earliest. `flights` went on
 * from each moment.
 */
export const steepest = (
  looked: readonly (readonly [number, Looked])[], outcome: boolean, flights: number,
): Gap | undefined =>
  looked.slice(1)
    .map(([to, after], i): Gap => {
      const [from, before] = looked[i]
      return { from, to, rise: cameTo(after, outcome, flights) - cameTo(before, outcome, flights) }
    })
    .filter(({ rise }) => rise > 0)
    .sort((a, b) => b.rise - a.rise || b.to - b.from - (a.to - a.from) || a.from - b.from)
    .at(0)
