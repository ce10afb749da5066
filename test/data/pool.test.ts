import { describe, expect, it } from 'vitest'
import { cutByUser } from '../../src/data/clients.js'
import { onlyTasks } from '../../src/data/only-tasks.js'
import { concatenate, poolWorld, shuffleLabels } from '../../src/data/pool.js'
import { loadWorld, storefronts } from '../../scenarios/index.js'
import { streams } from '../../src/random/streams.js'
import { aucOf, fitLogistic } from '../scenarios/logistic.js'

const world = await loadWorld(storefronts({ scenarios: 3, impressions: [200, 100, 300] }), { seed: '1', cwd: '.' })

describe('pooling', () => {
  it('puts all rows in one client, in the order of the scenarios, and keeps the tests apart', () => {
    const pooled = poolWorld(world, { scenarioId: false })
    const { train } = pooled
    expect(train.rows).toBe(420)
    expect(train.labels).toEqual(concatenate(world.scenarios.map((s) => s.train)).labels)
    expect(Array.from(train.numeric.subarray(0, 5)))
      .toEqual(Array.from(world.scenarios[0].train.numeric.subarray(0, 5)))
    expect(pooled.serves.map(({ scenario }) => scenario)).toEqual(['store-1', 'store-2', 'store-3'])
    expect(pooled.serves[1].test).toBe(world.scenarios[1].test)
    expect(pooled.serves[1].validation).toBe(world.scenarios[1].validation)
    expect(train.user?.length).toBe(420)
    expect(train.labels.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('adds a field that tells the scenarios apart, and changes nothing else', () => {
    const pooled = poolWorld(world, { scenarioId: true })
    const fields = world.features.categorical.length
    expect(pooled.features.categorical[fields]).toEqual({ name: 'scenario', size: 4 })
    const { categorical } = pooled.train
    const ids = Array.from({ length: 420 }, (_, row) => categorical[row * (fields + 1) + fields])
    expect([ids.filter((id) => id === 1).length, ids[139], ids[140], ids[209], ids[210]]).toEqual([140, 1, 2, 2, 3])
    const first = world.scenarios[1].train.categorical.subarray(0, fields)
    expect(Array.from(categorical.subarray(140 * (fields + 1), 140 * (fields + 1) + fields))).toEqual(Array.from(first))
    expect(new Set(pooled.serves[2].test.categorical.filter((_, i) => i % (fields + 1) === fields)))
      .toEqual(new Set([3]))
  })
})

/** Weights that say which row and task they are of. */
const weighed = (from: typeof world): typeof world => ({
  ...from,
  scenarios: from.scenarios.map((scenario, s) => ({
    ...scenario,
    train: { ...scenario.train, weights: scenario.train.labels.map((label, i) => 1000 * s + i + label / 2) },
  })),
})

describe('weights of rows', () => {
  const { scenarios } = weighed(world)
  const weights = scenarios.map(({ train }) => [...train.weights!])

  it('are pooled with their rows; a table without any has 1', () => {
    const { train } = poolWorld(weighed(world), { scenarioId: true })
    expect([...train.weights!]).toEqual(weights.flat())
    expect(train.weights!.buffer).toBeInstanceOf(SharedArrayBuffer)
    const { weights: _, ...bare } = scenarios[0].train
    expect([...concatenate([bare, scenarios[1].train]).weights!]).toEqual([...weights[0].map(() => 1), ...weights[1]])
    expect('weights' in concatenate([bare, bare])).toBe(false)
  })

  it('go with the labels where these are shuffled', () => {
    const shuffled = shuffleLabels(weighed(world), '5').scenarios.map(({ train }) => train)
    expect(shuffled.flatMap((train) => [...train.weights!]).toSorted((a, b) => a - b))
      .toEqual(weights.flat().toSorted((a, b) => a - b))
    expect(shuffled.map((train) => [...train.weights!])).not.toEqual(weights)
    // A half in the weight says that its label was 1.
    for (const train of shuffled) train.weights!.forEach((weight, i) => expect(2 * (weight % 1)).toBe(train.labels[i]))
  })

  it('stay with the tasks that are taken, and with the users that a client has', () => {
    const one = onlyTasks(weighed(world), ['ctcvr'])
    expect([...one.scenarios[1].train.weights!]).toEqual(weights[1].filter((_, i) => i % 2 === 1))
    expect(one.scenarios[1].test.weights).toBeUndefined()
    const cut = cutByUser(weighed(world), { by: 'user', count: 3, atLeast: 1 }, streams('1')).scenarios
    const own = cut.filter(({ of }) => of === 'store-2')
    expect(own.flatMap(({ train }) => [...train.weights!]).toSorted((a, b) => a - b)).toEqual(weights[1])
    for (const { train } of own) train.weights!.forEach((weight, i) => expect(2 * (weight % 1)).toBe(train.labels[i]))
  })
})

describe('shuffled labels', () => {
  it('are the same rows of labels in another order, across scenarios; features and test rows stay', () => {
    const shuffled = shuffleLabels(world, '5')
    const rows = ({ scenarios }: typeof world): string[] =>
      scenarios.flatMap(({ train: { labels } }) =>
        Array.from({ length: labels.length / 2 }, (_, row) => labels.subarray(2 * row, 2 * row + 2).join(' ')),
      ).sort()
    expect(rows(shuffled)).toEqual(rows(world))
    world.scenarios.forEach((scenario, s) => {
      const { train, test } = shuffled.scenarios[s]
      expect(train.labels).not.toEqual(scenario.train.labels)
      expect(train.numeric).toBe(scenario.train.numeric)
      expect(test).toBe(scenario.test)
    })
    expect(shuffleLabels(world, '5')).toEqual(shuffled)
    expect(shuffleLabels(world, '6').scenarios[0].train.labels).not.toEqual(shuffled.scenarios[0].train.labels)
  })

  it('leave a model with nothing to learn', async () => {
    const seeds = ['1', '2', '3', '4', '5']
    const aucs = await Promise.all(seeds.map(async (seed) => {
      const one = await loadWorld(storefronts({ scenarios: 1, impressions: 3000 }), { seed, cwd: '.' })
      const [scenario] = shuffleLabels(one, seed).scenarios
      return aucOf(fitLogistic(one.features, [scenario.train], { task: 0, epochs: 4 }), scenario.test, 0)
    }))
    // 150 clicks among 600 test rows: one AUC has a standard error of .027, the mean of five .012.
    expect(Math.abs(aucs.reduce((sum, auc) => sum + auc) / seeds.length - 0.5)).toBeLessThan(0.05)
  })
})
