import { filter } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, buffered, crash, fedAvg, mbps, mmoe, ms, named, narrow, quorum, seconds, semiAsynchronous, sgd, type Specification,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const names = Array.from({ length: 10 }, (_, i) => String.fromCharCode(65 + i))
const world = smallWorld(Object.fromEntries(names.map((name) => [name, 6])))

const base: Omit<Specification, 'rounds'> = {
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
  devices: { stepOverhead: 8000 },
  checkpoint: { every: 1, patience: ms(100) },
  evaluate: { every: 100, final: false, start: false },
  calm: { at: ms(1) },
}

type Changes = Partial<Specification> & Pick<Specification, 'rounds'>

const flown = (changes: Changes) => fly(resolve({ ...base, ...changes }, { seed: 3, engine: 'surrogate' }), { world, engine })

const dies = (...clients: string[]): Specification['faults'] => clients.map((client) => crash(client, { at: ms(12), keeps: 'checkpoint' }))

describe('progress where rounds overlap', () => {
  it.each<[string, Changes]>([
    ['one is at work at a time, and ten make a fold', { rounds: buffered({ count: 5, buffer: 10, concurrency: 1 }) }],
    ['rounds are much shorter than an answer takes', { rounds: semiAsynchronous({ count: 200, after: ms(2) }) }],
    ['somebody who died holds the only place until its timeout', {
      rounds: asynchronous({ count: 6, concurrency: 1, timeout: seconds(20) }),
      faults: dies('client-A', 'client-B', 'client-C', 'client-D'), calm: { at: ms(15), core: named('client-B', 'client-J') },
    }],
    ['a round waits for somebody who died, until its deadline', {
      rounds: semiAsynchronous({ count: 6, after: seconds(20) }), faults: dies('client-A'), calm: { at: ms(15), core: named('client-B', 'client-C') },
    }],
  ])('is not missed where %s', async (_, changes) => {
    const { rounds } = await flown(changes)
    expect(rounds).toHaveLength((changes.rounds as { count: number }).count)
  })

  it.each<[string, Specification['rounds']]>([
    ['buffered', buffered({ count: 40, buffer: 3 })],
    ['one at a time', buffered({ count: 20, buffer: 2, concurrency: 1 })],
    ['asynchronous', asynchronous({ count: 150 })],
    ['semi-asynchronous', semiAsynchronous({ count: 60, after: ms(50) })],
  ])('is missed where updates of a part are swallowed by no fault: %s', async (_, rounds) => {
    const link: Specification['link'] = (envelopes$, { usual }) => usual(envelopes$.pipe(filter(({ kind, part }) => kind !== 'update' || part !== 'expert-1')))
    const error = await flown({ rounds, link }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ check: 'progress' })
    expect((error as Error).message).toMatch(/expert-1 was not folded in the calm phase, in which \d+ clients could have answered/)
  })
})

it('a line that was narrow is free once it is calm, for what is under way on it, too: nothing waits for it', async () => {
  // At the rate that it had, what the first round sends would take client-A's line until the fifth, and the quorum needs it.
  const { rounds } = await flown({
    rounds: quorum({ count: 8, quorum: 3, after: ms(150) }),
    faults: [narrow('client-A', { by: 300 })],
    calm: { at: ms(15), core: named('client-A', 'client-B', 'client-C') },
  })
  expect(rounds).toHaveLength(8)
  expect(rounds.every(({ outcome }) => outcome === 'closed')).toBe(true)
})
