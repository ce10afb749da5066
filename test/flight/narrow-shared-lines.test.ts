import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { FaultInput } from '../../src/faults/registry.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, micros, mlp, mmoe, ms, narrow, region, sgd, type Specification, synchronous } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const lines = { sharing: 'fair', up: 8e6, down: 8e6, latency: 0, servers: { up: 8e6, down: 8e6 } } as const

const flown = async (faults: readonly FaultInput[], changes: Partial<Specification> = {}) => {
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: mlp({ hidden: [2] }),
    local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: deadline({ count: 2, after: micros(1000), quorum: 1 }),
    network: lines,
    devices: { stepOverhead: 400_000, gflops: 1e9, memoryGBps: 1e9 },
    evaluate: { every: 100, final: false, start: false },
    faults: [...faults],
    ...changes,
  }
  return fly(resolve(specification, { seed: 1, engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 16 }), engine })
}

/** When models are there, by round and client, and how often a fault struck. */
const downloads = async (faults: readonly FaultInput[], changes?: Partial<Specification>): Promise<Record<string, number | null>> => {
  const { ledger } = await flown(faults, changes)
  const models = ledger.filter(({ kind }) => kind === 'model').map(({ round, to, delivered }) => [`${round}${to.slice(-1)}`, delivered] as const)
  return Object.fromEntries(models.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/*
 * By hand: a model is 968 bytes, and all lines have a byte a microsecond. The first round's two models have half of the servers'
 * line each; the second round opens at 1,000 and sends two more, and then all four have a quarter. By then 500 bytes have passed of
 * each of the first, and 468 are left: 4 x 468 later, at 2,872, they are there. Of the second 500 are left, and have half again: 3,872.
 */
describe('the servers’ line, narrowed in the middle of two downloads', () => {
  const quarter = { to: 2e6, direction: 'up' } as const

  it('goes as it is, undisturbed', async () => {
    expect(await downloads([])).toEqual({ '1A': 2872, '1B': 2872, '2A': 3872, '2B': 3872 })
  })

  it('by a round: from its opening on all four have a sixteenth', async () => {
    // 1,000 + 16 x 468 = 8,488, and 8 x 500 more.
    const slow = { '1A': 8488, '1B': 8488, '2A': 12_488, '2B': 12_488 }
    expect(await downloads([narrow({ line: 'servers' }, { ...quarter, rounds: [2, 2] })])).toEqual(slow)
    expect(await downloads([narrow({ line: 'servers' }, { by: 4, rounds: [2, 2] })])).toEqual(slow)
  })

  it('by a round that ends: they are free from the next on', async () => {
    // 125 bytes of each by 1,000; 843 x 4 more: 4,372. Of the second 125 are left, at half.
    expect(await downloads([narrow({ line: 'servers' }, { ...quarter, rounds: [1, 1] })])).toEqual({ '1A': 4372, '1B': 4372, '2A': 4622, '2B': 4622 })
  })

  it('by time: from 400 to 1,000 they have an eighth', async () => {
    // 200 and 75 bytes by 1,000; 693 x 4 more: 3,772. Of the second 275 are left, at half.
    const times = { from: micros(400), until: micros(1000) }
    expect(await downloads([narrow({ line: 'servers' }, { ...quarter, ...times })])).toEqual({ '1A': 3772, '1B': 3772, '2A': 4322, '2B': 4322 })
  })

  it('by an event, for as long as it lasts', async () => {
    const opened = { event: 'opened', round: 2 } as const
    // 400 microseconds at a sixteenth are 25 bytes: 443 x 4 after 1,400 is 3,172; 500 are left of the second.
    const expected = { '1A': 3172, '1B': 3172, '2A': 4172, '2B': 4172 }
    expect(await downloads([narrow({ line: 'servers' }, { ...quarter, when: opened, lasts: micros(400) })])).toEqual(expected)
    // 1,000 microseconds of it are 62.5 bytes: 405.5 x 4 after 2,000 is 3,622; 500 of the second, as ever.
    const until = { event: 'closed', round: 2 } as const
    expect(await downloads([narrow({ line: 'servers' }, { ...quarter, when: opened, until })])).toEqual({ '1A': 3622, '1B': 3622, '2A': 4622, '2B': 4622 })
  })

  it('until it becomes calm', async () => {
    // 125 bytes of each by 1,000, and 9.375 more of four at a sixteenth by 1,150; 833.625 x 4: 4,484.5. Of the second 125 are left, at half: 4,734.5.
    const calm = { calm: { at: micros(1150) } }
    expect(await downloads([narrow({ line: 'servers' }, quarter)], calm)).toEqual({ '1A': 4485, '1B': 4485, '2A': 4735, '2B': 4735 })
  })

  it('together with a client’s own line: who is held back there leaves the rest to the other', async () => {
    // B has a tenth, and 9 tenths of 968 bytes are to come when A, with what is left of a half, is done: 968 / 0.4 = 2,420.
    const one = { rounds: deadline({ count: 1, after: ms(1), quorum: 1 }) }
    const faults = [narrow({ line: 'servers' }, { to: 4e6, id: 'servers' }), narrow('client-B', { to: 8e5, id: 'own' })]
    expect(await downloads(faults, one)).toEqual({ '1A': 2420, '1B': 9680 })
    // Factors multiply, then the lowest cap holds, as on a client's line: 1/2 x 1/2, and at most 0.3.
    const more = [narrow({ line: 'servers' }, { by: 2, id: 'a' }), narrow({ line: 'servers' }, { by: 2, id: 'b' }), narrow({ line: 'servers' }, { to: 2.4e6, id: 'c' })]
    expect(await downloads(more, one)).toEqual({ '1A': 7744, '1B': 7744 })
    expect(await downloads(more.slice(1), one)).toEqual({ '1A': 6454, '1B': 6454 })
  })

  it('is told of by rounds in which it was so, once each; one that narrows nothing never fires', async () => {
    const alone = await flown([narrow({ line: 'servers' }, { to: 9e6, id: 'wide' })])
    expect(alone.faults[0]).toMatchObject({ fired: 0, outcome: 'never fired' })
    // The line is never idle between the rounds.
    const always = await flown([narrow({ line: 'servers' }, { to: 2e6, id: 'n' })])
    expect(always.faults[0]).toMatchObject({ fired: 2, outcome: 'the line narrowed in 2 rounds' })
    const { faults } = await flown([
      narrow({ line: 'servers' }, { to: 2e6, id: 'n' }),
      narrow({ line: 'servers' }, { by: 2, probability: 0, id: 'never' }), narrow({ line: 'servers' }, { by: 2, direction: 'down', id: 'other way' }),
    ])
    // The servers receive nothing while it lasts.
    expect(faults.map(({ id, targets, fired, outcome }) => [id, targets, fired, outcome])).toEqual([
      ['n', [], 2, 'the line narrowed in 2 rounds'], ['never', [], 0, 'never fired'], ['other way', [], 0, 'never fired'],
    ])
    expect(faults[0].text).toBe('the line of the servers: bandwidth at most 2 Mbit/s')
  })
})

describe('other lines', () => {
  const round = { rounds: synchronous({ count: 1 }) }
  const regions = { here: ['client-A', 'aggregator'], there: 'client-B' }

  it('of a region, and the backbone: who does not cross them is not held back', async () => {
    const network = { ...lines, servers: undefined, regions, regional: { there: { down: 8e6 } }, backbone: 8e6 }
    expect(await downloads([narrow({ line: { region: 'there' } }, { by: 2 })], { network, ...round })).toEqual({ '1A': 968, '1B': 1936 })
    expect(await downloads([narrow({ line: 'backbone' }, { by: 8, direction: 'down' })], { network, ...round })).toEqual({ '1A': 968, '1B': 7744 })
    expect(await downloads([narrow({ line: 'backbone' }, { by: 8, direction: 'up' })], { network, ...round })).toEqual({ '1A': 968, '1B': 968 })
    // The selector is about its clients' own lines.
    expect(await downloads([narrow(region('there'), { by: 4 })], { network, ...round })).toEqual({ '1A': 968, '1B': 3872 })
  })

  it('of one host, with that of the others as it was', async () => {
    const network = { ...lines, up: 8e12, down: 8e12, servers: { up: 8e6, apart: true } }
    const model = mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] })
    const models = async (faults: readonly FaultInput[]): Promise<Record<string, number>> => {
      const { ledger } = await flown(faults, { network, model, ...round })
      const last: Record<string, number> = {}
      for (const { kind, from, delivered } of ledger) if (kind === 'model') last[from] = Math.max(last[from] ?? 0, delivered!)
      return last
    }
    const [usual, narrower] = [await models([]), await models([narrow({ line: { host: 'expert-2' } }, { by: 3 })])]
    const begun = usual.aggregator
    expect(begun).toBeGreaterThan(0)
    expect(narrower).toMatchObject({ aggregator: usual.aggregator, 'expert-1': usual['expert-1'] })
    expect(narrower['expert-2']).toBeGreaterThan(usual['expert-2'])
  })
})
