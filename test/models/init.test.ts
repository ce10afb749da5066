import { describe, expect, test } from 'vitest'
import { fedproxSynthetic, storefronts, type WorldSpec } from '../../scenarios/index.js'
import { SpecificationError } from '../../src/errors.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import { buildModel, mlp, mmoe, modelEntries, ranker, sharedBottom, star, type ModelSpec } from '../../src/models/registry.js'
import { streams } from '../../src/random/streams.js'
import { simulate } from '../../src/runs/simulate.js'
import { fedAvg, sgd, simulation, synchronous } from '../../src/simulation/script.js'

const tasks = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }] as const
const wide: Features = {
  categorical: [{ name: 'a', size: 5 }, { name: 'b', size: 3 }], numeric: ['x', 'y'],
  interactions: { user: 0, item: 1, edges: 4 },
}
const numeric: Features = { categorical: [], numeric: ['x', 'y'] }

/** First values by segment. */
const valuesOf = (spec: ModelSpec, features = wide): Record<string, number[]> => {
  const layout = buildLayout(buildModel(spec).segments(features, tasks))
  const values = initialize(layout, streams('1'))
  return Object.fromEntries(layout.segments.map(({ name, offset, size }) => [name, [...values.slice(offset, offset + size)]]))
}
const given = { embedding: 4, experts: 2, expert: [3], tower: [] }

describe('first values', () => {
  test('of a linear model may all be zero', () => {
    expect(valuesOf(mlp({ hidden: [], init: 'zeros' }), numeric)).toEqual({
      'tower.1.weight': [0, 0, 0, 0], 'tower.1.bias': [0, 0],
    })
  })

  test('are chosen by role, and change in no bit elsewhere', () => {
    const own = valuesOf(mmoe(given))
    const chosen = valuesOf(mmoe({
      ...given, init: { tower: 'zeros', gate: { kind: 'constant', value: 0.5 }, embedding: { kind: 'normal', deviation: 1e-4 } },
    }))
    for (const [name, values] of Object.entries(own)) {
      if (name === 'tower.1.weight') expect(chosen[name]).toEqual(values.map(() => 0))
      else if (/^gate.*weight$/.test(name)) expect(chosen[name]).toEqual(values.map(() => 0.5))
      else if (name === 'embedding') expect(Math.max(...chosen[name].map(Math.abs))).toBeLessThan(5e-4)
      else expect(chosen[name], name).toEqual(values)
    }
    expect(chosen.embedding.every((value) => value !== 0)).toBe(true)
  })

  test('leave what starts at a constant anyway', () => {
    const all = valuesOf(star({ embedding: 2, hidden: [], normalisation: 'none', init: { tower: 'zeros' } }))
    expect(new Set(all['star.1.weight'])).toEqual(new Set([0]))
    expect(new Set(all['star.1.scenario.weight'])).toEqual(new Set([1]))
  })

  test('are an option of every model', () => {
    for (const { kind, schema } of modelEntries) expect('init' in schema.shape, kind).toBe(true)
  })

  test.each<[ModelSpec, RegExp]>([
    [mlp({ hidden: [4], init: 'zeros' }), /of 'mlp' starts 'bottom.1.weight' at zero, and a ReLU follows.*never learn.*\{ tower: zeros \}/],
    [sharedBottom({ embedding: 2, bottom: [], tower: [3], init: { tower: 'zeros' } }), /starts 'tower.1.weight' at zero, and a ReLU/],
    [mlp({ hidden: [], init: 'zeros' }), /starts embedding and tower at zero, which are multiplied.*\{ tower: zeros \}/],
    [ranker({ embedding: 2, init: 'zeros' }), /starts user and embedding at zero, which are multiplied/],
    [mlp({ hidden: [], init: { expert: 'zeros' } }), /model.init.expert: nothing of 'mlp' .* which has embedding, tower/],
  ])('from which nothing can be learnt, or of what there is not, are refused: %j', (spec, message) => {
    expect(() => valuesOf(spec)).toThrow(SpecificationError)
    expect(() => valuesOf(spec)).toThrow(message)
  })

  test.each<[object, RegExp]>([
    [{ init: 'ones' }, /model.init of 'mlp' is "ones": it must be zeros, or first values by role \(embedding, user/],
    [{ init: { towers: 'zeros' } }, /model.init.towers: 'mlp' has no such option/],
    [{ init: { tower: { kind: 'normal', deviation: -1 } } }, /model.init of 'mlp' is .*: it must be a number above 0\./],
    [{ init: { tower: 'zero' } }, /it must be zeros, or one of constant \(value\), uniform \(limit\) and normal \(deviation\)\./],
  ])('that are no first values are refused: %j', (option, message) => {
    expect(() => buildModel({ kind: 'mlp', hidden: [], ...option } as ModelSpec)).toThrow(message)
  })
})

describe('a flight from zero', () => {
  const fly = (world: WorldSpec, model: ModelSpec) =>
    simulate(simulation({
      world, model, strategy: fedAvg(), rounds: synchronous({ count: 3 }), local: { batch: 16, optimizer: sgd(0.05) },
    }), { seed: '1', workers: 1, engine: 'tfjs' })

  test.each<[string, WorldSpec, ModelSpec, string, number]>([
    ['softmax regression on synthetic(1, 1)', fedproxSynthetic({ clients: 3, sizes: { law: 'equal', rows: 100 } }),
      mlp({ hidden: [], init: 'zeros' }), 'log-loss', Math.log(10)],
    ['an MMoE whose heads are zero', storefronts({ scenarios: 2, impressions: 600 }),
      mmoe({ ...given, init: { tower: 'zeros' } }), 'log-loss', Math.log(2)],
  ])('begins at chance and learns: %s', async (_, world, model, name, chance) => {
    const { metrics } = await fly(world, model)
    const at = (round: number): number[] =>
      metrics.flatMap(({ round: own, metric, value }) => (own === round && metric === name ? [value!] : []))
    for (const value of at(0)) expect(value).toBeCloseTo(chance, 6)
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
    expect(mean(at(3))).toBeLessThan(chance - 0.05)
  }, 60_000)
})
