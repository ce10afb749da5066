/**
 * Top-K recommendation judged by full ranking: every item of the catalogue that the user has not interacted with is a
 * candidate, none is sampled away (Krichene and Rendle, KDD 2020, on why sampled metrics mislead).
 *
 * For one user with the relevant items T, the first K of the ranking R:
 *
 *     Recall@K = |T and R_K| / |T|
 *     HR@K     = 1 if |T and R_K| > 0, else 0
 *     DCG@K    = sum over r = 1..K of [R_r in T] / log2(r + 1)
 *     NDCG@K   = DCG@K / (sum over r = 1..min(K, |T|) of 1 / log2(r + 1))
 *
 * A table's number is the mean over the users who have a relevant item.
 */
export interface Ranking {
  readonly recall: number
  readonly ndcg: number
  /** HR: whether any relevant item is there. */
  readonly hit: number
}

/**
 * The `k` items with the highest scores, best first, among those that `excluded` does not hold; of equal scores the
 * lower number comes first. Fewer than `k` where there are fewer candidates. NaN is refused: it has no place.
 */
export const topK = (scores: ArrayLike<number>, k: number, excluded: ReadonlySet<number> = new Set()): number[] => {
  const best: number[] = []
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]
    if (best.length === k && score <= scores[best[k - 1]]) continue
    if (excluded.has(item)) continue
    if (Number.isNaN(score)) throw new RangeError(`item ${item} has the score NaN: a model that diverged ranks nothing`)
    let at = best.length < k ? best.length : k - 1
    for (; at > 0 && scores[best[at - 1]] < score; at--) best[at] = best[at - 1]
    best[at] = item
  }
  return best
}

/** The three numbers of one user: `ranked` best first, at least the first `k` of it. `relevant` has an item. */
export const rankingAt = (ranked: readonly number[], relevant: ReadonlySet<number>, k: number): Ranking => {
  if (relevant.size === 0) throw new RangeError('a user without a relevant item has no recall; leave them out')
  let [hits, gain, ideal] = [0, 0, 0]
  for (let place = 0; place < k; place++) {
    const discount = 1 / Math.log2(place + 2)
    if (place < relevant.size) ideal += discount
    if (place >= ranked.length || !relevant.has(ranked[place])) continue
    hits++
    gain += discount
  }
  return { recall: hits / relevant.size, ndcg: gain / ideal, hit: hits > 0 ? 1 : 0 }
}
