import { z } from 'zod'

import { fedFv as withoutConflicts } from './coordination/fedfv.js'
import { lotsOf } from './fold.js'
import { averageStatistics, deltasOf } from './deltas.js'
import { strategyEntry } from './entry.js'
import type { FoldContext, PartState, Update } from './strategy.js'
import { moved } from './vectors.js'

/** The mean of the tasks' losses that a client reported. */
const lossOf = ({ extras: { loss } }: Update): number => loss.reduce((sum, l) => sum + l, 0) / loss.length

/** The round in which each client last answered, [clients]; 0 before. Its delta of then is remembered by its name. */
const SEEN = 'seen'

/** Deltas of clients that last answered 1 to tau rounds ago and are absent now: a list per round, oldest first. */
const earlier = (memory: PartState['memory'], { round, clients }: FoldContext, tau: number): Float32Array[][] =>
  Array.from({ length: tau }, (_, i) =>
    clients.flatMap(({ name }, k) => (memory[SEEN][k] > 0 && memory[SEEN][k] === round - (tau - i) ? [memory[name]] : [])),
  )

const foldFair = (
  state: PartState,
  updates: readonly Update[],
  about: FoldContext,
  { alpha, tau }: { readonly alpha: number; readonly tau: number },
): PartState => {
  const { round, clients, segments } = about
  const deltas = deltasOf(state, updates)
  const last = updates.map(({ client }, k) => [client, new Float32Array(deltas[k])] as const)
  const present = new Set(updates.map(({ client }) => client))
  const seen = clients.map(({ name }, k) => (present.has(name) ? round : (state.memory[SEEN]?.[k] ?? 0)))
  const memory = { ...state.memory, ...Object.fromEntries(tau > 0 ? last : []), [SEEN]: Float32Array.from(seen) }
  const step = withoutConflicts(deltas, updates.map(lossOf), lotsOf(updates, about, 'fedfv'), { keep: alpha }, earlier(memory, about, tau))
  return { ...state, values: averageStatistics(moved(state.values, step), updates, segments), memory }
}

/**
 * FedFV: deltas lose what they have against each other before they are averaged, clients with small losses first, so
 * that the last word is with those that are served worst; what the mean has against clients that were there up to tau
 * rounds ago and are absent now goes too; the result has the length of the plain mean. The equations are those of
 * `coordination/fedfv.ts`.
 *
 * Wang, Fan, Qi, Wen, Wang, Yu, "Federated Learning with Fair Averaging", IJCAI 2021, algorithms 1 to 3; alpha = 0.1 and
 * tau = 1 as in the authors' code. The share alpha is rounded down: of fewer than 1 / alpha clients none is left as it
 * is. A client's loss is the mean over its local training and its tasks; the paper takes the loss before training, a
 * pass over the rows more.
 */
export const fedFv = strategyEntry({
  kind: 'fedfv',
  sentence: 'averaging of deltas whose conflicts are projected out, in favour of the clients that are served worst',
  source: 'Wang et al., IJCAI 2021, algorithms 1 to 3',
  schema: z.strictObject({
    kind: z.literal('fedfv'),
    alpha: z.number().min(0).max(1).default(0.1).describe('Share of clients, of the largest losses, left as they are'),
    tau: z.int().min(0).default(1).describe('Rounds of absence for which a client’s last delta is respected'),
  }),
  define: (options) => ({
    extras: { up: [{ name: 'loss', length: 'tasks' }] },
    finish: ({ made, losses }) => ({ sent: made.train, extras: { loss: losses.train } }),
    fold: (state, updates, about) => foldFair(state, updates, about, options),
    absent: 'For tau rounds the mean is not allowed to point against its last delta; then it is forgotten.',
  }),
})
