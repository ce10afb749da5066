import { z } from 'zod'

import { conflictAverse } from './coordination/conflict-averse.js'
import { crossAttention } from './coordination/cross-attention.js'
import { clamped, hyperGradient, type HyperOptimizer, stepHyperWeight } from './coordination/hyper-weights.js'
import { deltasOf } from './deltas.js'
import { strategyEntry } from './entry.js'
import { sampleWeights, seatOf, sentTo, weightedSum } from './fold.js'
import type { FoldContext, PartSegment, PartState, Update } from './strategy.js'

export interface FedHca2Options {
  /** How far the encoders' common direction may lie from their mean. */
  readonly c: number
  /** alpha and beta before the first step. */
  readonly initial: number
  readonly hyper: HyperOptimizer & { readonly scale: 'raw' | 'cosine' }
}

/** A stretch of the part with one hyper weight per client: all encoders together, or one tensor of a decoder. */
interface Stretch {
  readonly kind: 'encoder' | 'decoder'
  readonly segments: readonly PartSegment[]
}

/** The encoder first; running statistics are in none. */
export const stretchesOf = (segments: FoldContext['segments']): Stretch[] => {
  const trained = segments.filter(({ trainable }) => trainable)
  const decoders = trained.filter(({ role }) => role === 'tower')
  return [
    { kind: 'encoder', segments: trained.filter(({ role }) => role !== 'tower') },
    ...decoders.map((segment): Stretch => ({ kind: 'decoder', segments: [segment] })),
  ]
}

/** What of a flat part lies in a stretch, one segment after the other. */
const cut = (values: Float32Array | Float64Array, { segments }: Stretch): Float64Array => {
  const out = new Float64Array(segments.reduce((sum, { size }) => sum + size, 0))
  let at = 0
  for (const { offset, size } of segments) {
    out.set(values.subarray(offset, offset + size), at)
    at += size
  }
  return out
}

/** Writes a stretch back into a flat part. */
const paste = (piece: Float64Array, { segments }: Stretch, flat: Float64Array | Float32Array): void => {
  let at = 0
  for (const { offset, size } of segments) {
    flat.set(piece.subarray(at, at + size), offset)
    at += size
  }
}

/** The clients' common directions in one stretch: U for encoders, the same for all; each one's attention for decoders. */
const directions = (stretch: Stretch, deltas: readonly Float64Array[], c: number): Float64Array[] => {
  const pieces = deltas.map((delta) => cut(delta, stretch))
  if (pieces[0].length === 0) return pieces
  if (stretch.kind === 'decoder') return pieces.map((piece) => crossAttention(piece, pieces))
  const common = conflictAverse(pieces, { c })
  return pieces.map(() => common)
}

/** The hyper weights of a part: [clients, stretches], row after row, and the momentum that they move with. */
interface Hyper {
  readonly weight: Float32Array
  readonly velocity: Float32Array
}

/** Steps the weights of the clients that answered, by how they moved against the direction mixed into what they got. */
const learn = (
  state: PartState,
  updates: readonly Update[],
  { clients }: FoldContext,
  stretches: readonly Stretch[],
  { initial, hyper }: FedHca2Options,
): Hyper => {
  const width = stretches.length
  const weight = state.memory.weight?.slice() ?? new Float32Array(clients.length * width).fill(initial)
  const velocity = state.memory.velocity?.slice() ?? new Float32Array(clients.length * width)
  for (const { client, values } of updates) {
    const mixed = state.memory[client]
    if (mixed === undefined) continue
    const row = seatOf(clients, client) * width
    stretches.forEach((stretch, s) => {
      const gradient = hyperGradient(
        cut(mixed, stretch), cut(sentTo(state, client), stretch), cut(values, stretch), hyper.scale,
      )
      const next = stepHyperWeight({ value: weight[row + s], velocity: velocity[row + s] }, gradient, hyper)
      weight[row + s] = next.value
      velocity[row + s] = next.velocity
    })
  }
  return { weight, velocity }
}

export const foldFedHca2 = (
  state: PartState,
  updates: readonly Update[],
  about: FoldContext,
  options: FedHca2Options,
): PartState => {
  const stretches = stretchesOf(about.segments)
  const { weight, velocity } = learn(state, updates, about, stretches, options)
  const deltas = deltasOf(state, updates)
  const common = stretches.map((stretch) => directions(stretch, deltas, options.c))
  const personal = new Map(state.personal)
  const memory: Record<string, Float32Array> = { ...state.memory, weight, velocity }
  updates.forEach(({ client, values }, k) => {
    const row = seatOf(about.clients, client) * stretches.length
    const own = values.slice()
    const mixed = new Float32Array(values.length)
    stretches.forEach((stretch, s) => {
      const direction = common[s][k]
      const share = clamped(weight[row + s])
      paste(direction, stretch, mixed)
      paste(cut(values, stretch).map((value, i) => value + share * direction[i]), stretch, own)
    })
    personal.set(client, own)
    memory[client] = mixed
  })
  const served = updates.map(({ client }) => ({ values: personal.get(client)! }))
  return { ...state, values: weightedSum(served, sampleWeights(updates)), personal, memory }
}

/**
 * FedHCA2: every client keeps a model of its own; encoders add a common direction that no client is hurt by, decoders
 * add what they learn from each other by attention, each by a weight that the server learns.
 *
 *     encoder:  theta_k <- theta_k(sent) + Delta_k + clamp(alpha_k, 0, 1) U,      U = conflictAverse(Delta_1 .. Delta_K)
 *     decoder:  theta_k <- theta_k(sent) + Delta_k + clamp(beta_k, 0, 1) softmax(Delta_k Delta' / sqrt(n)) Delta
 *     alpha_k, beta_k: SGD on < direction mixed in, theta_k(sent) - theta_k >, before the aggregation, from round 2 on
 *
 * Lu, Huang, Yang, Sirejiding, Ding, Lu, "FedHCA2: Towards Hetero-Client Federated Multi-Task Learning", CVPR 2024,
 * restated from the authors' code, as are all defaults: c = 0.4, alpha = beta = 0.1, SGD with rate 0.01, momentum 0.9,
 * decay 1e-4. Segments of role `tower` are decoders, with one beta per tensor; all else of the part is encoder. The
 * code has one U and one alpha per client for a whole encoder: here each owner has them for its part. Decoders attend
 * to the same task's towers of other clients, not across tasks. Running statistics stay each client's own. No two
 * clients are taken to have the same data, so nothing is averaged beforehand.
 */
export const fedHca2 = strategyEntry({
  kind: 'fedhca2',
  sentence: 'a model per client: conflict-averse encoders, cross-attending towers, mixed in by learned weights',
  source: 'Lu et al., CVPR 2024, the authors’ code',
  schema: z.strictObject({
    kind: z.literal('fedhca2'),
    c: z.number().min(0).lt(1).default(0.4).describe('How far the common direction may lie from the mean'),
    initial: z.number().min(0).max(1).default(0.1).describe('alpha and beta before the first step'),
    rate: z.number().nonnegative().default(0.01).describe('Learning rate of alpha and beta'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of alpha and beta'),
    decay: z.number().nonnegative().default(1e-4).describe('Weight decay of alpha and beta'),
    scale: z.enum(['raw', 'cosine']).default('raw').describe('Their gradient as it is, or divided by both norms'),
  }),
  define: ({ c, initial, rate, momentum, decay, scale }) => ({
    template: () => 'scenario',
    fold: (state, updates, about) =>
      foldFedHca2(state, updates, about, { c, initial, hyper: { rate, momentum, decay, scale } }),
    absent: 'It keeps its model and its weights, and adds nothing to the common direction.',
  }),
})
