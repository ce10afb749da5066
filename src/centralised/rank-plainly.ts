import type { World } from '../data/world.js'
import { SpecificationError } from '../errors.js'
import { fullRanking, itemsOf, type ItemScorer, type RankedUser } from '../metrics/full-ranking.js'
import { historyOf, knownItems } from '../metrics/interactions.js'
import type { History } from '../models/model.js'

/** A recommender without parameters that are trained: scores from the training interactions of a catalogue of items. */
export type PlainScorer = (history: History, items: number) => ItemScorer

/** Everyone is shown what most users took: s_i = |{u : i in N_u}|, N_u being the items of u in training. */
export const popularity: PlainScorer = ({ users, items: taken }, items) => {
  const counts = new Float64Array(items)
  for (const own of itemsOf(users, taken).values()) for (const item of own) counts[item]++
  return { items, into: (_, scores) => scores.set(counts) }
}

/**
 * Item neighbours (Sarwar et al., WWW 2001): with U_i the users of item i in training,
 *
 *     c_ij = |U_i and U_j| / sqrt(|U_i| |U_j|),   s_ui = sum of c_ij over j in N_u where j is one of i's `nearest`
 *
 * the cosine of the items' columns of the user-item matrix. Of equal cosines the item with the lower number is nearer.
 */
export const itemNeighbours = (nearest: number): PlainScorer => ({ users, items: taken }, items) => {
  const ofUser = itemsOf(users, taken)
  const together = new Float64Array(items * items)
  for (const own of ofUser.values()) for (const i of own) for (const j of own) together[i * items + j]++
  const cosines = new Float32Array(items * items)
  const itself = Float64Array.from({ length: items }, (_, i) => Math.sqrt(together[i * items + i]))
  for (let i = 1; i < items; i++) {
    const cosine = (j: number): number => together[i * items + j] / (itself[i] * itself[j])
    const near = Array.from({ length: items }, (_, j) => j).filter((j) => j !== i && together[i * items + j] > 0)
    near.sort((a, b) => cosine(b) - cosine(a) || a - b)
    // Row j has what j adds to each item's score.
    for (const j of near.slice(0, nearest)) cosines[j * items + i] = cosine(j)
  }
  return {
    items,
    into(user, scores) {
      scores.fill(0)
      for (const j of ofUser.get(user) ?? []) {
        for (let i = 1, at = j * items + 1; i < items; i++, at++) scores[i] += cosines[at]
      }
    },
  }
}

/** How it ranks on validation and on the test, judged as `trainRanker` judges: what a trained recommender has to beat. */
export const rankPlainly = (
  world: World, scorer: PlainScorer, cutoffs: readonly number[],
): { readonly validation: RankedUser[]; readonly test: RankedUser[] } => {
  const { features, scenarios: [{ train, validation, test }, ...more] } = world
  if (features.interactions === undefined || more.length > 0) {
    throw new SpecificationError(`${world.name} is no world of interactions with one scenario`)
  }
  const { size } = features.categorical[features.interactions.item]
  const scores = scorer(historyOf(features, train), size)
  const of = (...known: (typeof train)[]) => ({ known: knownItems(features, ...known), cutoffs })
  return {
    validation: fullRanking(scores, { ...of(train), relevant: knownItems(features, validation) }),
    test: fullRanking(scores, { ...of(train, validation), relevant: knownItems(features, test) }),
  }
}
