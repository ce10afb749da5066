import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  census, fedproxSynthetic, loadWorld, mmoeSynthetic, storefronts, tenrec, type WorldSpec,
} from '../../scenarios/index.js'
import { clientsOf } from '../../src/flight/setup.js'
import { onePerScenario } from '../../src/federation/strategies/fold.js'
import { fedAvg, mlp, mmoe, pooled, sgd, simulation } from '../../src/index.js'
import { simulate } from '../../src/runs/simulate.js'
import { worldOfFolder } from '../../src/runs/world-of-folder.js'
import { root } from '../docs/pages.js'
import { scratch } from '../data/files.js'
import { aliexpressText } from './aliexpress-lookalike.js'
import { censusText } from './census-lookalike.js'
import { tenrecText } from './tenrec-lookalike.js'

const { dir, write } = scratch()
const about = { users: 40, items: 30, rows: 800, clickRate: 0.5 }
write('tenrec/QB-video.csv', tenrecText({ name: 'QB-video', history: true, ...about }))
write('tenrec/QK-video.csv', tenrecText({ name: 'QK-video', history: true, ...about }))
write('census/census-income.data', censusText('data', 600))
write('census/census-income.test', censusText('test', 400))
write('aliexpress/NL/train.csv', aliexpressText({ country: 'NL', which: 'train', rows: 20 }))
write('aliexpress/NL/test.csv', aliexpressText({ country: 'NL', which: 'test', rows: 20 }))
write('nothing/a.csv', 'a\n1\n')

const model = mmoe({ embedding: 4, experts: 2, expert: [8], tower: [4] })
const fly = (world: WorldSpec, rest: object = {}) =>
  simulate(
    simulation({
      name: 'world', world, model, strategy: fedAvg(), rounds: { kind: 'deadline', count: 2, after: '60 min' },
      local: { batch: 64 }, ...rest,
    }),
    { seed: '1', workers: 1, cwd: dir },
  )

/** Scenarios and tasks that were scored on test after the last round, by metric. */
const scored = async (flight: ReturnType<typeof fly>, metric: string): Promise<Record<string, number | null>> => {
  const { metrics } = await flight
  const last = Math.max(...metrics.map(({ round }) => round))
  return Object.fromEntries(metrics
    .filter((row) => row.metric === metric && row.split === 'test' && row.round === last)
    .map(({ scenario, task, value }) => [`${scenario} ${task}`, value]))
}

describe('worlds fly', () => {
  it('Tenrec, with histories', async () => {
    const auc = await scored(fly(tenrec({ dir: 'tenrec' })), 'auc')
    expect(Object.keys(auc)).toEqual(['QB-video click', 'QB-video like', 'QK-video click', 'QK-video like'])
    expect(Object.values(auc).every((value) => value !== null && value > 0 && value < 1)).toBe(true)
  }, 60_000)

  it('Census-Income, cut by sex', async () => {
    const loss = await scored(fly(census({ dir: 'census', scenario: 'sex' })), 'log-loss')
    expect(Object.keys(loss))
      .toEqual(['Female income', 'Female never_married', 'Male income', 'Male never_married'])
  }, 60_000)

  it('MMoE’s pair, whose error falls below that of the mean', async () => {
    const rmse = await scored(fly(mmoeSynthetic({ columns: 4, rows: 4000, sines: 0, correlation: 0.9 }), {
      strategy: pooled({ scenarioId: false }), rounds: { kind: 'deadline', count: 8, after: '60 min' },
    }), 'rmse')
    expect(Object.keys(rmse)).toEqual(['part-1 y1', 'part-1 y2'])
    // Weights of length 1 on standard normal columns: the labels' own deviation is 1.
    for (const value of Object.values(rmse)) expect(value).toBeLessThan(0.8)
  }, 60_000)

  it('synthetic(alpha, beta)', async () => {
    const accuracy = await scored(fly(fedproxSynthetic({ clients: 4, sizes: { law: 'equal', rows: 200 } }), {
      model: mlp({ hidden: [] }), local: { batch: 16, optimizer: sgd(0.05) },
    }), 'accuracy')
    expect(Object.keys(accuracy)).toEqual([1, 2, 3, 4].map((k) => `client-${k} class`))
    expect(Object.values(accuracy).reduce<number>((sum, value) => sum + (value ?? 0), 0) / 4).toBeGreaterThan(0.3)
  }, 60_000)

  it('clients cut by user, scored by scenario', async () => {
    const world = storefronts({ scenarios: 2, impressions: 600, users: 30, clients: { by: 'user', count: 4 } })
    const flight = fly(world)
    expect(Object.keys(await scored(flight, 'auc')))
      .toEqual(['store-1 ctr', 'store-1 ctcvr', 'store-2 ctr', 'store-2 ctcvr'])
    const { trainings } = await flight
    expect(new Set(trainings.map(({ client }) => client)).size).toBe(8)
  }, 60_000)
})

it('a scenario that users were dealt out of is all of its clients, to whoever selects by scenario', async () => {
  const world = await loadWorld(
    storefronts({ scenarios: 2, impressions: 200, users: 20, clients: { by: 'user', count: 3 } }), { seed: '1', cwd: '.' },
  )
  const cast = clientsOf(onePerScenario(world))
  expect(cast.filter(({ scenario }) => scenario === 'store-2').map(({ name }) => name))
    .toEqual(['client-store-2.1', 'client-store-2.2', 'client-store-2.3'])
  expect(cast.length).toBe(6)
})

describe('a folder', () => {
  it.each([['tenrec', 'tenrec'], ['census', 'census'], ['aliexpress', 'aliexpress']])('of %s is known by its files', (name, kind) => {
    expect(worldOfFolder(join(dir, name), undefined)).toEqual({ kind })
    expect(worldOfFolder(join(dir, name), { kind, atLeast: 3 })).toEqual({ kind, atLeast: 3 })
  })

  it('with a schema is one’s own; one that is like nothing is an error that lists what is known', () => {
    const shop = join(root, 'docs/examples/shop')
    expect(existsSync(shop)).toBe(true)
    expect(worldOfFolder(shop, { kind: 'storefronts' })).toEqual({ kind: 'folder' })
    expect(() => worldOfFolder(join(dir, 'nothing'), undefined))
      .toThrow(/no data that is known. Known:\n {2}KuaiRand-Pure .*\n {2}your own CSV .*\n {2}AliExpress .*\n {2}Tenrec .*\n {2}Census/)
  })
})
