import type { Table } from '../data/table.js'
import { fullRanking, type RankedUser } from '../metrics/full-ranking.js'
import { historyOf, knownItems } from '../metrics/interactions.js'
import { rankingCutoffs } from '../metrics/ranking-scores.js'
import type { Layout } from '../models/layout.js'
import type { Features, Model } from '../models/model.js'

/** Ranks the whole catalogue for the users of one table, by a model's parameters. */
export type Rank = (parameters: Float32Array) => RankedUser[]

/**
 * How a client's model is judged on `table`: vectors follow from its training rows; candidates are the items that the
 * user met neither there nor in `seen`. Undefined for a model that does not rank.
 */
export const rankOf = (
  { vectors }: Model,
  layout: Layout,
  features: Features,
  { train, seen, table }: { readonly train: Table; readonly seen: readonly Table[]; readonly table: Table },
): Rank | undefined => {
  if (vectors === undefined || features.interactions === undefined) return undefined
  const history = historyOf(features, train)
  const question = {
    known: knownItems(features, train, ...seen), relevant: knownItems(features, table), cutoffs: rankingCutoffs,
  }
  return (parameters) => fullRanking(vectors(layout, parameters, history), question)
}
