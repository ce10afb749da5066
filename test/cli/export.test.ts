import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadWorld, storefronts } from '../../scenarios/index.js'
import type { Exported } from '../../src/runs/export-world.js'
import { scratch } from '../data/files.js'
import { root } from '../docs/pages.js'
import { say } from './console.js'

const { dir, write } = scratch()
const script = (name: string, world: string): string => write(`${name}.yaml`, `
world: ${world}
model: { kind: mlp, hidden: [4] }
strategy: { kind: fedavg }
rounds: { kind: synchronous, count: 1 }
`)
const stores = script('stores', '{ kind: storefronts, scenarios: 2, impressions: 60 }')
const shop = join(root, 'docs/examples/shop')
const read = (file: string): string => readFileSync(join(dir, file), 'utf8')
const lines = (file: string): string[] => read(file).trimEnd().split('\n')
/** Rows of a table without quotes, by the names of its columns. */
const rowsOf = (file: string): Record<string, string>[] => {
  const [head, ...rows] = lines(file).map((line) => line.split(','))
  return rows.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at]])))
}

describe('windtunnel data export', () => {
  // Node's own way of making folders in one that will have none never comes back.
  it.skipIf(!existsSync('/proc/self'))('says that it cannot write where no folder can be made', async () => {
    const { code, out, err } = await say(['data', 'export', stores, '--out', '/proc/none/data'], dir)
    expect([code, out]).toEqual([7, ''])
    expect(err).toMatch(/^windtunnel: Cannot write the data to \/proc\/none\/data: ENOENT.* Give another --out\.\n$/)
  })

  it('writes the rows that a simulation trains and is judged on, and what they are', async () => {
    expect(await say(['data', 'export', stores, '--out', 'a', '--seed', '7'], dir)).toEqual({
      code: 0, err: '', out: 'storefronts: 120 rows, 7 categorical columns, 12 numeric ones, 2 tasks, in a\n',
    })
    expect(readdirSync(join(dir, 'a')).toSorted()).toEqual(['export.json', 'rows.csv', 'schema.json'])
    const about = JSON.parse(read('a/export.json')) as Exported
    const world = await loadWorld(storefronts({ scenarios: 2, impressions: 60 }), { seed: about.seed, cwd: dir })
    expect(about).toMatchObject({
      rows: 120, seed: '7/world', specification: { kind: 'storefronts', impressions: 60 },
      sizes: world.features.categorical.map(({ size }) => size),
    })
    const rows = rowsOf('a/rows.csv')
    const { columns: { numeric, labels } } = about
    for (const { name, train, validation, test } of world.scenarios) {
      const tables = { train, validation, test }
      for (const [split, table] of Object.entries(tables)) {
        const own = rows.filter((row) => row.scenario === name && row.split === split)
        expect(own.flatMap((row) => numeric.map((column) => Math.fround(Number(row[column]))))).toEqual([...table.numeric])
        expect(own.flatMap((row) => labels.map((column) => Number(row[column])))).toEqual([...table.labels])
      }
    }
  })

  it('takes settings, other data and other labels, and replaces an earlier export', async () => {
    const rankers = script('rankers', '{ kind: synthetic-interactions, users: 30, items: 20, each: 8 }')
    expect((await say(['data', 'export', stores, '--data', shop, '--out', 'b'], dir)).out).toMatch(/^shop: 800 rows, 2 cat/)
    const first = lines('b/rows.csv')
    const shuffled = await say(['data', 'export', stores, '--data', shop, '--set', 'labels=shuffled', '--out', 'b', '--json'], dir)
    expect(JSON.parse(shuffled.out)).toMatchObject({ world: 'shop', labels: 'shuffled', rows: 800 })
    const other = lines('b/rows.csv')
    const train = (row: string): boolean => row.includes(',train,')
    expect(other.filter((row) => !train(row))).toEqual(first.filter((row) => !train(row)))
    expect(other.filter(train)).not.toEqual(first.filter(train))
    expect((await say(['data', 'export', rankers, '--out', 'b'], dir)).code).toBe(0)
    expect(readdirSync(join(dir, 'b')).toSorted()).toEqual(['export.json', 'rows.csv'])
  })

  it('gives a folder that can be flown on', async () => {
    expect((await say(['data', 'export', stores, '--set', 'world.scenarios=3', '--out', 'c'], dir)).code).toBe(0)
    const flown = await say(['run', stores, '--data', 'c', '--out', join(dir, 'flown'), '--json'], dir)
    expect([flown.code, flown.err]).toEqual([0, ''])
    const { world } = JSON.parse(read('flown/manifest.json')) as { world: object }
    expect(world).toMatchObject({ name: 'storefronts', split: 'by column split' })
  })

  it('says what is wrong, and leaves the files of others alone', async () => {
    write('mine/rows.csv', 'a\n1\n')
    const mine = await say(['data', 'export', stores, '--out', 'mine'], dir)
    expect(mine).toEqual({
      code: 7, out: '', err: 'windtunnel: mine holds files that are not of an export (rows.csv). Give another --out.\n',
    })
    expect(read('mine/rows.csv')).toBe('a\n1\n')
    expect(await say(['data', 'export', stores, '--out', 'stores.yaml'], dir)).toMatchObject({
      code: 7, err: expect.stringMatching(/^windtunnel: Cannot write the data to stores.yaml: .*Give another --out\.\n$/) as string,
    })
    const noOut = await say(['data', 'export', stores], dir)
    expect([noOut.code, noOut.err]).toEqual([2, expect.stringMatching(/--out/)])
    const wrong = await say(['data', 'export', stores, '--out', 'd', '--set', 'world.colour=red'], dir)
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/colour/)])
    expect((await say(['data', 'export', stores, '--out', 'd', '--data', 'nowhere'], dir)).code).toBe(3)
    expect((await say(['data', 'export', 'nothing.yaml', '--out', 'd'], dir)).code).toBe(2)
    expect(readdirSync(dir)).not.toContain('d')
  })
})
