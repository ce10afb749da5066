import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, micros, mmoe, narrow, seconds, sgd, type Specification } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/*
 * Two clients and one expert. Lines of one byte per microsecond, 10 ms of latency. A frame of the trunk has 648 bytes, one of
 * the expert 216: both models are there at 10,864. A trains 501 microseconds, B 1,001. Answers go the expert's first. Undisturbed,
 * A's leave its line from 11,365 to 11,581 and 12,229, B's from 11,865 to 12,081 and 12,729.
 */
const flown = async (changes: Partial<Specification>): Promise<string[]> => {
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
    local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: deadline({ count: 1, after: seconds(1), quorum: 1 }),
    network: { up: 8e6, down: 8e6, latency: micros(10_000) },
    devices: { stepOverhead: 500, gflops: 1e9, memoryGBps: 1e9 },
    evaluate: { every: 100, final: false, start: false },
    ...changes,
  }
  const flight = await fly(resolve(specification, { seed: 1, engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 32 }), engine })
  return flight.ledger.filter(({ kind }) => kind === 'update').map(
    ({ round, from, part, sent, bytes, delivered, travelled, fate }) => `${round} ${from.slice(-1)} ${part} (${bytes}) ${sent}: ${delivered ?? `${travelled} bytes`} ${fate}`)
}

const b = ['1 B expert-1 (216) 11865: 22081 used', '1 B trunk (648) 11865: 22729 used']

describe('a transfer under way', () => {
  it('goes as lines are, undisturbed', async () => {
    expect(await flown({})).toEqual(['1 A expert-1 (216) 11365: 21581 used', '1 A trunk (648) 11365: 22229 used', ...b])
  })

  it('is narrowed by an event in the middle of it', async () => {
    const faults = [narrow('client-A', { by: 10, when: { event: 'trained', actor: 'client-B' }, id: 'narrow' })]
    // At 11,865 there have passed 284 bytes of the trunk; 364 take 3,640 microseconds.
    expect(await flown({ faults })).toEqual(['1 A expert-1 (216) 11365: 21581 used', '1 A trunk (648) 11365: 25505 used', ...b])
  })

  it('is as fast as before once an event ends that', async () => {
    const faults = [narrow('client-A', {
      by: 100, when: { event: 'trained', actor: 'client-B' }, until: { event: 'arrived', from: 'client-B', part: 'trunk', message: 'update' }, id: 'narrow',
    })]
    // 364 bytes at 1/100 until 22,729, which is 108.64 of them: 255.36 more, the last of them at 22,985.
    expect(await flown({ faults })).toEqual(['1 A expert-1 (216) 11365: 21581 used', '1 A trunk (648) 11365: 32985 used', ...b])
  })

  it('or after the time that it was to last', async () => {
    const faults = [narrow('client-A', { by: 100, when: { event: 'trained', actor: 'client-B' }, lasts: micros(10_000), id: 'narrow' })]
    // 100 bytes until 21,865; 264 more.
    expect(await flown({ faults })).toEqual(['1 A expert-1 (216) 11365: 21581 used', '1 A trunk (648) 11365: 32129 used', ...b])
  })

  const short = deadline({ count: 2, after: micros(12_000), quorum: 1 })

  it('is narrowed by the opening of a round', async () => {
    const faults = [narrow('client-A', { by: 10, direction: 'up', rounds: [2, 2], id: 'narrow' })]
    // At 12,000 there have passed 419 bytes of the trunk: 229 take 2,290 microseconds.
    const updates = await flown({ rounds: short, faults })
    expect(updates.slice(0, 2)).toEqual(['1 A expert-1 (216) 11365: 21581 aborted', '1 A trunk (648) 11365: 24290 aborted'])
  })

  it('is freed by it, and what waits behind it begins sooner', async () => {
    const faults = [narrow('client-A', { by: 10, direction: 'up', rounds: [1, 1], id: 'narrow' })]
    // At 12,000 there have passed 63.5 bytes: 152.5 more, the last of them at 12,153, and 648.
    const updates = await flown({ rounds: short, faults })
    expect(updates.slice(0, 2)).toEqual(['1 A expert-1 (216) 11365: 22153 aborted', '1 A trunk (648) 11365: 22801 aborted'])
  })

  it('is freed when it becomes calm', async () => {
    const faults = [narrow('client-A', { by: 10, id: 'narrow' }), narrow('client-B', { to: 8e5, id: 'capped' })]
    // At 1/10, models are there at 18,640: in 100 microseconds more than A trains 10 bytes have passed, and 206 are left.
    const updates = await flown({ faults, calm: { at: micros(19_241) } })
    expect(updates).toEqual([
      '1 A expert-1 (216) 19141: 29447 used', '1 A trunk (648) 19141: 30095 used',
      '1 B expert-1 (216) 19641: 29857 used', '1 B trunk (648) 19641: 30505 used',
    ])
  })

  it('is not reckoned anew where nothing changes for it', async () => {
    const odd = { network: { up: 7.3e6, down: 8e6, latency: micros(10_000) } }
    const without = await flown({ ...odd, rounds: short })
    const elsewhere = narrow('client-B', { by: 3, direction: 'down', rounds: [2, 2], id: 'elsewhere' })
    const same = narrow('client-A', { by: 1, rounds: [2, 2], id: 'same' })
    const firstRound = (updates: readonly string[]) => updates.filter((text) => text.startsWith('1'))
    expect(firstRound(await flown({ ...odd, rounds: short, faults: [elsewhere, same] }))).toEqual(firstRound(without))
  })
})
