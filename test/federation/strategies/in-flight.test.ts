import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { setUp } from '../../../src/flight/setup.js'
import { flyUnder } from '../../../src/flight/fly.js'
import type { StrategySpec } from '../../../src/federation/strategies/registry.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  bulyan, coordinateMedian, deadline, fedAdam, fedAmp, fedFv, fedHca2, fedYogi, geometricMedian, inverseParticipation, krum, matFl, mifa, mmoe,
  normClipping, seconds, sgd, trimmedMean,
} from '../../../src/simulation/script.js'
import { calm, clear } from '../calm.js'
import { smallWorld } from '../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ NL: 20, ES: 16, FR: 12, US: 16 })

const specs: readonly StrategySpec[] = [
  bulyan(), coordinateMedian(), fedAdam(), fedAmp({ sigma: 100 }), fedAmp({ form: 'cosine' }), fedFv(), fedHca2(), fedYogi(),
  geometricMedian(), inverseParticipation(), krum(), krum({ keep: 2 }), matFl(), mifa(), normClipping(), trimmedMean(),
]

/*
 * Three rounds in which ES is missing from the second, everything of FR comes twice, and US never has its say on the
 * first expert. Batch norm is on, so that running statistics pass through every rule.
 */
it.each(specs.map((spec) => [spec.kind, spec] as const))('%s flies where clients are missing and messages double', async (_kind, strategy) => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2], batchNorm: true }),
      local: { epochs: 1, batch: 8, optimizer: sgd(0.1) },
      strategy,
      rounds: deadline({ count: 3, after: seconds(60) }),
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'surrogate' },
  )
  const weather = calm({
    judge: ({ kind, from, round, part }) => {
      const lost = (from === 'client-ES' && round === 2) || (from === 'client-US' && part === 'expert-1')
      if (kind === 'update' && lost) return { delay: 0, copies: [], lost: { travelled: 0, fault: 'test' } }
      return from === 'client-FR' ? { delay: 0, copies: [{ delay: 10, fault: 'test' }] } : clear
    },
  })
  const setup = await setUp(resolved, world, engine)
  const flight = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
  expect(flight.rounds.map(({ folded }) => folded.length)).toEqual([4, 3, 4])
  for (const { values, personal, memory } of Object.values(flight.states)) {
    for (const vector of [values, ...personal.values(), ...Object.values(memory)]) {
      expect(vector.every(Number.isFinite)).toBe(true)
    }
  }
  const variances = setup.parts.flatMap((part) => {
    const { values, personal } = flight.states[part.name]
    return part.segments.flatMap(({ name, offset, size }) =>
      name.includes('variance') ? [values, ...personal.values()].map((all) => all.subarray(offset, offset + size)) : [],
    )
  })
  expect(variances.length).toBeGreaterThan(0)
  for (const variance of variances) expect(Math.min(...variance)).toBeGreaterThan(0)
})
