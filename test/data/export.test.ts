import { describe, expect, it } from 'vitest'
import {
  folder, loadWorld, storefronts, syntheticInteractions, tenrec, type WorldSpec,
} from '../../scenarios/index.js'
import { columnsOf, csvOf, folderSchemaOf } from '../../src/data/export.js'
import { splits } from '../../src/data/split.js'
import type { Table } from '../../src/data/table.js'
import type { World } from '../../src/data/world.js'
import { tenrecText } from '../scenarios/tenrec-lookalike.js'
import { scratch } from './files.js'

const { dir, write } = scratch()
const load = (spec: WorldSpec): Promise<World> => loadWorld(spec, { seed: '1', cwd: dir })

/** Writes the rows and flies them back in, as a folder of somebody's own. */
const there = async (world: World, name: string): Promise<World> => {
  const columns = columnsOf(world)
  write(`${name}/rows.csv`, Array.from(csvOf(world, columns, 7)).join(''))
  write(`${name}/schema.json`, JSON.stringify(folderSchemaOf(world, columns, 'rows.csv')))
  return load(folder({ dir: name }))
}

const tablesOf = ({ scenarios }: World): Table[] => scenarios.flatMap((one) => splits.map((split) => one[split]))

/** Whether one column of ids is the other by other names, 0 being 0 in both. */
const sameByName = (ours: ArrayLike<number>, theirs: ArrayLike<number>): boolean => {
  const [there, back] = [new Map([[0, 0]]), new Map([[0, 0]])]
  return Array.from(ours).every((id, row) => {
    if (!there.has(id) && !back.has(theirs[row])) {
      there.set(id, theirs[row])
      back.set(theirs[row], id)
    }
    return there.get(id) === theirs[row] && back.get(theirs[row]) === id
  })
}

const column = ({ categorical, rows }: Table, at: number): number[] =>
  Array.from({ length: rows }, (_, row) => categorical[row * (categorical.length / rows) + at])

/** Every number of every row; ids by other names, which columns of one table share. */
const expectSame = (ours: World, theirs: World): void => {
  expect(theirs.scenarios.map(({ name }) => name)).toEqual(ours.scenarios.map(({ name }) => name))
  expect(theirs.tasks).toEqual(ours.tasks)
  expect(theirs.features.numeric).toEqual(ours.features.numeric)
  expect(theirs.features.categorical).toEqual(ours.features.categorical)
  const [a, b] = [tablesOf(ours), tablesOf(theirs)]
  expect(b.map(({ rows }) => rows)).toEqual(a.map(({ rows }) => rows))
  a.forEach((table, t) => {
    expect(Array.from(b[t].numeric)).toEqual(Array.from(table.numeric))
    expect(Array.from(b[t].labels)).toEqual(Array.from(table.labels))
    expect(b[t].weights && Array.from(b[t].weights)).toEqual(table.weights && Array.from(table.weights))
    expect(b[t].time && Array.from(b[t].time)).toEqual(table.time && Array.from(table.time))
  })
  const users = (tables: Table[]): number[] => tables.flatMap(({ user, rows }) => Array.from({ length: rows }, (_, r) => 1 + (user?.[r] ?? 0)))
  expect(sameByName(users(a), users(b))).toBe(true)
  const tables = ours.features.categorical.map(({ name, table = name }) => table)
  for (const name of new Set(tables)) {
    const ids = (of: Table[]): number[] =>
      tables.flatMap((table, at) => (table === name ? of.flatMap((one) => column(one, at)) : []))
    expect([name, sameByName(ids(a), ids(b))]).toEqual([name, true])
  }
}

describe('a world as a table', () => {
  it('is the same world when it is read as a folder', async () => {
    const world = await load(storefronts({ scenarios: 3, impressions: 600, ids: 16, users: 40 }))
    expectSame(world, await there(world, 'stores'))
  })

  it('keeps sequences, tables that columns share, and unknown words of later rows', async () => {
    const of = { users: 12, items: 30, clickRate: 0.3 }
    write('tenrec/QB-video.csv', tenrecText({ ...of, name: 'QB-video', rows: 200, history: true }))
    write('tenrec/QK-video.csv', tenrecText({ ...of, name: 'QK-video', rows: 150, history: true }))
    const world = await load(tenrec({ dir: 'tenrec', ids: ['user', 'item'] }))
    const unknown = tablesOf(world).reduce((sum, { categorical }) => sum + categorical.filter((id) => id === 0).length, 0)
    expect(unknown).toBeGreaterThan(0)
    expectSame(world, await there(world, 'tenrec-there'))
  })

  it('keeps what training rows weigh', async () => {
    const row = (i: number): string => `${i % 7},${i % 2},${i % 3 === 0 ? 1 : ''},${i / 8},${i % 3 === 0 ? 0.1 : ''}`
    write('weighted/all.csv', ['kind,ctr,ctcvr,weight,after', ...Array.from({ length: 60 }, (_, i) => row(i))].join('\n'))
    write('weighted/schema.json', JSON.stringify({
      files: ['all.csv'], categorical: ['kind'], split: { by: 'random' }, weight: 'weight',
      tasks: [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary', weight: 'after' }],
    }))
    const world = await load(folder({ dir: 'weighted' }))
    expect(new Set(world.scenarios[0].train.weights).size).toBeGreaterThan(30)
    expectSame(world, await there(world, 'weighted-there'))
  })

  it('has rows of tasks that do not apply, names that are taken, and fields with commas in them', () => {
    const table: Table = {
      rows: 2, categorical: Int32Array.of(1, 0), numeric: Float32Array.of(0.1, -1e-12), labels: Float32Array.of(1, NaN),
    }
    const none: Table = { rows: 0, categorical: new Int32Array(), numeric: new Float32Array(), labels: new Float32Array() }
    const world: World = {
      name: 'odd', features: { categorical: [{ name: 'split', size: 2 }], numeric: ['a,b'] },
      tasks: [{ name: 'split', kind: 'binary' }], origins: [], split: 'by hand', notes: [],
      scenarios: [{ name: 'NL.1', of: 'NL "low"', train: table, validation: none, test: none }],
    }
    const columns = columnsOf(world)
    expect(columns).toEqual({
      scenario: 'scenario', client: 'client', split: 'split__', categorical: ['split'], numeric: ['a,b'], labels: ['split_'],
    })
    expect(Array.from(csvOf(world, columns)).join('')).toBe(
      'scenario,client,split__,split,"a,b",split_\n' +
      `"NL ""low""",NL.1,train,1,${Math.fround(0.1).toPrecision(9).replace(/0+$/, '')},1\n` +
      '"NL ""low""",NL.1,train,0,-9.99999996e-13,\n')
    expect(folderSchemaOf(world, columns, 'rows.csv')?.tasks).toEqual([{ name: 'split', kind: 'binary', column: 'split_' }])
  })

  it('has no schema where tasks rank items, which a folder has no words for', async () => {
    const world = await load(syntheticInteractions({ users: 30, items: 20, each: 8, tasks: ['bpr', 'long_view'] }))
    expect(folderSchemaOf(world, columnsOf(world), 'rows.csv')).toBeUndefined()
  })
})
