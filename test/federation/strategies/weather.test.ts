import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { fly } from '../../../src/flight/fly.js'
import { strategyEntries, type StrategySpec } from '../../../src/federation/strategies/registry.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { deadline, mbps, mmoe, ms, seconds, sgd } from '../../../src/simulation/script.js'
import { allFinite, everyAbsence, everyFault, type Times, unequal } from '../every-fault.js'

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

const times = { leaves: [2, 2], uploadsLost: [2, 4], modelsLost: [3, 3], narrow: [2, 3], crash: 350 } satisfies Times

const flown = (
  strategy: StrategySpec, engine: Engine, faults = everyFault(times, strategy.kind === 'pooled'),
): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2], batchNorm: true, dropout: 0.1 }),
        local: { epochs: 2, batch: 16, optimizer: sgd(0.1, { momentum: 0.5 }), optimizerState: 'keep' },
        strategy,
        rounds: deadline({ count: 4, after: seconds(1), quorum: 1, patience: ms(200), late: 'give-up' }),
        network: { up: mbps(2), down: mbps(4), latency: ms(10) },
        devices: { stepOverhead: 8000 },
        faults,
        evaluate: { every: 2 },
      },
      { seed: 5 },
    ),
    { world: unequal, engine },
  )

describe('every strategy of the library, through every kind of fault', () => {
  it.each(strategyEntries.map(({ kind }) => kind))('%s', async (kind) => {
    const spec = { kind } as StrategySpec
    const flight = await flown(spec, alone)
    expect(flight.rounds).toHaveLength(4)
    for (const { values, personal, memory } of Object.values(flight.states)) {
      expect(allFinite([values, ...personal.values(), ...Object.values(memory)])).toBe(true)
    }
    const scenarios = new Set(flight.metrics.filter(({ round }) => round === 4).map(({ scenario }) => scenario))
    expect([...scenarios].sort()).toEqual(['DE', 'ES', 'FR', 'NL'])
    expect((await flown(spec, crew)).digest).toBe(flight.digest)
  })

  it('and there was weather', async () => {
    const { faults: report, ledger, trainings } = await flown({ kind: 'fedavg' }, alone)
    expect(report.filter(({ fired }) => fired === 0)).toEqual([])
    expect(new Set(report.map(({ kind }) => kind)).size).toBe(14)
    const fates = new Set(ledger.map(({ fate }) => fate))
    for (const fate of ['used', 'lost', 'duplicate', 'fruitless'] as const) expect(fates).toContain(fate)
    expect(trainings.map(({ outcome }) => outcome)).toContain('interrupted')
  })
})

describe('every strategy of the library, through what keeps clients away, wrong clocks and full inboxes', () => {
  it.each(strategyEntries.map(({ kind }) => kind))('%s', async (kind) => {
    const { rounds, states } = await flown({ kind } as StrategySpec, alone, everyAbsence(kind === 'pooled'))
    expect(rounds).toHaveLength(4)
    for (const { values, personal, memory } of Object.values(states)) {
      expect(allFinite([values, ...personal.values(), ...Object.values(memory)])).toBe(true)
    }
  })

  it('all of which there was, alike on any number of workers', async () => {
    const flight = await flown({ kind: 'fedavg' }, alone, everyAbsence())
    expect(flight.faults.filter(({ fired }) => fired === 0).map(({ id }) => id)).toEqual([])
    expect((await flown({ kind: 'fedavg' }, crew, everyAbsence())).digest).toBe(flight.digest)
  })
})
