import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { strategyEntries, type StrategySpec } from '../../src/federation/strategies/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { asynchronous, buffered, fedAvg, fedHca2, mbps, mmoe, ms, scaffold, sgd } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { allFinite, everyAbsence, everyFault, unequal } from './every-fault.js'

let alone: Engine
let crew: Engine
beforeAll(async () => {
  alone = await openEngine({ workers: 0 })
  crew = await openEngine({ workers: 2 })
})
afterAll(async () => {
  await alone.close()
  await crew.close()
})

const faults = everyFault({ leaves: [2, 8], uploadsLost: [2, 8], modelsLost: [2, 8], narrow: [2, 8], crash: 200 })

const flown = (strategy: Specification['strategy'], rounds: Specification['rounds'], engine: Engine, weather = faults): Promise<Flight> => {
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2], batchNorm: true }),
    local: { epochs: 2, batch: 16, optimizer: sgd(0.1) },
    strategy,
    rounds,
    network: { up: mbps(2), down: mbps(4), latency: ms(10) },
    devices: { stepOverhead: 8000 },
    faults: weather,
    evaluate: { every: 4 },
  }
  return fly(resolve(specification, { seed: 5 }), { world: unequal, engine })
}

const common = { count: 16, timeout: ms(400), patience: ms(100) }
const policies = [asynchronous(common), buffered({ ...common, buffer: 3, concurrency: 3 })]
const strategies = [fedAvg(), scaffold(), fedHca2()]
const cases = policies.flatMap((policy) => strategies.map((strategy) => [policy.kind, strategy.kind, policy, strategy] as const))

it.each(cases)('%s rounds fly %s through every kind of fault, alike on any number of workers', async (_policy, _strategy, policy, strategy) => {
  const flight = await flown(strategy, policy, alone)
  const again = await flown(strategy, policy, crew)
  expect(again.digests).toEqual(flight.digests)
  expect(flight.rounds).toHaveLength(16)
  expect(flight.faults.filter(({ fired }) => fired === 0).map(({ text }) => text)).toEqual([])
  expect(flight.rounds.some(({ staleness }) => staleness!.some((tau) => tau > 0))).toBe(true)
  for (const { values, personal } of Object.values(flight.states)) {
    expect(allFinite([values, ...personal.values()])).toBe(true)
  }
  const folded = flight.ledger.filter(({ kind, part, fate }) => kind === 'update' && part === 'trunk' && fate === 'used')
  expect(folded).toHaveLength(flight.rounds.reduce((sum, row) => sum + row.folded.length, 0))
  expect(flight.trainings.filter(({ outcome }) => outcome === 'used').map(({ client: who, round }) => `${who} ${round}`).toSorted()).toEqual(
    [...new Set(folded.map(({ from, round }) => `${from} ${round}`))].toSorted(),
  )
})

it.each(strategyEntries.map(({ kind }) => kind).filter((kind) => kind !== 'pooled'))('buffered rounds fly %s', async (kind) => {
  const { rounds, states } = await flown({ kind } as StrategySpec, buffered({ ...common, buffer: 2, count: 8 }), alone)
  expect(rounds).toHaveLength(8)
  for (const { values, personal, memory } of Object.values(states)) {
    expect(allFinite([values, ...personal.values(), ...Object.values(memory)])).toBe(true)
  }
})

it.each(policies.map((policy) => [policy.kind, policy] as const))('%s rounds fly through what keeps clients away, and full inboxes', async (_kind, policy) => {
  const flight = await flown(fedAvg(), policy, alone, everyAbsence())
  expect(flight.rounds).toHaveLength(16)
  expect(flight.faults.filter(({ fired }) => fired === 0).map(({ id }) => id)).toEqual([])
  expect((await flown(fedAvg(), policy, crew, everyAbsence())).digest).toBe(flight.digest)
})
