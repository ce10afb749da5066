import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { SurrogateEngine } from '../../../src/engine/surrogate/surrogate-engine.js'
import { roundEntries } from '../../../src/federation/rounds/registry.js'
import { fly } from '../../../src/flight/fly.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, ditto, fedAvg, fedPer, mbps, mmoe, ms, pfMsmtrec, quorum, scaffold, semiAsynchronous, sgd,
  synchronous, tiers, type Specification,
} from '../../../src/simulation/script.js'
import { allFinite, everyAbsence, everyFault, unequal } from '../every-fault.js'

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
/** Without training, in which any difference shows too: results are there at once, or late and in another order. */
const untrained = new SurrogateEngine()
const scrambled = new SurrogateEngine({ scrambled: true })

const after = ms(400)
const patience = ms(100)
const machines = {
  deadline: deadline({ count: 5, after, patience, select: 3, overSelect: 0.3 }),
  quorum: quorum({ count: 5, quorum: 2, after: ms(800), patience }),
  tiers: tiers({ count: 6, tiers: 2, after, patience, by: 'answers', adapt: { every: 1 }, credits: [4, 4] }),
  'semi-asynchronous': semiAsynchronous({ count: 8, after: ms(250), patience, lag: 2 }),
  asynchronous: asynchronous({ count: 12, timeout: after, patience }),
  buffered: buffered({ count: 8, buffer: 2, timeout: after, patience, concurrency: 3 }),
  synchronous: synchronous({ count: 4, patience }),
} satisfies Record<string, Specification['rounds']>

/** Without acknowledgements a synchronous round never ends whose answer is lost for good: it flies through all that lets one come. */
const losing = new Set(['away', 'crash', 'lose', 'partition', 'corrupt'])
const faultsFor = ({ kind, count }: { readonly kind: string; readonly count: number }, acknowledge: boolean): NonNullable<Specification['faults']> => {
  const all = everyFault({ leaves: [2, count], uploadsLost: [2, count], modelsLost: [2, count], narrow: [2, count], crash: 200 })
  return kind === 'synchronous' && !acknowledge ? all.filter((fault) => !losing.has(fault.kind)) : all
}

/** Nor may a client of it be gone for good, or out of energy. */
const absencesFor = ({ kind }: { readonly kind: string }, acknowledge: boolean): NonNullable<Specification['faults']> =>
  kind === 'synchronous' && !acknowledge ? everyAbsence().filter((fault) => ['slow', 'skew', 'joins'].includes(fault.kind)) : everyAbsence()

const strategies = { fedAvg: fedAvg(), scaffold: scaffold(), ditto: ditto(), fedPer: fedPer(), pfMsmtrec: pfMsmtrec() }

const flown = (rounds: (typeof machines)[keyof typeof machines], strategy: Specification['strategy'], acknowledge: boolean, engine: Engine, faults = faultsFor(rounds, acknowledge)): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2], batchNorm: true }),
        local: { epochs: 2, batch: 16, optimizer: sgd(0.1) },
        strategy,
        rounds,
        network: { up: mbps(2), down: mbps(4), latency: ms(10) },
        devices: { stepOverhead: 8000 },
        faults,
        delivery: { acknowledge, timeout: ms(80), retries: 4, probe: ms(500) },
        evaluate: { every: 100, start: false, final: false },
      },
      { seed: 5 },
    ),
    { world: unequal, engine },
  )

it('are all that there are', () => {
  expect(Object.keys(machines).toSorted()).toEqual(roundEntries.map(({ kind }) => kind))
})

describe.each(Object.entries(machines))('%s rounds fly through every kind of fault', (_, rounds) => {
  describe.each(Object.entries(strategies))('with %s', (_name, strategy) => {
    it.each([['off', false], ['on', true]])('and retries %s, alike on any number of workers', async (_word, acknowledge) => {
      const flight = await flown(rounds, strategy, acknowledge, alone)
      const again = await flown(rounds, strategy, acknowledge, crew)
      expect(again.digests).toEqual(flight.digests)
      expect(flight.rounds).toHaveLength(rounds.count)
      expect(flight.rounds.some(({ outcome }) => outcome === 'closed')).toBe(true)
      for (const { values, personal, memory } of Object.values(flight.states)) {
        expect(allFinite([values, ...personal.values(), ...Object.values(memory)])).toBe(true)
      }
      const fates = new Set(flight.ledger.map(({ fate }) => fate))
      if (rounds.kind !== 'synchronous' || acknowledge) expect(fates).toContain('lost')
      // A coin or two may never fall in so few messages.
      expect(flight.faults.filter(({ fired }) => fired === 0).length).toBeLessThan(3)
      if (acknowledge) expect(flight.ledger.some(({ kind }) => kind === 'ack')).toBe(true)
      if (acknowledge) expect(flight.ledger.some(({ attempt }) => attempt > 0)).toBe(true)
    })

    it.each([['off', false], ['on', true]])('and every absence, wrong clock and full inbox, with retries %s', async (_word, acknowledge) => {
      const flight = await flown(rounds, strategy, acknowledge, untrained, absencesFor(rounds, acknowledge))
      const again = await flown(rounds, strategy, acknowledge, scrambled, absencesFor(rounds, acknowledge))
      expect(again.digests).toEqual(flight.digests)
      expect(flight.rounds).toHaveLength(rounds.count)
      expect(flight.faults.some(({ fired }) => fired > 0)).toBe(true)
    })
  })
})
