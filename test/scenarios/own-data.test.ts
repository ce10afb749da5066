import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, loadWorld, type Folder } from '../../scenarios/index.js'
import { parseFolderSchema } from '../../src/data/schema.js'
import type { World } from '../../src/data/world.js'
import { say } from '../cli/console.js'
import { scratch } from '../data/files.js'
import { blocksOf } from '../docs/pages.js'
import { campaignTable, ratingLog } from './public-lookalikes.js'

const { dir, write } = scratch()
const writeAll = (name: string, files: Record<string, string | Uint8Array>): string => {
  for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, content)
  return join(dir, name)
}
/** The schema of that name in the page on worlds. */
const pageSchema = (name: string): string => {
  const found = blocksOf('docs/worlds.md').find(({ language, text }) => language === 'yaml' && text.startsWith(`name: ${name}\n`))
  return found!.text
}
const labelsOf = ({ tasks, scenarios }: World, task: string): number[] => {
  const t = tasks.findIndex(({ name }) => name === task)
  return scenarios.flatMap(({ train, validation, test }) =>
    [train, validation, test].flatMap(({ labels, rows }) =>
      Array.from({ length: rows }, (_, row) => labels[row * tasks.length + t])))
}
const rowsOf = ({ scenarios }: World): number =>
  scenarios.reduce((sum, { train, validation, test }) => sum + train.rows + validation.rows + test.rows, 0)

const csvOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`

const plan = `
world: { kind: folder }
model: { kind: mmoe, embedding: 4, experts: 2, expert: [8], tower: [4] }
local: { batch: 64, optimizer: { kind: adam, rate: 0.01 } }
strategy: { kind: fedavg }
rounds: { kind: synchronous, count: 3 }
`
const flown = async (name: string, files: Record<string, string | Uint8Array>): Promise<Record<string, unknown>> => {
  const data = writeAll(name, files)
  const script = write(`${name}.yaml`, plan)
  const { code, out, err } = await say(['run', script, '--data', data, '--engine', 'tfjs', '--json', '--quiet', '--out', join(dir, `${name}-run`)])
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as Record<string, unknown>
}

describe('a rating log without headers, in Latin-1, with users and items in files of their own', () => {
  const files: Record<string, string | Uint8Array> = { ...ratingLog(), 'schema.yaml': pageSchema('ratings') }

  it('is a world by its schema alone', async () => {
    writeAll('ratings', files)
    const world = await loadWorld(folder({ dir: 'ratings' }), { seed: '1', cwd: dir })
    expect(world.scenarios.map(({ name }) => name)).toEqual(['age below 25', 'age 25 to 45', 'age from 45'].sort())
    expect(rowsOf(world)).toBe(1_500)
    const ratings = files['u.data'].toString().trim().split('\n').map((line) => Number(line.split('\t')[2]))
    const share = (values: readonly number[], of: (value: number) => boolean): number => values.filter(of).length / values.length
    expect(share(labelsOf(world, 'liked'), (label) => label === 1)).toBeCloseTo(share(ratings, (rating) => rating >= 4), 10)
    expect(share(labelsOf(world, 'loved'), (label) => label === 1)).toBeCloseTo(share(ratings, (rating) => rating === 5), 10)
    // Every title is in Latin-1, and one word each: é is one character.
    const { size } = world.features.categorical.find(({ name }) => name === 'title')!
    expect(size).toBe(91)
    expect(world.scenarios[0].train.user).toBeDefined()
    expect(world.origins.map(({ file }) => file.split('/').pop())).toEqual(['schema.yaml', 'u.data', 'u.user', 'u.item'])
  })

  it('looks up what the files say of a user and an item', async () => {
    writeAll('ratings-lookup', ratingLog())
    const schema = parseFolderSchema('page', pageSchema('ratings'))
    const asis = { ...schema, numeric: [{ name: 'age', scaling: 'asis' as const }] }
    const world = await loadWorld(folder({ dir: 'ratings-lookup', schema: asis }), { seed: '1', cwd: dir })
    const bounds: Record<string, [number, number]> = { 'age below 25': [0, 25], 'age 25 to 45': [25, 45], 'age from 45': [45, 99] }
    for (const { name, train } of world.scenarios) {
      for (const age of train.numeric) expect(age >= bounds[name][0] && age < bounds[name][1]).toBe(true)
    }
  })

  it('flies', async () => {
    const { scores } = await flown('ratings-flown', files) as { scores: { task: string; metric: string; last: number }[] }
    expect(scores.filter(({ task, metric }) => task === 'liked' && metric === 'auc')).toHaveLength(3)
  })
})

describe('a campaign’s table with quoted commas, CRLF, no time and no user', () => {
  const files = { ...campaignTable(), 'schema.yaml': pageSchema('campaign') }

  it('is a world by its schema alone: two columns make the scenario, the rare label is in every split', async () => {
    writeAll('campaign', files)
    const world = await loadWorld(folder({ dir: 'campaign' }), { seed: '3', cwd: dir })
    expect(world.scenarios).toHaveLength(9)
    expect(world.scenarios.map(({ name }) => name)).toContain('Rural/Web')
    expect(rowsOf(world)).toBe(3_000)
    const segments = world.features.categorical.find(({ name }) => name === 'history_segment')!
    expect(segments.size).toBe(4)
    expect(labelsOf(world, 'conversion').filter((label) => label === 1).length).toBeLessThan(60)
  })

  it('deals out the rows of a rare label by themselves, unless it is told not to', async () => {
    const rare = csvOf(['k,y,z', ...Array.from({ length: 1_000 }, (_, i) => `${'abc'[i % 3]},${Number(i % 100 === 7)},${i % 5}`)])
    const positives = async (stratify?: boolean, tasks: { name: string; kind?: 'multiclass'; classes?: number }[] = [{ name: 'y' }]) => {
      writeAll('rare', { 'a.csv': rare })
      const split = { by: 'random' as const, ...(stratify !== undefined && { stratify }) }
      const schema = { files: ['a.csv'], categorical: ['k'], tasks, split }
      const seeds = await Promise.all(Array.from({ length: 8 }, (_, seed) => loadWorld(folder({ dir: 'rare', schema }), { seed: String(seed), cwd: dir })))
      return seeds.map(({ scenarios: [{ train, validation, test }] }) =>
        [train, validation, test].map(({ labels }) => labels.filter((label) => label === 1).length).join(' '))
    }
    expect(new Set(await positives())).toEqual(new Set(['7 1 2']))
    expect(new Set(await positives(false)).size).toBeGreaterThan(2)
    const stars = [{ name: 'z', kind: 'multiclass' as const, classes: 5 }]
    expect(new Set(await positives(true, stars))).toEqual(new Set(['140 20 40']))
    expect(new Set(await positives(undefined, stars)).size).toBeGreaterThan(2)
  })

  it('flies', async () => {
    const { scores } = await flown('campaign-flown', files) as { scores: { task: string }[] }
    expect(new Set(scores.map(({ task }) => task))).toEqual(new Set(['visit', 'conversion', 'spend']))
  })
})

it('a run and an inspection say what is odd about the data', async () => {
  const files = { 'a.csv': csvOf(['k,y,s,w', 'a,1,train,N', 'b,0,train,N', 'a,1,validation,N', 'b,0,test,N', 'b,1,test,N', 'a,1,train,S', 'b,0,train,S']) }
  const schema = 'files: [a.csv]\nscenario: w\ncategorical: [k]\ntasks: [{ name: y }]\nsplit: { by: column, column: s }\n'
  const odd = ['no row of S validates', 'no row of S tests']
  const { warnings } = await flown('odd', { ...files, 'schema.yaml': schema }) as { warnings: string[] }
  expect(warnings).toEqual([...odd, 'AUC on validation is undefined for y in N: all rows have one label; means leave it out'])
  const { out } = await say(['data', 'inspect', join(dir, 'odd')])
  for (const warning of odd) expect(out).toContain(`\nwarning: ${warning}\n`)
})

describe('what a schema may say of columns and files', () => {
  let made = 0
  type Schema = NonNullable<Folder['schema']>
  const load = (files: Record<string, string | Uint8Array>, schema: Partial<Schema>): Promise<World> => {
    const name = `own-${made++}`
    writeAll(name, files)
    const base: Schema = {
      files: ['a.csv'], categorical: ['k'], tasks: [{ name: 'y' }],
      split: { by: 'random', train: 1, validation: 0, test: 0 },
    }
    return loadWorld(folder({ dir: name, schema: { ...base, ...schema } }), { seed: '1', cwd: dir })
  }
  const csv = (header: string, ...rows: string[]): string => [header, ...rows, ''].join('\n')

  it.each([
    ['atLeast', { atLeast: 4 }, [0, 1, 1, NaN]],
    ['above', { above: 4 }, [0, 0, 1, NaN]],
    ['atMost', { atMost: 4 }, [1, 1, 0, NaN]],
    ['below', { below: 4 }, [1, 0, 0, NaN]],
    ['equals, as a number', { equals: 4 }, [0, 1, 0, NaN]],
    ['equals, as a text', { equals: '4' }, [0, 0, 0, NaN]],
    ['in', { in: [3, '5'] }, [1, 0, 1, NaN]],
    ['yes and no', { yes: [3, 5], no: 4 }, [1, 0, 1, NaN]],
  ])('derives a task from a column: %s', async (_, rule, expected) => {
    const world = await load({ 'a.csv': csv('k,r,t', 'a,3,1', 'a,4.0,2', 'a,5,3', 'a,,4') }, {
      tasks: [{ name: 'y', from: 'r', ...rule }], split: { by: 'time', train: 1, validation: 0, test: 0 }, time: { column: 't' },
    })
    expect(labelsOf(world, 'y')).toEqual(expected)
  })

  it('says which word a label cannot be', async () => {
    const wrong = (rows: string, task: object) =>
      load({ 'a.csv': csv('k,r', rows) }, { tasks: [{ name: 'y', from: 'r', ...task }] })
    await expect(wrong('a,maybe', { yes: 'Y', no: ['N', false] }))
      .rejects.toThrow(/a\.csv:2: column 'r' has "maybe", expected one of "Y", "N", false, or nothing/)
    await expect(wrong('a,high', { atLeast: 4 })).rejects.toThrow(/a\.csv:2: column 'r' has "high", expected a number, or nothing/)
  })

  it('takes classes by their words, in their order', async () => {
    const world = await load({ 'a.csv': csv('k,level', 'a,mid', 'b,low', 'c,high') }, {
      tasks: [{ name: 'level', kind: 'multiclass', classes: ['low', 'mid', 'high'] }], split: { by: 'column', column: 'k', train: ['a', 'b', 'c'] },
    })
    expect(world.tasks).toEqual([{ name: 'level', kind: 'multiclass', classes: 3 }])
    expect(labelsOf(world, 'level')).toEqual([1, 0, 2])
  })

  it('makes scenarios of several columns and bands, and leaves out those that are not listed', async () => {
    const rows = csv('k,region,age,y', 'a,N,24.9,1', 'a,N,25,0', 'a,S,60,1', 'a,S,,0', 'a,,30,0')
    const scenario = ['region', { column: 'age', bands: [25, 45], names: ['young', 'middle', 'old'] }]
    await expect(load({ 'a.csv': rows }, { scenario }))
      .rejects.toThrow(/a\.csv, row 4: columns 'region', 'age' is empty, so the row has no scenario/)
    const world = await load({ 'a.csv': rows }, { scenario, scenarios: ['S/old', 'N/young', 'N/middle'] })
    expect(world.scenarios.map(({ name, train }) => [name, train.rows])).toEqual([['S/old', 1], ['N/young', 1], ['N/middle', 1]])
    expect(world.warnings!.join()).toMatch(/2 rows of other scenarios, or of none, are left out/)
  })

  it('never makes one scenario of two', async () => {
    await expect(load({ 'a.csv': csv('k,p,q,y', 'a,x/y,z,1', 'a,x,y/z,0') }, { scenario: ['p', 'q'] }))
      .rejects.toThrow(/two scenarios would be called "x\/y\/z": \["x\/y","z"\] and \["x","y\/z"\]/)
    const same = { 'n/all.csv': csv('k,y', 'a,1'), 's/all.csv': csv('k,y', 'a,0') }
    await expect(load(same, { files: ['n/all.csv', 's/all.csv'] }))
      .rejects.toThrow(/n\/all\.csv and s\/all\.csv would both be scenario 'all'/)
    const world = await load(same, { files: [{ file: 'n/all.csv', scenario: 'N' }, { file: 's/all.csv', scenario: 'S' }] })
    expect(world.scenarios.map(({ name }) => name)).toEqual(['N', 'S'])
  })

  it('writes out patterns of files in the order of their names', async () => {
    const files = { 'logs/b.csv': csv('k,y', 'b,1'), 'logs/a.csv': csv('k,y', 'a,1'), 'logs/deep/c.csv': csv('k,y', 'c,1'), 'logs/x.txt': '' }
    const names = async (...patterns: string[]) => (await load(files, { files: patterns })).scenarios.map(({ name }) => name)
    expect(await names('logs/*.csv')).toEqual(['a', 'b'])
    expect(await names('**/?.csv')).toEqual(['a', 'b', 'c'])
    await expect(names('logs/*.tsv')).rejects.toThrow(/files\.0: no file fits logs\/\*\.tsv: .* holds logs/)
    await expect(names('logs/*.csv', 'logs/a.csv')).rejects.toThrow(/files\.1 \(logs\/a\.csv\) has logs\/a\.csv, which files\.0 has too/)
  })

  it('reads any delimiter, of several signs too, and quotes that mean nothing', async () => {
    const shape = async (text: string, own: Partial<Schema>) => {
      const { features, scenarios } = await load({ 'a.csv': text }, { columns: ['k', '_', '_', 'y'], ...own })
      return [features.categorical[0].size, scenarios[0].train.rows]
    }
    expect(await shape('a::x::y::1\nb:::::1::0\n', { delimiter: '::' })).toEqual([3, 2])
    expect(await shape('a\tx\ty\t1\nb\t\t\t0', { delimiter: 'tab' })).toEqual([3, 2])
    expect(await shape('"a" b|x|y|1\n"a|5"|y|0\n', { delimiter: 'pipe', quotes: false })).toEqual([3, 2])
    await expect(shape('a,x,y,1\n', { delimiter: 'tab' })).rejects.toThrow(/a\.csv:1: 1 field, expected 4 .*Is it the `delimiter`/)
    await expect(shape('k,_,_,y\n', {})).rejects.toThrow(/the first line is a header, and `columns` names the same/)
  })

  it('reads encodings, and says which one a file may have', async () => {
    const words = 'Åse,1\nØse,0\n'
    const sizes = async (bytes: Uint8Array, encoding?: string) =>
      (await load({ 'a.csv': bytes }, { columns: ['k', 'y'], ...(encoding !== undefined && { encoding }) })).features.categorical[0].size
    expect(await sizes(Buffer.from(words, 'latin1'), 'latin1')).toBe(3)
    expect(await sizes(Buffer.from(words, 'latin1'), 'windows-1252')).toBe(3)
    expect(await sizes(Buffer.from(`\uFEFF${words}`, 'utf16le'), 'utf-16le')).toBe(3)
    expect(await sizes(Buffer.from(`\uFEFF${words}`, 'utf8'))).toBe(3)
    await expect(sizes(Buffer.from(words, 'latin1')))
      .rejects.toThrow(/a\.csv:1: bytes that are no UTF-8\. Say which `encoding` .*latin1/)
    await expect(sizes(Buffer.from(`\uFEFF${words}`, 'utf16le'))).rejects.toThrow(/a\.csv:1: .*utf-16le/)
    await expect(sizes(Buffer.concat([Buffer.from('x,1\n'), Buffer.from([0xff, 0x2c, 0x31])]), 'shift_jis'))
      .rejects.toThrow(/a\.csv: bytes in or after line 1 are no text in shift_jis/)
  })

  it('joins by a key, through one file to the next, and says what is missing or double', async () => {
    const files = {
      'a.csv': csv('item,y', 'i1,1', 'i2,0'),
      'items.csv': csv('id,maker,price', 'i1,m1,5', 'i2,m2,7', 'i3,m2,9'),
      'makers.csv': csv('maker,k', 'm1,small', 'm2,big'),
    }
    const joins = [{ file: 'items.csv', on: 'item', key: 'id' }, { file: 'makers.csv', on: 'maker' }]
    const numeric = [{ name: 'price', scaling: 'asis' as const }]
    const split = { by: 'column' as const, column: 'item', train: ['i1', 'i2'] }
    const world = await load(files, { joins, numeric, split })
    expect(Array.from(world.scenarios[0].train.numeric)).toEqual([5, 7])
    expect(Array.from(world.scenarios[0].train.categorical)).toEqual([2, 1])
    const lost = { ...files, 'items.csv': csv('id,maker,price', 'i1,m1,5') }
    await expect(load(lost, { joins, numeric, split }))
      .rejects.toThrow(/a\.csv, row 2: column 'item' has "i2", expected a key that items\.csv has/)
    const patient = await load(lost, { joins: [{ ...joins[0], missing: 'empty' }, { ...joins[1], missing: 'empty' }], numeric, split })
    expect(Array.from(patient.scenarios[0].train.categorical)).toEqual([1, 0])
    await expect(load({ ...files, 'makers.csv': csv('maker,k', 'm1,small', 'm1,big') }, { joins, numeric, split }))
      .rejects.toThrow(/makers\.csv, row 2: column 'maker' has "m1", expected a key that no other row has \(row 1 has it\)/)
    await expect(load({ ...files, 'a.csv': csv('item,y,price', 'i1,1,2') }, { joins, numeric, split }))
      .rejects.toThrow(/column 'price' is in a\.csv and in items\.csv: give the join a `prefix`/)
    const named = await load({ ...files, 'a.csv': csv('item,y,price', 'i1,1,2') }, {
      joins: [{ ...joins[0], prefix: 'item_' }], categorical: ['item_maker'], numeric: ['price', 'item_price'], split,
    })
    expect(named.features.numeric).toEqual(['price', 'item_price'])
    await expect(load(files, { joins, numeric: ['weight'], split }))
      .rejects.toThrow(/a\.csv:1: no column 'weight', there or in what is joined\. It has item, y; items\.csv has id, maker, price/)
  })

  it('reads a column as words and as numbers, and the same number as one word', async () => {
    const rows = { 'a.csv': csv('age,y', '0,1', '0.0,0', '30,1') }
    const world = await load(rows, { categorical: [{ name: 'age', numbers: true }], scenario: { column: 'age', bands: [10] } })
    expect(world.features.categorical).toEqual([{ name: 'age', size: 3 }])
    expect(world.scenarios.map(({ name, train }) => [name, train.rows])).toEqual([['age below 10', 2], ['age from 10', 1]])
  })

  it('means the same in YAML, JSON and a script', async () => {
    writeAll('three-ways', { ...ratingLog(200) })
    const text = pageSchema('ratings')
    const schema = parseFolderSchema('page', text)
    const load3 = (own: Folder) => loadWorld(folder({ dir: 'three-ways', ...own }), { seed: '1', cwd: dir })
    const script = await load3({ schema })
    write('three-ways/schema.yaml', text)
    const yaml = await load3({})
    expect(yaml.scenarios).toEqual(script.scenarios)
    expect(parseFolderSchema('j', JSON.stringify(schema))).toEqual(schema)
  })
})
