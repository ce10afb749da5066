import { describe, expect, it } from 'vitest'
import { fedproxSynthetic, loadWorld, type FedproxSynthetic } from '../../scenarios/index.js'
import { sizeOf } from '../../scenarios/fedprox-synthetic.js'
import type { World } from '../../src/data/world.js'
import { streams } from '../../src/random/streams.js'

const load = (options: FedproxSynthetic, seed = '1'): Promise<World> =>
  loadWorld(fedproxSynthetic(options), { seed, cwd: '.' })

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const variance = (values: readonly number[]): number => mean(values.map((v) => (v - mean(values)) ** 2))

/** Column means of a client's training features. */
const centre = ({ scenarios, features }: World, k: number): number[] => {
  const { rows, numeric } = scenarios[k].train
  const width = features.numeric.length
  return Array.from({ length: width }, (_, c) =>
    mean(Array.from({ length: rows }, (_gone, row) => numeric[row * width + c])))
}

const equal = { law: 'equal', rows: 400 } as const

describe('synthetic(alpha, beta)', () => {
  it('has 30 clients, 60 features and 10 classes, all of which occur', async () => {
    const world = await load({})
    expect(world.scenarios.length).toBe(30)
    expect(world.features.numeric.length).toBe(60)
    expect(world.tasks).toEqual([{ name: 'class', kind: 'multiclass', classes: 10 }])
    const seen = new Set(world.scenarios.flatMap(({ train }) => Array.from(train.labels)))
    expect(Array.from(seen).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('can be split as the authors’ script splits it, and capped', async () => {
    const world = await load({ split: { train: 0.9, validation: 0, test: 0.1 }, most: 100 })
    for (const { train, validation, test } of world.scenarios) {
      expect(train.rows + test.rows).toBeLessThanOrEqual(100)
      expect(validation.rows).toBe(0)
      expect(Math.abs(train.rows - 9 * test.rows)).toBeLessThanOrEqual(9)
    }
    expect(world.split).toBe('by order, rows being independent: the first 90 % train, the next 0 % validate, the last 10 % test')
    await expect(load({ split: { train: 0.9, validation: 0, test: 0.2 } })).rejects.toThrow('the shares must add up to 1')
  })

  it('gives every feature j the variance j^-1.2 within a client', async () => {
    const { scenarios } = await load({ clients: 1, columns: 5, sizes: { law: 'equal', rows: 20_000 } })
    const { rows, numeric } = scenarios[0].train
    for (let c = 0; c < 5; c++) {
      const column = Array.from({ length: rows }, (_, row) => numeric[row * 5 + c])
      expect(variance(column) / (c + 1) ** -1.2).toBeCloseTo(1, 1)
    }
  })

  it('puts clients’ features as far apart as beta says: B_k has its deviation', async () => {
    const spread = async (beta: number): Promise<number> => {
      const world = await load({ beta, clients: 60, sizes: equal })
      // A client's mean over its 60 columns is B_k plus noise of variance 1/60.
      return variance(world.scenarios.map((_, k) => mean(centre(world, k))))
    }
    expect(await spread(0)).toBeLessThan(0.04)
    expect(await spread(1)).toBeGreaterThan(0.5)
    expect(await spread(1)).toBeLessThan(1.8)
    expect(await spread(3) / (await spread(1))).toBeCloseTo(9, 0)
  })

  it('is one distribution and one model for all where it is iid', async () => {
    const world = await load({ iid: true, clients: 4, columns: 3, classes: 2, sizes: { law: 'equal', rows: 4000 } })
    for (let k = 0; k < 4; k++) centre(world, k).forEach((m) => expect(Math.abs(m)).toBeLessThan(0.1))
    const share = world.scenarios.map(({ train }) => mean(Array.from(train.labels)))
    expect(Math.max(...share) - Math.min(...share)).toBeLessThan(0.06)
  })

  it('labels by the client’s own model: classes of two clients are unrelated at alpha 1', async () => {
    const modes = async (options: FedproxSynthetic): Promise<number> => {
      const { scenarios } = await load({ clients: 20, sizes: equal, ...options })
      const mode = scenarios.map(({ train }) => {
        const counts = Array<number>(10).fill(0)
        train.labels.forEach((label) => counts[label]++)
        return counts.indexOf(Math.max(...counts))
      })
      return new Set(mode).size
    }
    expect(await modes({})).toBeGreaterThan(4)
    expect(await modes({ iid: true })).toBeLessThanOrEqual(2)
  })

  it('changes no client when another is added, nor its features when alpha turns', async () => {
    const two = await load({ clients: 2 })
    expect((await load({ clients: 3 })).scenarios.slice(0, 2)).toEqual(two.scenarios)
    const far = await load({ clients: 2, alpha: 5 })
    expect(far.scenarios.map(({ train }) => train.numeric)).toEqual(two.scenarios.map(({ train }) => train.numeric))
  })
})

describe('sizes of clients', () => {
  const draws = (law: Parameters<typeof sizeOf>[0], count: number): number[] => {
    const stream = streams('sizes')('draw')
    return Array.from({ length: count }, () => sizeOf(law, stream))
  }

  it('are log-normal above 50: the logarithms have mean 4 and deviation 2', () => {
    const logs = draws({ law: 'lognormal', mu: 4, sigma: 2, least: 50 }, 20_000).map((n) => Math.log(n - 50 + 0.5))
    const sorted = logs.toSorted((a, b) => a - b)
    expect(sorted[10_000]).toBeCloseTo(4, 1)
    // The 84th percentile of a normal is one deviation above its median.
    expect(sorted[16_827] - sorted[10_000]).toBeCloseTo(2, 1)
  })

  it.each([1.5, 2, 3])('follow a power law: exponent %s comes back from them', (exponent) => {
    const sizes = draws({ law: 'power', exponent, least: 50, most: 1e9 }, 20_000)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(50)
    // Maximum likelihood for a continuous power law (Clauset, Shalizi and Newman 2009, equation 3.1).
    const estimate = 1 + sizes.length / sizes.reduce((sum, n) => sum + Math.log((n + 0.5) / 50), 0)
    expect(Math.abs(estimate - exponent)).toBeLessThan(0.06)
  })

  it('end where the law says, and are alike where it says so', () => {
    const sizes = draws({ law: 'power', exponent: 1.2, least: 10, most: 40 }, 2000)
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([10, 39])
    expect(new Set(draws({ law: 'equal', rows: 77 }, 5))).toEqual(new Set([77]))
  })
})
