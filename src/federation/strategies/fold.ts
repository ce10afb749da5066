import type { World } from '../../data/world.js'
import type { Arrangement, FoldContext, PartState, Update } from './strategy.js'

/** One client per scenario, which trains on it and serves it: what every federated strategy starts from. */
export const onePerScenario = (world: World): Arrangement => ({
  features: world.features,
  members: world.scenarios.map(({ name, of = name, train, validation, test }) => ({
    name,
    train,
    serves: [{ scenario: of, validation, test }],
  })),
})

const seats = new WeakMap<FoldContext['clients'], ReadonlyMap<string, number>>()

/** Where a client stands among all clients. */
export const seatOf = (clients: FoldContext['clients'], client: string): number => {
  let known = seats.get(clients)
  if (known === undefined) seats.set(clients, (known = new Map(clients.map(({ name }, i) => [name, i]))))
  return known.get(client) ?? -1
}

/** What breaks a tie between updates, the lowest first: drawn for what it decides, and never the order of names. */
export const lotsOf = (updates: readonly Update[], { clients, order }: Pick<FoldContext, 'clients' | 'order'>, decided: string): number[] => {
  const { placeOf } = order(decided)
  return updates.map(({ client }) => placeOf(seatOf(clients, client)))
}

/** What a client was sent of a part: its own values, or the common ones. */
export const sentTo = ({ personal, values }: Pick<PartState, 'personal' | 'values'>, client: string): Float32Array =>
  personal.get(client) ?? values

/** How far local training moved a part: what the client sent less what it was sent, [length of the part]. */
export const deltaOf = (state: Pick<PartState, 'personal' | 'values'>, { client, values }: Update): Float32Array => {
  const sent = sentTo(state, client)
  return values.map((value, i) => value - sent[i])
}

/** n_k / sum of n: McMahan et al. 2017, algorithm 1. All equal if nobody has rows. */
export const sampleWeights = (updates: readonly Pick<Update, 'examples'>[]): Float64Array => {
  const total = updates.reduce((sum, { examples }) => sum + examples, 0)
  const weights = new Float64Array(updates.length)
  for (let k = 0; k < weights.length; k++) weights[k] = total > 0 ? updates[k].examples / total : 1 / weights.length
  return weights
}

/**
 * sum_k w_k theta_k in double precision, strictly in the order of the updates: floating-point sums are not associative,
 * so the order is part of the result. Four updates share a pass over memory; the order of additions stays.
 */
export const weightedSum = (updates: readonly Pick<Update, 'values'>[], weights: Float64Array): Float32Array => {
  const length = updates[0].values.length
  const sum = new Float64Array(length)
  let k = 0
  for (; k + 4 <= updates.length; k += 4) {
    const [a, b, c, d] = [updates[k].values, updates[k + 1].values, updates[k + 2].values, updates[k + 3].values]
    const [wa, wb, wc, wd] = [weights[k], weights[k + 1], weights[k + 2], weights[k + 3]]
    for (let i = 0; i < length; i++) {
      let s = sum[i]
      s += wa * a[i]
      s += wb * b[i]
      s += wc * c[i]
      s += wd * d[i]
      sum[i] = s
    }
  }
  for (; k < updates.length; k++) {
    const { values } = updates[k]
    const w = weights[k]
    for (let i = 0; i < length; i++) sum[i] += w * values[i]
  }
  return new Float32Array(sum)
}
