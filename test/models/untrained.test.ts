import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'

import type { Table } from '../../src/data/table.js'
import type { World } from '../../src/data/world.js'
import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { putPart } from '../../src/federation/parts.js'
import { flySetup } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import { logLoss } from '../../src/metrics/log-loss.js'
import { buildLayout } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import { buildModel, mlp, ranker, singleTask, star } from '../../src/models/registry.js'
import { fillUntrained } from '../../src/models/untrained.js'
import { normal, streams } from '../../src/random/streams.js'
import { resolve } from '../../src/simulation/resolve.js'
import { adam, fedAvg, localOnly, pooled, synchronous } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'

describe('a row that was never trained', () => {
  const features: Features = {
    categorical: [
      { name: 'item', size: 3 }, { name: 'seen', size: 3, table: 'item', sequence: 'history' }, { name: 'page', size: 2 },
    ],
    numeric: [],
  }
  const layout = buildLayout([
    { name: 'before', shape: [2], axes: ['out'], role: 'other', initial: { kind: 'constant', value: 0 } },
    {
      name: 'embedding', shape: [5, 2], axes: ['row', 'out'], role: 'embedding',
      initial: { kind: 'constant', value: 0 }, tables: [3, 2],
    },
  ])
  const initial = Float32Array.of(9, 9, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5)

  test('stands for the mean of those of its table that were', () => {
    const trained = Float32Array.of(9, 8, 1, -1, 2, -1, 6, -3, 4, -4, 5, -7)
    expect([...fillUntrained(layout, initial, trained)]).toEqual([9, 8, 4, -2, 2, -1, 6, -3, 5, -7, 5, -7])
    expect([...trained]).toEqual([9, 8, 1, -1, 2, -1, 6, -3, 4, -4, 5, -7])
  })

  test('is its own if rare words trained it; a row of words that others saw is filled', () => {
    const trained = Float32Array.of(9, 9, 2, 0, 2, -2, 4, -6, 4, -4, 5, -5)
    expect([...fillUntrained(layout, initial, trained)]).toEqual([9, 9, 2, 0, 3, -3, 4, -6, 4, -4, 5, -5])
  })

  test('is left as it is where no row of the table was trained, and where all were', () => {
    expect(fillUntrained(layout, initial, initial)).toBe(initial)
    const all = initial.map((value) => value + 1)
    expect(fillUntrained(layout, initial, all)).toBe(all)
  })

  test('may round as means of equal numbers do; a row that diverged was trained', () => {
    const rounded = Float32Array.of(9, 9, 1 + 2 ** -23, -1, 2, -4, 3, -5, 4, -4, 5, NaN)
    expect([...fillUntrained(layout, initial, rounded)]).toEqual([9, 9, 2.5, -4.5, 2, -4, 3, -5, 5, NaN, 5, NaN])
  })

  test.each([
    ['a perceptron', mlp({ hidden: [2] }), [['embedding', [3, 2]]]],
    ['each task’s own', singleTask({ embedding: 2, bottom: [2], tower: [] }),
      [['ctr.embedding', [3, 2]], ['ctcvr.embedding', [3, 2]]]],
    ['STAR, whose domains are no words', star({ embedding: 2, hidden: [2] }), [['embedding', [3, 2]]]],
    ['users and items', ranker({ embedding: 2 }), [['user', [3]], ['item', [2]]]],
  ] as const)('is found in the tables of %s', (_, spec, expected) => {
    const interactions = { user: 0, item: 2, edges: 4 }
    const world = spec.kind === 'ranker' ? { ...features, interactions } : features
    const tasks = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }] as const
    const found = buildModel(spec).segments(world, tasks).flatMap(({ name, tables }) => (tables ? [[name, tables]] : []))
    expect(found).toEqual(expected)
  })

  test('must be in tables that fill their segment', () => {
    const { segments: [, embedding] } = layout
    expect(() => buildLayout([{ ...embedding, tables: [3, 1] }])).toThrow(/`tables` add up to the length/)
  })
})

describe('unseen items', () => {
  /** Items 1 to `seen` are those of training rows; each has a pull of its own, mean 1 and deviation 1.5. */
  const seen = 400
  const rowsOf = (rows: number, seed: string, item: (draw: () => number) => number, known = true): Table => {
    const draw = streams(seed)('rows')
    const pull = (id: number): number => 1 + 1.5 * normal(streams('pulls')('item', id))
    const table = {
      rows, categorical: new Int32Array(rows), numeric: new Float32Array(rows), labels: new Float32Array(rows),
    }
    for (let row = 0; row < rows; row++) {
      const id = item(draw)
      table.categorical[row] = known ? id : 0
      table.numeric[row] = normal(draw)
      table.labels[row] = draw() < 1 / (1 + Math.exp(-pull(id) - table.numeric[row])) ? 1 : 0
    }
    return table
  }
  const among = (from: number, count: number) => (draw: () => number): number => from + Math.floor(draw() * count)
  const none = rowsOf(0, '', () => 0)

  /** Each scenario trains on half of the items; tests are on items that nobody trained on, or on the other's half. */
  const world = (seed: string, tests: 'new' | 'other'): World => ({
    name: 'unseen',
    features: { categorical: [{ name: 'item', size: seen + 1 }], numeric: ['x'] },
    tasks: [{ name: 'click', kind: 'binary' }],
    scenarios: [0, 1].map((s) => ({
      name: `half-${s}`,
      train: rowsOf(2000, `${seed}/train/${s}`, among(1 + s * (seen / 2), seen / 2)),
      validation: none,
      test: tests === 'new'
        ? rowsOf(1500, `${seed}/test/${s}`, among(1000, 3000), false)
        : rowsOf(1500, `${seed}/test/${s}`, among(1 + (1 - s) * (seen / 2), seen / 2)),
    })),
    origins: [], split: 'made up', notes: [],
  })

  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ workers: 0 })
  })
  afterAll(() => engine.close())

  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

  /** What a client would serve if unseen rows stayed at their random first values. */
  const raw = ({ initial, parts: [trunk], strategy }: Setup, flight: Flight, client: string): Float32Array => {
    if (strategy.name === 'local-only') return flight.personal[client]
    const flat = initial.slice()
    putPart(flight.parts.trunk, trunk, flat)
    return flat
  }

  /** Mean log-loss over scenarios on test, as measured, and under the random rows. */
  const losses = async (seed: number, strategy: Specification['strategy'], tests: 'new' | 'other') => {
    const data = world(`${seed}`, tests)
    const resolved = resolve({
      world: { kind: 'storefronts' }, model: mlp({ hidden: [16], embedding: 8 }), strategy, rounds: synchronous({ count: 4 }),
      local: { batch: 32, optimizer: adam(5e-3) }, evaluate: { every: 100, start: false },
    }, { seed })
    const setup = await setUp(resolved, data, engine)
    const flight = await flySetup(setup, { engine })
    const measured = flight.metrics.filter(({ metric, split }) => metric === 'log-loss' && split === 'test')
    const jobs = setup.exams.map(({ client, program, data: rows, history }) =>
      ({ kind: 'score' as const, client, program, data: rows, history, parameters: raw(setup, flight, client) }))
    const random = await Promise.all(engine.score(jobs))
    return {
      filled: mean(measured.map(({ value }) => value!)),
      random: mean(random.map(({ scores: [own] }, i) => logLoss(own, setup.exams[i].table.labels)!)),
    }
  }

  it.each([
    ['FedAvg', fedAvg(), 'new'], ['pooled', pooled({ scenarioId: false }), 'new'], ['local-only', localOnly(), 'new'],
    ['local-only, of items that the other client knows', localOnly(), 'other'],
  ] as const)('are told better by the mean of the seen than by a random row: %s', async (_, strategy, tests) => {
    const all = []
    for (const seed of [1, 2, 3, 4, 5]) all.push(await losses(seed, strategy, tests))
    const [filled, random] = [all.map((one) => one.filled), all.map((one) => one.random)]
    // One random row may be a lucky one; over seeds it costs, and the unlucky ones cost much.
    expect(mean(random) - mean(filled)).toBeGreaterThan(0.005)
    expect(Math.max(...filled)).toBeLessThan(Math.max(...random))
  }, 60_000)
})
