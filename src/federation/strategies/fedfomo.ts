import { z } from 'zod'

import { train } from './define.js'
import { strategyEntry } from './entry.js'
import { sampleWeights, weightedSum } from './fold.js'
import type { Local } from './local.js'
import type { FoldContext, PartState, Update } from './strategy.js'
import { squaredDistance } from './vectors.js'

/** Names of the places in which other clients' models come down. */
const slot = (m: number): string => `peer-${m}`

/**
 * The client whose model is in place m of client i: in turn round a circle that is drawn, so that in the long run
 * everybody meets everybody. The circle is drawn anew when all have met.
 */
export const peerOf = (i: number, m: number, { clients, round, order }: FoldContext, peers: number): number => {
  const all = clients.length
  const others = all - 1
  const turn = peers >= others ? 0 : (round - 1) * peers
  const circle = order('circle', 1 + Math.floor(turn / others))
  return circle.at((circle.placeOf(i) + 1 + ((turn + m) % others)) % all)
}

/** The offered models by place, but for those that are the client's own. All of a model travels, so they are whole. */
const offered = ({ given, received }: Local): readonly (readonly [string, Float32Array])[] =>
  Object.entries(given).filter(([, model]) => model.some((v, i) => v !== received[i]))

/** theta_i + sum_n w_n (theta_n - theta_i), with w_n ~ max(0, (L_i(theta_i) - L_i(theta_n)) / |theta_n - theta_i|). */
const mixed = (local: Local): Float32Array => {
  const { received, scored } = local
  const models = offered(local)
  const gains = models.map(([name, model]) => {
    const gain = (scored.own - scored[name]) / Math.sqrt(squaredDistance(model, received))
    return gain > 0 ? gain : 0
  })
  const total = gains.reduce((sum, gain) => sum + gain, 0)
  if (total === 0) return received
  return received.map((v, i) => v + models.reduce((sum, [, model], n) => sum + (gains[n] / total) * (model[i] - v), 0))
}

/** Every client is sent its own last model, and beside it those of its peers. */
export const foldFedFomo = (
  state: PartState,
  updates: readonly Update[],
  about: FoldContext,
  peers: number,
): PartState => {
  const { clients } = about
  const personal = new Map(state.personal)
  for (const { client, values } of updates) personal.set(client, values)
  const memory: Record<string, Float32Array> = {}
  clients.forEach(({ name }, i) => {
    for (let m = 0; m < Math.min(peers, clients.length - 1); m++) {
      const model = personal.get(clients[peerOf(i, m, about, peers)].name)
      if (model !== undefined) memory[`${slot(m)}/${name}`] = model
    }
  })
  return { ...state, values: weightedSum(updates, sampleWeights(updates)), personal, memory }
}

/**
 * FedFomo: a client is offered the models of others, measures each on its own validation rows, and moves towards those
 * that serve it better than its own, by how much better they are for the distance.
 *
 *     w_n = max(0, (L_i(theta_i) - L_i(theta_n)) / |theta_n - theta_i|), normalised to sum 1
 *     theta_i <- theta_i + sum_n w_n (theta_n - theta_i),      then local training
 *
 * Zhang, Sapra, Fidler, Yeung, Alvarez, "Personalized Federated Learning with First Order Model Optimization", ICLR
 * 2021, section 3. With `peers` below the number of others the paper draws them by what they were worth before; here
 * they come in turn, so that all owners offer the same clients without hearing of each other. Each peer is one model
 * more down to each client, which thereby sees other clients' models. Measuring is charged; a scenario's validation rows
 * then choose both these weights and the round that a study selects.
 */
export const fedFomo = strategyEntry({
  kind: 'fedfomo',
  sentence: 'a client is offered others’ models and moves towards those that its own validation rows prefer',
  source: 'Zhang et al., ICLR 2021, section 3',
  schema: z.strictObject({
    kind: z.literal('fedfomo'),
    peers: z.int().min(1).max(32).default(5).describe('M: models offered to a client in a round, at most'),
  }),
  define: ({ peers }) => ({
    template: () => 'scenario',
    extras: {
      down: Array.from({ length: peers }, (_, m) => ({
        name: slot(m),
        length: 'part' as const,
        otherwise: 'values' as const,
        among: (clients: number) => m < clients - 1,
      })),
    },
    legs: [
      {
        name: 'measure',
        when: (round) => round > 1,
        scores: (local) => ({ own: local.received, ...Object.fromEntries(offered(local)) }),
      },
      { ...train, start: (local) => (local.round > 1 ? mixed(local) : local.received) },
    ],
    fold: (state, updates, about) => foldFedFomo(state, updates, about, peers),
    absent: 'Its last model is still offered to others; its own waits until it comes back.',
  }),
})
