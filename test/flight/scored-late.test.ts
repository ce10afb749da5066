import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine, ScoreResult } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { LivenessError } from '../../src/errors.js'
import { fly } from '../../src/flight/fly.js'
import type { MetricRow } from '../../src/record/rows.js'
import { resolve } from '../../src/simulation/resolve.js'
import { fedAvg, lose, mlp, sgd, synchronous } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

const world = smallWorld({ A: 6, B: 12, C: 18 })
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** Scores come after that many turns of the event loop. */
const scoringAfter = (turns: number): Engine => ({
  ...engine,
  register: (handle, table) => engine.register(handle, table),
  prepare: (training) => engine.prepare(training),
  train: (jobs) => engine.train(jobs),
  score: (jobs) => engine.score(jobs).map(async (scored): Promise<ScoreResult> => {
    for (let i = 0; i < turns; i++) await turn()
    return scored
  }),
})

/** Ends in the third round, in which a message is lost that nobody sends again. */
const rowsUntilStuck = async (on: Engine): Promise<MetricRow[]> => {
  const rows: MetricRow[] = []
  const resolved = resolve({
    world: { kind: 'storefronts' },
    model: mlp({ hidden: [2] }),
    local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 4 }),
    evaluate: { every: 1, on: ['validation'], start: true },
    faults: [lose({ message: 'update' }, { rounds: [3, 3] })],
  }, { seed: 3, engine: 'tfjs' })
  const flight = fly(resolved, {
    world, engine: on, onEvent: (event) => { if (event.kind === 'evaluated') rows.push(...event.rows) },
  })
  await expect(flight).rejects.toBeInstanceOf(LivenessError)
  return rows
}

it('a flight that fails leaves the scores of every close before, however late they come', async () => {
  const rows = await rowsUntilStuck(scoringAfter(0))
  expect(new Set(rows.map(({ round }) => round))).toEqual(new Set([0, 1, 2]))
  expect(await rowsUntilStuck(scoringAfter(2000))).toEqual(rows)
})

it('a model that diverged ends a flight in one place, however late its scores come', async () => {
  const linesUntilDiverged = async (on: Engine): Promise<string[]> => {
    const lines: string[] = []
    const resolved = resolve({
      world: { kind: 'storefronts' },
      model: mlp({ hidden: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(1e30) },
      // Nobody sends anything, so that only the scores can tell: they are known by the close of round 3, or not.
      strategy: { kind: 'local-only' },
      rounds: synchronous({ count: 7 }),
      evaluate: { every: 2, on: ['validation'], start: false },
    }, { seed: 3, engine: 'tfjs' })
    const flight = fly(resolved, { world, engine: on, onLines: (some) => lines.push(...some) })
    await expect(flight).rejects.toThrow(/^The model diverged: .* after round 2/)
    return lines
  }
  const lines = await linesUntilDiverged(scoringAfter(0))
  expect(lines.findLast((line) => line.includes('round-close'))).toContain('"round":4')
  expect(await linesUntilDiverged(scoringAfter(2000))).toEqual(lines)
})
