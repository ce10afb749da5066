import { describe, expect, it } from 'vitest'

import { loadWorld } from '../../scenarios/registry.js'
import { storefronts } from '../../scenarios/index.js'
import { type EngineOptions, openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { streams } from '../../src/random/streams.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  adam, away, crash, deadline, duplicate, fedBn, fraction, lose, mbps, minutes, mmoe, ms, one, partial, seconds, sgd, slow,
} from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { nativeHere } from '../engine/native.js'

const native = await nativeHere('determinism in native TensorFlow')

/** Faults of many kinds over five clients of unequal size; a cohort of 2, so that company varies. */
const specification: Specification = {
  world: storefronts({ scenarios: 5, impressions: [300, 500, 200, 400, 330] }),
  model: mmoe({ embedding: 4, experts: 2, expert: [16, 8], tower: [8], batchNorm: true, dropout: 0.1 }),
  local: { epochs: 2, batch: 40, optimizer: adam(5e-3), cohort: 2 },
  strategy: fedBn(),
  rounds: deadline({ count: 3, after: minutes(1), quorum: 1 }),
  network: { up: mbps(2), down: mbps(8), latency: ms(30) },
  faults: [
    away(fraction(0.4), { phase: 'training', rounds: [2, 3] }),
    slow(one(), { by: 5 }),
    partial(one(), { epochs: 0.5 }),
    lose({ from: 'client', to: 'expert' }, { probability: 0.2 }),
    duplicate({ from: 'client' }, { probability: 0.2, after: ms(5) }),
    crash(one(), { at: seconds(3), restartAfter: seconds(1), keeps: 'checkpoint' }),
  ],
}

const flown = async (options: EngineOptions, seed = 1, changes: Partial<Specification> = {}): Promise<Flight> => {
  const resolved = resolve({ ...specification, ...changes }, { seed })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const engine = await openEngine(options)
  try {
    return await fly(resolved, { world, engine })
  } finally {
    await engine.close()
  }
}

describe('the digest depends on the seed and on nothing else', () => {
  it('not on the number of workers, random delays of jobs, or a worker that is killed in mid-job', async () => {
    const alone = await flown({ workers: 0 })
    const delays = streams('any')('delays')
    const others: EngineOptions[] = [
      { workers: 0 },
      { workers: 1 },
      { workers: 2 },
      { workers: 2, disturb: { delay: () => Math.floor(delays() * 20) } },
      { workers: 2, disturb: { kill: (cohort, deaths) => cohort % 3 === 1 && deaths === 0 } },
    ]
    for (const options of others) {
      const other = await flown(options)
      expect(other.events).toEqual(alone.events)
      expect(other.digests).toEqual(alone.digests)
    }
    expect((await flown({ workers: 0 }, 2)).digests.events).not.toBe(alone.digests.events)
  })

  it('and its events half is the same on every engine, with metrics that agree', async () => {
    // Without Adam, which makes whole steps of the rounding errors in gradients that are zero.
    const plain = { local: { ...specification.local, optimizer: sgd(0.1) } }
    const onnx = await flown({ workers: 0 }, 1, plain)
    const others = native ? (['tfjs', 'tfjs-node', 'tfjs-node-eager'] as const) : (['tfjs'] as const)
    for (const engine of others) {
      const other = await flown({ engine, workers: 0 }, 1, plain)
      expect(other.digests.events, engine).toBe(onnx.digests.events)
      expect(other.metrics.length, engine).toBe(onnx.metrics.length)
      other.metrics.forEach((row, i) => {
        const digits = row.metric === 'auc' ? 2 : 5
        expect(row.value ?? 0, `${engine} ${JSON.stringify(row)}`).toBeCloseTo(onnx.metrics[i].value ?? 0, digits)
      })
    }
  })

  it.skipIf(!native)('nor, on native TensorFlow, on processes, cohorts, or a process that is killed', async () => {
    const engine = 'tfjs-node'
    const alone = await flown({ engine, workers: 0 })
    const others: [EngineOptions, number][] = [
      [{ engine, workers: 0 }, 5],
      [{ engine, workers: 1 }, 1],
      [{ engine, workers: 2 }, 2],
      [{ engine, workers: 2, disturb: { kill: (cohort, deaths) => cohort % 5 === 1 && deaths === 0 } }, 2],
    ]
    for (const [options, cohort] of others) {
      const other = await flown(options, 1, { local: { ...specification.local, cohort } })
      expect(other.digests).toEqual(alone.digests)
    }
  })
})

describe('faults are common random numbers', () => {
  it('another fault changes nothing that was drawn before it: the same clients, the same coins', async () => {
    const run = (more: NonNullable<Specification['faults']>) =>
      flown({ workers: 0 }, 1, { faults: [...(specification.faults ?? []), ...more] })
    const [plain, more] = [await run([]), await run([lose({ from: 'expert', to: 'client' }, { probability: 1, rounds: [3, 3] })])]
    expect(more.faults.slice(0, 6).map(({ targets }) => targets)).toEqual(plain.faults.map(({ targets }) => targets))
    const early = (flight: Flight) => flight.ledger.filter(({ round }) => round <= 2)
    expect(early(more)).toEqual(early(plain))
  })
})
