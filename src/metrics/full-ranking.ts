import type { UserItemVectors } from '../models/model.js'
import { rankingAt, topK, type Ranking } from './ranking.js'

/** For each user the items of some interactions. */
export type ItemsOf = ReadonlyMap<number, ReadonlySet<number>>

/** Whose ranking is judged against what. */
export interface RankingQuestion {
  /** What each user has interacted with before: never a candidate. */
  readonly known: ItemsOf
  /** What each user interacted with later: what should be found. Users without any are left out. */
  readonly relevant: ItemsOf
  /** The cut-offs K. */
  readonly cutoffs: readonly number[]
}

/** One user's numbers, by the place of the cut-off in the question; NaN where a candidate's score is not finite. */
export interface RankedUser {
  readonly user: number
  readonly at: readonly Ranking[]
}

const undefinedRanking: Ranking = { recall: NaN, ndcg: NaN, hit: NaN }

/** Interactions as sets per user, from columns of the same length. */
export const itemsOf = (users: ArrayLike<number>, items: ArrayLike<number>): ItemsOf => {
  const found = new Map<number, Set<number>>()
  for (let row = 0; row < users.length; row++) {
    const own = found.get(users[row])
    if (own === undefined) found.set(users[row], new Set([items[row]]))
    else own.add(items[row])
  }
  return found
}

/** What gives every item a score for a user. */
export interface ItemScorer {
  /** Items, the unknown item 0 among them. */
  readonly items: number
  /** Writes the scores of items 1, 2, ... of `scores` [items]. */
  into(user: number, scores: Float64Array): void
}

/**
 * s_i = <e_u, e_i> for every item, summed in the order of the coordinates. Four items at a time: a sum waits for its last
 * addition, and four do not wait for each other.
 */
const products = ({ users, items, width }: UserItemVectors): ItemScorer => ({
  items: items.length / width,
  into(user, scores) {
    const first = user * width
    let item = 1
    for (; item + 3 < scores.length; item += 4) {
      const [a, b, c, d] = [item * width, (item + 1) * width, (item + 2) * width, (item + 3) * width]
      let [sa, sb, sc, sd] = [0, 0, 0, 0]
      for (let x = 0; x < width; x++) {
        const own = users[first + x]
        sa += own * items[a + x]
        sb += own * items[b + x]
        sc += own * items[c + x]
        sd += own * items[d + x]
      }
      scores[item] = sa
      scores[item + 1] = sb
      scores[item + 2] = sc
      scores[item + 3] = sd
    }
    for (; item < scores.length; item++) {
      let sum = 0
      for (let x = 0; x < width; x++) sum += users[first + x] * items[item * width + x]
      scores[item] = sum
    }
  },
})

/** Whether all candidates have finite scores. */
const canRank = (scores: Float64Array, excluded: ReadonlySet<number>): boolean => {
  for (let item = 0; item < scores.length; item++) {
    if (!Number.isFinite(scores[item]) && !excluded.has(item)) return false
  }
  return true
}

/**
 * Ranks the whole catalogue for every user with a relevant item, and judges each: users in the order of `relevant`.
 * A row that is no user's (0) and an item 0 are unknown, and must not be in the question.
 */
export const fullRanking = (
  model: UserItemVectors | ItemScorer,
  { known, relevant, cutoffs }: RankingQuestion,
): RankedUser[] => {
  const scorer = 'into' in model ? model : products(model)
  const scores = new Float64Array(scorer.items)
  const most = Math.max(...cutoffs)
  const ranked: RankedUser[] = []
  for (const [user, wanted] of relevant) {
    if (wanted.size === 0) continue
    scorer.into(user, scores)
    scores[0] = -Infinity
    const excluded = new Set(known.get(user)).add(0)
    const best = canRank(scores, excluded) ? topK(scores, most, excluded) : undefined
    ranked.push({ user, at: cutoffs.map((k) => (best === undefined ? undefinedRanking : rankingAt(best, wanted, k))) })
  }
  return ranked
}

/** The mean over users at one cut-off, by its place in the question; `null` without users, or with one not ranked. */
export const meanRanking = (ranked: readonly RankedUser[], place: number): Ranking | null => {
  if (ranked.length === 0 || ranked.some(isUndefined)) return null
  const mean = (of: keyof Ranking): number => ranked.reduce((sum, { at }) => sum + at[place][of], 0) / ranked.length
  return { recall: mean('recall'), ndcg: mean('ndcg'), hit: mean('hit') }
}

/** Whether a user could not be ranked: the model diverged. */
export const isUndefined = ({ at }: RankedUser): boolean => at.some(({ ndcg }) => Number.isNaN(ndcg))
