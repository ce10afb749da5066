import { coordinate } from '../coordination/coordinate.js'
import { difference } from '../coordination/vectors.js'
import { lotsOf, seatOf, sentTo } from '../fold.js'
import type { FoldContext, PartState, Update, Vectors } from '../strategy.js'
import { ruleOf, type Options } from './options.js'
import { pick, type Places } from './pieces.js'
import { learn, recall, remember, weightOf, type Move } from './weights.js'

/** A stage's outcome: the values at the stage's places, by update, and what the strategy remembers. */
export interface Staged {
  readonly pieces: readonly Float64Array[]
  readonly memory: Vectors
}

/** Where each update's client stands among all clients. */
export const seats = (updates: readonly Update[], { clients }: FoldContext): number[] =>
  updates.map(({ client }) => seatOf(clients, client))

/** U: what the clients' deltas of the scenario factor have in common (eq. CC, or another rule). */
export const directionOf = (
  deltas: readonly Float64Array[],
  part: string,
  updates: readonly Update[],
  about: FoldContext,
  options: Options,
): Float64Array =>
  coordinate(deltas, ruleOf(options), {
    losses: () => updates.map(({ extras: { loss } }) => loss.reduce((sum, of) => sum + of, 0) / loss.length),
    lots: () => lotsOf(updates, about, 'fedfv'),
    orders: () =>
      updates.map(({ client }) => {
        const lots = lotsOf(updates, about, `pcgrad ${part} ${client}`)
        return updates.map((_, k) => k).sort((a, b) => lots[a] - lots[b])
      }),
  })

/**
 * Stage 1 for one expert: conflict coordination and personalised aggregation of the scenario factors.
 *
 *     D_k = Ws_k(after) - Ws_k(sent);   U = coordinate(D_1 .. D_K)
 *     Ws_k <- Ws_k(sent) + D_k + clamp(alpha_k, 0, 1) U
 *
 * The weights learn first, from the U that was mixed in last.
 */
export const foldExperts = (
  state: PartState,
  updates: readonly Update[],
  about: FoldContext,
  places: Places,
  options: Options,
): Staged => {
  const count = about.clients.length
  const at = seats(updates, about)
  const moves = updates.map(({ client, values }, k): Move => ({
    client: at[k], sent: [pick(sentTo(state, client), places)], after: [pick(values, places)],
  }))
  const deltas = moves.map(({ sent, after }) => difference(after[0], sent[0]))
  const u = directionOf(deltas, state.part, updates, about, options)
  const weights = learn(recall(state.memory, 'alpha', count, [places.length], options.alpha), moves, count, options)
  const mixed = new Float32Array(weights.mixed.length)
  const pieces = moves.map(({ client, after: [own] }) => {
    mixed.set(u, client * places.length)
    const alpha = weightOf(weights, client, 0, 1)
    return own.map((value, i) => value + alpha * u[i])
  })
  return { pieces, memory: remember('alpha', { ...weights, mixed }) }
}
