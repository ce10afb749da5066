import type { World } from '../../src/data/world.js'
import type { Engine, Training, TrainResult } from '../../src/engine/engine.js'
import type { PartState, Strategy, Update } from '../../src/federation/strategies/strategy.js'
import { buildLayout, initialize, type Layout } from '../../src/models/layout.js'
import type { Model } from '../../src/models/model.js'
import { streams } from '../../src/random/streams.js'
import { buildBalancer, type BalancerSpec } from '../../src/balancing/registry.js'
import { asListed } from './strategies/part.js'

export interface ReferenceOptions {
  readonly world: World
  readonly model: Model
  readonly strategy: Strategy
  readonly engine: Engine
  readonly local: {
    epochs: number; batch: number; optimizer: Training['optimizer']; keep?: boolean; balance?: BalancerSpec
  }
  readonly rounds: number
  readonly seeds: { readonly initialisation: string; readonly batches: string }
  readonly chunk: number
  readonly cohort: number | undefined
}

const sharedOf = (flat: Float32Array, layout: Layout, strategy: Strategy): Float32Array =>
  Float32Array.from(layout.segments.flatMap((s) =>
    strategy.template(s) === 'private' ? [] : [...flat.subarray(s.offset, s.offset + s.size)]))

const withShared = (flat: Float32Array, shared: Float32Array, layout: Layout, strategy: Strategy): Float32Array => {
  const out = flat.slice()
  let at = 0
  for (const s of layout.segments) if (strategy.template(s) !== 'private') out.set(shared.subarray(at, (at += s.size)), s.offset)
  return out
}

/** What a federation computes whose strategy trains one plain leg and keeps nothing, as a plain synchronous loop: no actors, no messages, no clock. */
export const reference = async (o: ReferenceOptions): Promise<{ global: Float32Array; personal: Map<string, Float32Array> }> => {
  const { features, members } = o.strategy.arrange(o.world)
  const layout = buildLayout(o.model.segments(features, o.world.tasks))
  const initial = initialize(layout, streams(o.seeds.initialisation))
  const proximalSegments = layout.segments.filter((s) => s.trainable && o.strategy.template(s) !== 'private').map((s) => s.name)
  const mu = o.strategy.legs[0].proximal?.mu ?? 0
  const { program } = await o.engine.prepare({
    model: o.model, features, tasks: o.world.tasks, layout, optimizer: o.local.optimizer, batch: o.local.batch,
    taskWeights: o.world.tasks.map(() => 1 / o.world.tasks.length), chunk: o.chunk, cohort: o.cohort,
    proximal: mu > 0, proximalSegments: mu > 0 ? proximalSegments : [],
    ...(o.local.balance && { balancer: buildBalancer(o.local.balance, layout, o.world.tasks) }),
  })
  const clients = members.map(({ name, train }) => ({ name: `client-${name}`, train })).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, train } of clients) await o.engine.register(`reference/${name}`, train)
  const personal = new Map(clients.map(({ name }) => [name, initial]))
  const kept = new Map<string, Parameters<Engine['train']>[0][0]['optimizer']>()
  const remembered = new Map<string, TrainResult['balance']>()
  let global = sharedOf(initial, layout, o.strategy)
  for (let round = 1; round <= o.rounds; round++) {
    const updates: Update[] = []
    for (const { name, train } of clients) {
      const plan = { epochs: o.local.epochs, seed: o.seeds.batches, key: ['client', name, 'round', round] }
      const parameters = withShared(personal.get(name)!, global, layout, o.strategy)
      const optimizer = o.local.keep ? kept.get(name) : undefined
      const balance = remembered.get(name)
      const [job] = o.engine.train([
        { kind: 'train', client: name, program, data: `reference/${name}`, parameters, mu, optimizer, balance, plan },
      ])
      const result = await job
      personal.set(name, result.parameters)
      kept.set(name, result.optimizer)
      remembered.set(name, result.balance)
      updates.push({ client: name, round, examples: train.rows, steps: result.steps, extras: {}, values: sharedOf(result.parameters, layout, o.strategy) })
    }
    const state: PartState = { part: 'all', values: global, personal: new Map(), memory: {} }
    const members = clients.map((client) => ({ name: client.name, examples: client.train.rows }))
    const about = { round, order: asListed, clients: members, segments: [], optimizer: { momentum: 0, ...o.local.optimizer } }
    global = o.strategy.fold(state, updates, about).values
  }
  return { global, personal }
}
