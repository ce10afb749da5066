import { z } from 'zod'

import { allFinite } from '../finite.js'
import { strategyEntry } from './entry.js'
import { lotsOf } from './fold.js'
import { krumDistances, lowest, scoresOf } from './krum.js'
import { byCoordinate, middle } from './order-statistics.js'

/** Indices of the `count` updates that Krum chooses one after the other, each among those that are left; ascending. */
export const chosen = (values: readonly Float32Array[], count: number, byzantine: number, lots: readonly number[]): number[] => {
  const distances = krumDistances(values)
  const left = values.map((_, k) => k)
  const taken: number[] = []
  while (taken.length < count) {
    const [best] = lowest(scoresOf(distances, left, byzantine), 1, left.map((k) => lots[k]))
    taken.push(...left.splice(best, 1))
  }
  return taken.sort((a, b) => a - b)
}

/** The mean of the `count` entries of an ordered list that lie nearest to its median; of two as near, the smaller one. */
export const meanAroundMedian = (ordered: Float64Array, count: number): number => {
  const centre = middle(ordered)
  let first = 0
  let end = ordered.length
  while (end - first > count) {
    if (centre - ordered[first] > ordered[end - 1] - centre) first++
    else end--
  }
  let sum = 0
  for (let i = first; i < end; i++) sum += ordered[i]
  return sum / count
}

/**
 * Bulyan on top of Krum: theta = n - 2 f updates are chosen by Krum, one after the other, and of each coordinate the
 * theta - 2 f values nearest to their median are averaged. Krum alone can be led astray in a few coordinates by an update
 * that is near the others in all the rest; the second step bounds each coordinate.
 *
 * El Mhamdi, Guerraoui, Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", ICML 2018, section 4.
 * The proof asks for n >= 4 f + 3 answers; with fewer, one update is chosen and one value taken at least. An update that is
 * not finite is left out. Each owner judges its own part, so parts may choose different clients.
 */
export const bulyan = strategyEntry({
  kind: 'bulyan',
  sentence: 'of the updates that Krum chooses, the mean of every coordinate around its median',
  source: 'El Mhamdi et al., ICML 2018, section 4',
  schema: z.strictObject({
    kind: z.literal('bulyan'),
    byzantine: z.int().min(0).default(1).describe('f: how many clients may be corrupt'),
  }),
  define: ({ byzantine }) => ({
    fold: (state, updates, about) => {
      const sound = updates.filter(({ values }) => allFinite(values))
      if (sound.length === 0) return state
      const count = Math.max(1, sound.length - 2 * byzantine)
      const kept = chosen(sound.map(({ values }) => values), count, byzantine, lotsOf(sound, about, 'bulyan')).map((k) => sound[k])
      const near = Math.max(1, count - 2 * byzantine)
      return { ...state, values: byCoordinate(kept, (ordered) => meanAroundMedian(ordered, near)) }
    },
    absent: 'Only those that answered are compared; below 4 f + 3 of them the guarantee is gone.',
  }),
})
