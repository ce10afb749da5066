import { bufferTime, concatAll, filter, interval, mergeWith } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { LivenessError } from '../../src/errors.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { Kernel } from '../../src/time/kernel.js'
import { resolve } from '../../src/simulation/resolve.js'
import { fedAvg, mlp, ms, sgd, synchronous, type Specification } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const flown = (link: Specification['link'], signal?: AbortSignal): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mlp({ hidden: [2] }),
        local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: synchronous({ count: 2 }),
        network: { up: 8e6, down: 8e6, latency: ms(10) },
        evaluate: { every: 100, final: false, start: false },
        link,
      },
      { seed: 1, engine: 'surrogate' },
    ),
    { world: smallWorld({ A: 6, B: 12 }), engine, signal },
  )

describe('a link whose operators look again and again', () => {
  it('does not keep a flight from its end, and brings everything over until then', async () => {
    const plain = await flown((envelopes$, { usual }) => usual(envelopes$))
    const { rounds, ledger, virtualTime } = await flown((envelopes$, { usual, scheduler }) => usual(envelopes$.pipe(bufferTime(ms(7), scheduler), concatAll())))
    expect(rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'closed'])
    expect(ledger.map(({ fate }) => fate)).toEqual(plain.ledger.map(({ fate }) => fate))
    // Whatever is sent waits for the next 7 ms.
    expect(virtualTime).toBeGreaterThan(plain.virtualTime)
  })

  it('and keeps what it has swallowed: the flight ends, where rounds do', async () => {
    const swallowed = flown((envelopes$, { usual, scheduler }) =>
      usual(envelopes$.pipe(filter(({ kind, to, round }) => kind !== 'model' || to !== 'client-B' || round === 1), bufferTime(ms(7), scheduler), concatAll())))
    await expect(swallowed).rejects.toThrow(LivenessError)
    await expect(swallowed).rejects.toThrow(/Round 2 can never close: .*client-B/)
  })

  it('is ended by a signal meanwhile', async () => {
    const stop = new AbortController()
    setImmediate(() => setImmediate(() => stop.abort()))
    // It holds everything back for ever.
    const { status } = await flown((envelopes$, { scheduler }) => envelopes$.pipe(filter(() => false), mergeWith(interval(1, scheduler).pipe(filter(() => false)))) as never, stop.signal)
    expect(status).toBe('interrupted')
  })
})

describe('the kernel', () => {
  it('gives the event loop a turn where events need none', async () => {
    const kernel = new Kernel()
    let seen = -1
    setImmediate(() => (seen = kernel.executed))
    const next = (n: number): void => {
      if (n < 10_000) kernel.after(1, () => next(n + 1))
    }
    next(0)
    await kernel.run()
    expect(kernel.executed).toBe(10_000)
    expect(seen).toBeGreaterThan(0)
    expect(seen).toBeLessThan(10_000)
  })

  it('counts what is idle, until it happens or is withdrawn', async () => {
    const kernel = new Kernel()
    const one = kernel.idly(5, () => {})
    kernel.idly(6, () => {})
    kernel.at(3, () => {})
    expect([kernel.pending, kernel.busy]).toEqual([3, 1])
    kernel.cancel(one)
    expect([kernel.pending, kernel.busy]).toEqual([2, 1])
    await kernel.run({ until: 4 })
    expect([kernel.pending, kernel.busy, kernel.idled]).toEqual([1, 0, 0])
    await kernel.run()
    expect([kernel.pending, kernel.busy, kernel.idled]).toEqual([0, 0, 1])
  })
})
