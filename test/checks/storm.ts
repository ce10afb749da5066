import { openEngine } from '../../src/engine/open.js'
import type { Flight } from '../../src/flight/flight.js'
import { Lab } from '../../src/lab/lab.js'
import { LastGround } from '../../src/lab/ground.js'
import { resolve } from '../../src/simulation/resolve.js'
import { storefronts } from '../../scenarios/index.js'
import {
  asynchronous, away, buffered, corrupt, crash, deadline, delay, duplicate, fedAvg, forget, hierarchical, lose, mlp, mmoe, ms, named, one, partition, pause, poison, quorum, seconds, sgd,
  slow, type Specification, synchronous,
} from '../../src/simulation/script.js'

const plain = {
  world: storefronts({ scenarios: 4, impressions: [60, 90, 40, 70], users: 40, items: 20 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  network: { latency: ms(10) },
  devices: { stepOverhead: ms(8) },
  evaluate: { start: false, every: 1000, final: false },
} satisfies Partial<Specification>

const rounds: Readonly<Record<string, Specification['rounds']>> = {
  synchronous: synchronous({ count: 6, select: 3, patience: ms(150) }),
  deadline: deadline({ count: 6, after: ms(400), quorum: 2, select: 3, patience: ms(100), leftBehind: 'stop' }),
  quorum: quorum({ count: 6, quorum: 2, after: seconds(1), patience: ms(100), leftBehind: 'stop', missing: 'sit-out' }),
  asynchronous: asynchronous({ count: 12, timeout: ms(300), patience: ms(100) }),
  buffered: buffered({ count: 6, buffer: 2, timeout: ms(300), patience: ms(100), maxStaleness: 1 }),
}

const back = { restartAfter: ms(40), keeps: 'checkpoint' } as const

/** Bad weather of one kind each. */
const weathers: Readonly<Record<string, NonNullable<Specification['faults']>>> = {
  messages: [
    lose({ from: 'expert' }, { probability: 0.15 }), duplicate({}, { probability: 0.3, after: ms(4) }), delay({ from: 'client' }, { by: ms(30), probability: 0.4 }),
    slow(one(), { by: 6 }),
  ],
  clients: [
    crash(one(), { when: { event: 'began training', nth: 2 }, ...back }), crash(named('client-store-2'), { when: { round: 2, after: 1 }, restartAfter: ms(30) }),
    pause(named('client-store-3'), { when: { event: 'began training', nth: 4 }, for: ms(60) }), away(one(), { phase: 'training', rounds: [3, 4] }),
    away(named('client-store-1'), { phase: 'before-upload', rounds: [4, 5] }),
  ],
  servers: [
    crash('aggregator', { when: { event: 'closed', nth: 2 }, ...back }), crash('expert-1', { when: { event: 'arrived', to: 'expert-1', message: 'update', nth: 2 }, ...back }),
    crash('expert-2', { when: { event: 'folded', nth: 7 }, ...back, restartAfter: ms(90) }), pause('expert-1', { when: { event: 'folded', nth: 4 }, for: ms(70) }),
  ],
  'servers, forgetful': [
    crash('aggregator', { when: { event: 'arrived', to: 'aggregator', message: 'update', nth: 5 }, ...back }), forget('aggregator', { by: 1 }),
    crash('expert-1', { when: { event: 'closed', nth: 3 }, ...back }), forget('expert-1', { by: 2 }),
    crash('expert-2', { when: { event: 'closed', nth: 3 }, restartAfter: ms(20) }), duplicate({}, { probability: 0.2, after: ms(6) }),
  ],
  'death in recovery': [
    crash('aggregator', { when: { event: 'arrived', to: 'aggregator', message: 'update', nth: 4 }, ...back, restartAfter: ms(120) }),
    crash('expert-1', { when: { event: 'arrived', to: 'aggregator', message: 'update', nth: 4 }, ...back, restartAfter: ms(110) }),
    crash('expert-1', { when: { event: 'returned', actor: 'expert-1' }, ...back, restartAfter: ms(15) }),
  ],
  apart: [
    partition([named('expert-1')], { from: ms(150), until: ms(500) }), partition([named('client-store-1', 'client-store-2')], { from: ms(300), until: ms(700) }),
    crash('expert-1', { at: ms(200), ...back }),
  ],
}

/** Weathers that need another federation. */
const more: Readonly<Record<string, Partial<Specification>>> = {
  'nobody there': {
    faults: [
      away('all', { from: ms(60), until: ms(260) }), away('all', { from: ms(420), until: ms(700) }), duplicate({}, { probability: 0.3, after: ms(40) }),
      crash('aggregator', { at: ms(200), ...back }), crash('expert-1', { at: ms(210), ...back }),
    ],
  },
  'checkpoints that take time': {
    checkpoint: { every: 1, cost: ms(45) },
    faults: [
      duplicate({}, { probability: 0.4, after: ms(30) }), delay({ from: 'client' }, { by: ms(20), probability: 0.5 }),
      crash('aggregator', { when: { event: 'wrote a checkpoint', actor: 'aggregator', nth: 2 }, ...back, restartAfter: ms(5) }),
      crash('expert-1', { when: { event: 'wrote a checkpoint', actor: 'expert-1', nth: 3 }, ...back, restartAfter: ms(80) }),
    ],
  },
  'no experts': {
    model: mlp({ hidden: [4], embedding: 2 }),
    faults: [
      crash('aggregator', { when: { event: 'arrived', to: 'aggregator', message: 'update', nth: 1 }, ...back, repeat: { times: 4 }, restartAfter: ms(25) }),
      duplicate({}, { probability: 0.4, after: ms(15) }), slow(one(), { by: 8 }),
    ],
  },
  'numbers that are none, and a client that nobody hears': {
    onDivergence: 'go-on',
    faults: [poison(named('client-store-1'), { send: 'nan' }), lose({ from: named('client-store-2') }, { from: ms(150) }), corrupt({ to: 'client' }, { bits: 2, probability: 0.1 })],
  },
}

const masked: Partial<Specification> = { secureAggregation: { threshold: 2, patience: ms(70) } }
const lateKeys = delay({ from: 'client', message: 'keys' }, { by: ms(40), probability: 0.2 })

/** Sums under masks, in common rounds; whoever lacks a part sits out. */
const sums: Readonly<Record<string, Partial<Specification>>> = {
  'under masks': { faults: [...weathers.clients, ...weathers.messages, lateKeys] },
  'under masks, servers': {
    faults: [
      ...weathers.servers, duplicate({}, { probability: 0.2, after: ms(30) }),
      crash('aggregator', { when: { event: 'sent', actor: 'aggregator', message: 'unmask', nth: 5 }, ...back }),
      crash('expert-1', { when: { event: 'sent', actor: 'expert-1', message: 'unmask', nth: 9 }, ...back }),
    ],
  },
  'under masks, checkpoints that take time': {
    checkpoint: { every: 1, cost: ms(45) },
    faults: [
      duplicate({}, { probability: 0.4, after: ms(30) }), delay({ from: 'client' }, { by: ms(20), probability: 0.5 }),
      crash('expert-1', { when: { event: 'wrote a checkpoint', actor: 'expert-1', nth: 3 }, ...back, restartAfter: ms(20) }),
      crash('client-store-2', { when: { event: 'arrived', to: 'client-store-2', message: 'keys', nth: 4 }, restartAfter: ms(1) }),
    ],
  },
  'under masks, forgetful': { faults: weathers['servers, forgetful'] },
  'under masks, nothing lost': {
    checkpoint: { every: 'message' },
    faults: [
      crash('aggregator', { when: { event: 'sent', actor: 'aggregator', message: 'unmask', nth: 2 }, ...back }),
      crash('aggregator', { when: { event: 'arrived', to: 'aggregator', message: 'shares', nth: 8 }, ...back }),
      crash('expert-1', { when: { event: 'sent', actor: 'expert-1', message: 'unmask', nth: 2 }, ...back }),
      crash('expert-2', { when: { event: 'arrived', to: 'expert-2', message: 'keys', nth: 5 }, ...back }), lose({ from: 'client', message: 'unmask' }, { probability: 0.5 }),
      lose({ message: 'shares' }, { probability: 0.1 }),
    ],
  },
  'under masks, apart': { onDivergence: 'go-on', faults: [...weathers.apart, poison(named('client-store-1'), { send: 'nan' }), poison(named('client-store-3'), { send: { attack: 'scale', by: 1e6 } })] },
}

const tiered: Partial<Specification> = { topology: hierarchical({ regions: 2, every: 2, rounds: { kind: 'deadline', after: ms(150), patience: ms(100) } }) }
const dies = { when: { event: 'arrived', to: 'regional-1', message: 'update' }, ...back } as const

/** Regional aggregators between clients and servers, in common rounds. */
const inRegions: Readonly<Record<string, Partial<Specification>>> = {
  'in regions': { faults: [...weathers.clients, ...weathers.messages, crash('regional-1', { ...dies, repeat: { times: 4 }, restartAfter: ms(15) })] },
  'in regions, servers': {
    faults: [
      ...weathers.servers, duplicate({}, { probability: 0.2, after: ms(30) }), pause('regional-2', { when: { event: 'folded', actor: 'regional-2', nth: 2 }, for: ms(70) }),
      crash('regional-1', { ...dies, keeps: 'nothing' }), crash('regional-2', { when: { event: 'arrived', to: 'regional-2', message: 'model', nth: 4 }, ...back }),
    ],
  },
  'in regions, forgetful': {
    faults: [...weathers['servers, forgetful'], crash('regional-1', dies), forget('regional-1', { by: 1 }), crash('regional-2', { when: { event: 'folded', actor: 'regional-2', nth: 3 }, ...back })],
  },
  'in regions, nobody there': { faults: [...more['nobody there'].faults!, pause('regional-1', { at: ms(150), for: ms(200) })] },
  'in regions, apart': { checkpoint: { every: 'message' }, faults: [...weathers.apart, crash('regional-1', dies), partition([named('regional-2')], { from: ms(150), until: ms(400) })] },
  'in regions that wait': {
    topology: hierarchical({ regions: 2, every: 2, rounds: { kind: 'synchronous', select: 1, leftBehind: 'stop' } }),
    faults: [slow(one(), { by: 60 }), crash('regional-1', dies), lose({ from: 'regional', to: 'expert' }, { probability: 0.2 })],
  },
}

/** Flights of every kind of round through every kind of weather, with messages acknowledged and not; what cannot end is told. */
export const storm = async (see: (name: string, flight: Flight) => void, failed: (name: string, error: Error) => void): Promise<void> => {
  const engine = await openEngine({ engine: 'surrogate' })
  const grounds = new LastGround()
  for (const [kind, of] of Object.entries(rounds)) {
    const isCommon = kind !== 'asynchronous' && kind !== 'buffered'
    const summed = Object.fromEntries(Object.entries(isCommon ? sums : {}).map(([weather, changes]) =>
      [weather, { ...masked, ...changes, rounds: { ...(of as object), missing: 'sit-out' } as Specification['rounds'] }]))
    const regional = Object.fromEntries(Object.entries(isCommon ? inRegions : {}).map(([weather, changes]) =>
      [weather, { ...tiered, ...changes, rounds: { ...(of as object), select: 2 } as Specification['rounds'] }]))
    const all = { ...regional, ...Object.fromEntries(Object.entries(weathers).map(([weather, faults]) => [weather, { faults }])), ...more, ...summed }
    for (const [weather, changes] of Object.entries(all)) {
      for (const acknowledge of [false, true]) {
        const delivery = { acknowledge, retries: 12, timeout: ms(60) }
        const resolved = resolve({ ...plain, rounds: of, ...changes, delivery } as Specification, { seed: 3, engine: 'surrogate', workers: 1 })
        const lab = Lab.on(await grounds.open(resolved, { cwd: process.cwd() }), resolved)
        const name = `${kind}, ${weather}${acknowledge ? ', acknowledged' : ''}`
        try {
          see(name, await lab.fly())
        } catch (error) {
          failed(name, error as Error)
        }
      }
    }
  }
  await grounds.close()
  await engine.close()
}
