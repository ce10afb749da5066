import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadWorld, syntheticInteractions } from '../../scenarios/index.js'
import { rankingEffect } from '../../src/centralised/ranking-effect.js'
import { trainRanker, type RankerTraining } from '../../src/centralised/train-ranker.js'
import type { World } from '../../src/data/world.js'
import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { meanRanking } from '../../src/metrics/full-ranking.js'

let engine: Engine
let world: World
beforeAll(async () => {
  engine = await openEngine({ workers: 0 })
  const spec = syntheticInteractions({
    users: 120, items: 80, each: 15, split: 'random', tasks: ['bpr', 'same-tag', 'long_view'],
  })
  world = await loadWorld(spec, { seed: '1', cwd: '.' })
})
afterAll(() => engine.close())

const about = (changes: Partial<RankerTraining> = {}): RankerTraining => ({
  world, model: { encoder: 'mf', embedding: 8 }, optimizer: adam(0.02), batch: 128,
  balance: { kind: 'pmtrec', alpha: 1.04, temperature: 1e-3 },
  seed: '1', epochs: 25, patience: 5, cutoffs: [5, 20], judge: 20, ...changes,
})

/** NDCG@20 of a model that has learnt nothing. */
const blindly = async (): Promise<number> => {
  const { test } = await trainRanker(engine, about({ epochs: 1, optimizer: adam(1e-9), seed: 'blind' }))
  return meanRanking(test, 1)!.ndcg
}

describe('a ranker trained in one place', () => {
  it.each(['mf', 'lightgcn', 'ngcf'] as const)('learns tastes with %s', async (encoder) => {
    const model = { encoder, embedding: 8, layers: 2 }
    const { test, epochs } = await trainRanker(engine, about({ model }))
    expect(meanRanking(test, 1)!.ndcg).toBeGreaterThan(1.3 * (await blindly()))
    const [first, last] = [epochs[0].losses, epochs.at(-1)!.losses]
    for (const [task, loss] of last.entries()) expect(loss).toBeLessThan(first[task])
  })

  it('is the same for the same seed, and reports the epoch that was best on validation', async () => {
    const [one, again] = [await trainRanker(engine, about()), await trainRanker(engine, about())]
    expect(again).toEqual(one)
    const scores = one.epochs.map(({ validation }) => validation[1]!.ndcg)
    expect(one.best).toBe(scores.indexOf(Math.max(...scores)) + 1)
    // Stopped five epochs after it, or at the end.
    expect(one.epochs.length).toBe(Math.min(25, one.best + 5))
    const other = await trainRanker(engine, about({ seed: '2' }))
    expect(other.parameters).not.toEqual(one.parameters)
    expect(other.test.map(({ user }) => user)).toEqual(one.test.map(({ user }) => user))
  })

  it('passes on which gradients were odd, of the epoch that diverged too', async () => {
    expect((await trainRanker(engine, about({ epochs: 2 }))).odd).toBeUndefined()
    const wild = about({ optimizer: adam(1e30), balance: { kind: 'pcgrad' } })
    await expect(trainRanker(engine, wild)).rejects.toThrow(/diverged in the first \(gradients of [\w-]+ were not finite in \d+ steps?\): lower/)
    const told = new Proxy(engine, {
      get: (of, name) => name === 'train'
        ? (jobs: Parameters<Engine['train']>[0]) => of.train(jobs).map((one) => one.then((result) => ({ ...result, odd: [{ task: 'long_view', none: 3, notFinite: 1 }] })))
        : (Reflect.get(of, name) as () => unknown).bind(of),
    })
    const { odd, epochs } = await trainRanker(told, about({ epochs: 2 }))
    expect(epochs).toHaveLength(2)
    expect(odd).toEqual([{ task: 'long_view', none: 6, notFinite: 2 }])
  })

  it('goes on from epoch to epoch: focusing grows, and auxiliary tasks are heard less', async () => {
    const fixed = { patience: 6, epochs: 6 }
    const losses = async (alpha: number): Promise<number> => {
      const balance = { kind: 'pmtrec', alpha, temperature: 1e-3 } as const
      return (await trainRanker(engine, about({ balance, ...fixed }))).epochs.at(-1)!.losses[1]
    }
    expect(await losses(30)).toBeGreaterThan(1.1 * (await losses(1)))
  })

  it('says what does not fit', async () => {
    const two = { ...world, scenarios: [...world.scenarios, ...world.scenarios] }
    await expect(trainRanker(engine, about({ world: two }))).rejects.toThrow('has 2 scenarios')
    await expect(trainRanker(engine, about({ judge: 10 }))).rejects.toThrow('none of the cut-offs 5, 20')
    const turned = { ...world, tasks: world.tasks.toReversed() }
    await expect(trainRanker(engine, about({ world: turned }))).rejects.toThrow("'long_view', must rank items")
  })
})

describe('the effect of a variant', () => {
  const users = (...ndcgs: number[]) => ndcgs.map((ndcg, user) => ({ user, at: [{ recall: 0, ndcg, hit: 0 }] }))

  it('by hand: two seeds, three users', () => {
    const base = [users(0.1, 0.2, 0.3), users(0.1, 0.2, 0.3)]
    const other = [users(0.2, 0.2, 0.5), users(0.4, 0.2, 0.6)]
    const { estimate, standardError } = rankingEffect(base, other, { place: 0, of: 'ndcg' })
    // Seeds: .1 and .2, mean .15, variance of the mean .005 / 2. Users: .2, 0, .25, variance .0175, over three.
    expect(estimate).toBeCloseTo(0.15, 12)
    expect(standardError).toBeCloseTo(Math.sqrt(0.0025 + 0.0175 / 3), 12)
  })
})
