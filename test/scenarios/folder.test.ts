import { parquetWriteBuffer } from 'hyparquet-writer'
import { stringify } from 'yaml'
import { describe, expect, it } from 'vitest'
import { folder, loadWorld } from '../../scenarios/index.js'
import type { Table } from '../../src/data/table.js'
import type { World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { scratch } from '../data/files.js'

const { dir, write } = scratch()
let made = 0
const load = (files: Record<string, string | Uint8Array>, seed = '1'): Promise<World> => {
  const name = `world-${made++}`
  for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, content)
  return loadWorld(folder({ dir: name }), { seed, cwd: dir })
}
const schema = (change: object): string => JSON.stringify({
  files: ['all.csv'], categorical: ['kind'], tasks: [{ name: 'click', kind: 'binary' }], split: { by: 'random' },
  ...change,
})
const shape = (world: World) =>
  world.scenarios.map(({ name, train, validation, test }) => [name, train.rows, validation.rows, test.rows])
const labels = (table: Table): number[] => Array.from(table.labels)

describe('a folder of CSV files', () => {
  it('takes scenarios from a column and splits each by time', async () => {
    const rows = Array.from({ length: 20 }, (_, i) =>
      `${i % 2 === 0 ? 'NL' : 'ES'},${19 - i},u${i % 3},${i},${i % 4 === 0 ? 1 : 0}`)
    const world = await load({
      'schema.yaml': stringify({
        name: 'shop', files: ['all.csv'], scenario: 'country', categorical: ['user'],
        numeric: [{ name: 'price', scaling: 'asis' }], tasks: [{ name: 'ctr', column: 'clicked', kind: 'binary' }],
        user: 'user', time: { column: 'at', unit: 's' }, split: { by: 'time' },
      }),
      'all.csv': ['country,at,user,price,clicked', ...rows].join('\n'),
    })
    expect(world.name).toBe('shop')
    expect(shape(world)).toEqual([['ES', 7, 1, 2], ['NL', 7, 1, 2]])
    const [es] = world.scenarios
    expect(Array.from(es.train.time ?? [])).toEqual([0, 2, 4, 6, 8, 10, 12].map((s) => s * 1000))
    expect(Array.from(es.train.numeric)).toEqual([19, 17, 15, 13, 11, 9, 7])
    expect(Array.from(es.test.time ?? [])).toEqual([16_000, 18_000])
    expect(labels(es.test)).toEqual([0, 0])
    expect(labels(world.scenarios[1].test)).toEqual([0, 1])
    expect(new Set(es.train.user)).toEqual(new Set([0, 1, 2]))
    expect(world.origins.map(({ file }) => file.split('/').pop())).toEqual(['schema.yaml', 'all.csv'])
  })

  it('reads Parquet files as it reads CSV', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      country: i % 2 === 0 ? 'NL' : 'ES', at: BigInt(1000 * i), price: i === 3 ? null : i / 4, click: i % 3 === 0,
    }))
    const columnData = [
      { name: 'country', data: rows.map(({ country }) => country), type: 'STRING' as const },
      { name: 'at', data: rows.map(({ at }) => at), type: 'INT64' as const },
      { name: 'price', data: rows.map(({ price }) => price), type: 'DOUBLE' as const },
      { name: 'click', data: rows.map(({ click }) => click), type: 'BOOLEAN' as const },
    ]
    const about = (file: string): string => schema({
      files: [file], scenario: 'country', categorical: ['country'], numeric: ['price'], time: { column: 'at' },
      split: { by: 'time' },
    })
    const text = rows.map(({ country, at, price, click }) => [country, at, price ?? '', Number(click)].join(','))
    const csv = await load({ 'schema.json': about('a.csv'), 'a.csv': ['country,at,price,click', ...text].join('\n') })
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }))
    const parquet = await load({ 'schema.json': about('a.parquet'), 'a.parquet': bytes })
    expect(parquet.scenarios).toEqual(csv.scenarios)
    expect(parquet.features).toEqual(csv.features)
  })

  it('pools the columns of a sequence, which share the words of another column', async () => {
    const seen = (i: number) => ({ name: `seen_${i}`, sequence: 'seen', table: 'item', padding: '-' })
    const world = await load({
      'schema.json': schema({
        categorical: ['item', seen(1), seen(2)], split: { by: 'random', train: 1, validation: 0, test: 0 },
      }),
      'all.csv': 'item,seen_1,seen_2,click\nb,-,,1\na,b,-,0\nc,a,d,1',
    })
    const { features, scenarios } = world
    expect(features.categorical).toEqual([
      { name: 'item', size: 5 },
      { name: 'seen_1', size: 5, sequence: 'seen', table: 'item' },
      { name: 'seen_2', size: 5, sequence: 'seen', table: 'item' },
    ])
    // Words a to d are 1 to 4; what pads is 0.
    const rows = Array.from({ length: 3 }, (_, row) => Array.from(scenarios[0].train.categorical.slice(3 * row, 3 * row + 3)))
    expect(rows.toSorted()).toEqual([[1, 2, 0], [2, 0, 0], [3, 1, 4]])
  })

  it('takes each file as a scenario, with multiclass tasks and labels that do not apply', async () => {
    const world = await load({
      'schema.json': schema({
        files: ['b.csv', 'a.csv'], numeric: ['x'], split: { by: 'column', column: 'part', validation: ['dev'] },
        tasks: [{ name: 'click', kind: 'binary' }, { name: 'stars', kind: 'multiclass', classes: 5 }],
      }),
      'a.csv': 'kind,x,click,stars,part\np,1,1,4,train\nq,3,0,,train\nz,5,1,0,test\n',
      'b.csv': 'kind,x,click,stars,part\nq,,,2,train\n,7,1,1,dev\n',
    })
    expect(shape(world)).toEqual([['a', 2, 0, 1], ['b', 1, 1, 0]])
    expect(world.features.categorical).toEqual([{ name: 'kind', size: 3 }])
    expect(labels(world.scenarios[0].train)).toEqual([1, 4, 0, NaN])
    expect(labels(world.scenarios[1].train)).toEqual([NaN, 2])
    expect(Array.from(world.scenarios[0].train.numeric)).toEqual([-1, 1])
    expect(Array.from(world.scenarios[0].test.categorical)).toEqual([0])
    expect(Array.from(world.scenarios[0].test.numeric)).toEqual([1])
  })

  it('weighs training rows by a column for all tasks, or one of the task’s own', async () => {
    const about = (change: object): string => schema({
      categorical: ['kind'], split: { by: 'column', column: 'part' }, weight: 'w',
      tasks: [{ name: 'click', kind: 'binary', weight: 'p' }, { name: 'stars', kind: 'multiclass', classes: 5 }],
      ...change,
    })
    const text = 'kind,w,p,click,stars,part\na,2,1e-6,1,4,train\nb,0,,,2,train\nc,3,5,0,0,test\nd,1e6,0.5,1,,train\n'
    const world = await load({ 'schema.json': about({}), 'all.csv': text })
    const [{ train, validation, test }] = world.scenarios
    expect(Array.from(train.weights!)).toEqual([Math.fround(1e-6), 2, NaN, 0, 0.5, 1e6])
    expect([validation.weights, test.weights]).toEqual([undefined, undefined])
    expect(world.notes).toContain('training rows are weighted: click by p, stars by w')
    const one = await load({ 'schema.json': about({ weight: undefined }), 'all.csv': text })
    expect(Array.from(one.scenarios[0].train.weights!)).toEqual([Math.fround(1e-6), 1, NaN, 1, 0.5, 1])
    const wrong = async (from: string, to: string): Promise<string> => {
      const error = await load({ 'schema.json': about({}), 'all.csv': text.replace(from, to) }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(DataError)
      return (error as Error).message.replace(/^.*\//, '')
    }
    const rule = 'expected a weight: a number from 0 to 3e38, or nothing where there is no label'
    expect(await wrong('2,1e-6', '-2,1e-6')).toBe(`all.csv, row 1: column 'w' has "-2", ${rule}`)
    expect(await wrong('1e6,0.5', '1e6,')).toBe(`all.csv, row 4: column 'p' has "", ${rule}`)
    expect(await wrong('1e6,0.5', '1e39,0.5')).toBe(`all.csv, row 4: column 'w' has "1e+39", ${rule}`)
    expect(await wrong('2,1e-6', 'heavy,1e-6')).toBe(`all.csv:2: column 'w' has "heavy", expected a number, or nothing`)
  })

  it('clips numbers as the world says, and a column as its schema says', async () => {
    write('clipped/schema.json', schema({
      numeric: ['x', { name: 'y', clip: 'none' }, { name: 'z', scaling: 'asis' }], categorical: [],
      split: { by: 'column', column: 'part' },
    }))
    write('clipped/all.csv', 'x,y,z,click,part\n1,1,1,1,train\n3,3,3,0,train\n90305,90305,90305,0,test\n')
    const test = async (clip?: 'range' | 'none' | number): Promise<number[]> => {
      const world = await loadWorld(folder({ dir: 'clipped', ...(clip !== undefined && { clip }) }), { seed: '1', cwd: dir })
      return Array.from(world.scenarios[0].test.numeric)
    }
    expect(await test()).toEqual([1, 90_303, 90_305])
    expect(await test('none')).toEqual([90_303, 90_303, 90_305])
    expect(await test(3)).toEqual([3, 90_303, 90_305])
    await expect(test('rnage' as never)).rejects.toThrow(/world\.clip: range, none, or a positive number of deviations/)
    await expect(test(0)).rejects.toThrow(/world\.clip: /)
  })

  it('takes numbers as labels of a regression, as they are', async () => {
    const world = await load({
      'schema.json': schema({
        categorical: ['kind'], tasks: [{ name: 'watched', kind: 'regression' }],
        split: { by: 'column', column: 'part' },
      }),
      'all.csv': 'kind,watched,part\np,-1.5,train\nq,,train\nq,250,test\n',
    })
    expect(world.tasks).toEqual([{ name: 'watched', kind: 'regression' }])
    expect(labels(world.scenarios[0].train)).toEqual([-1.5, NaN])
    expect(labels(world.scenarios[0].test)).toEqual([250])
  })

  it('splits by dates, and leaves columns alone that the schema does not name', async () => {
    const world = await load({
      'schema.json': schema({
        time: { column: 'day', unit: 'date' },
        split: { by: 'dates', validationFrom: '2022-05-05', testFrom: 20220506 },
      }),
      'all.csv': 'kind,click,day,secret\na,0,2022-05-04,x\na,1,2022-05-05T23:59:59,y\na,0,20220506,"z"\n',
    })
    expect(shape(world)).toEqual([['all', 1, 1, 1]])
    expect(world.features.numeric).toEqual([])
  })

  it('splits by files, with scenarios in the order that was asked for', async () => {
    const csv = (n: number): string => `kind,click\n${'a,1\n'.repeat(n)}`
    const entries = ['NL', 'ES', 'FR'].flatMap((scenario, i) => [
      { file: `${scenario}/train.csv`, scenario, split: 'train', n: 2 + i },
      { file: `${scenario}/test.csv`, scenario, split: 'test', n: 1 },
    ])
    const world = await load({
      'schema.json': schema({
        files: entries.map(({ file, scenario, split }) => ({ file, scenario, split })), split: { by: 'files' },
        scenarios: ['NL', 'ES'],
      }),
      ...Object.fromEntries(entries.map(({ file, n }) => [file, csv(n)])),
    })
    expect(shape(world)).toEqual([['NL', 2, 0, 1], ['ES', 3, 0, 1]])
  })

  it('splits at random by the seed, and drops rare words', async () => {
    const files = {
      'schema.json': schema({
        categorical: [{ name: 'kind', atLeast: 2 }, 'click'],
        tasks: [{ name: 'n', kind: 'multiclass', classes: 40 }],
      }),
      'all.csv': ['kind;click;n', ...Array.from({ length: 40 }, (_, i) =>
        `${i < 35 ? 'a' : `rare ${i}`};1;${i}`)].join('\n'),
    }
    files['schema.json'] = files['schema.json'].replace('{', '{"delimiter":";",')
    const [a, b, c] = [await load(files, '1'), await load(files, '1'), await load(files, '2')]
    expect(shape(a)).toEqual([['all', 28, 4, 8]])
    expect(a.features.categorical).toEqual([{ name: 'kind', size: 2 }, { name: 'click', size: 2 }])
    expect(a.notes.join()).toMatch(/words of kind are unknown: in fewer than 2 training rows/)
    expect(b.scenarios).toEqual(a.scenarios)
    expect(labels(c.scenarios[0].test)).not.toEqual(labels(a.scenarios[0].test))
    const { train, validation, test } = a.scenarios[0]
    expect([train, validation, test].flatMap(labels).sort((x, y) => x - y))
      .toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  it.each([
    ['an unknown key',
      'files: [a.csv]\ncategorical: [k]\ntask: []\ntasks: [{ name: c, kind: binary }]\nsplit: { by: random }\n',
      /schema\.yaml:3:1: task is not a field[^]*Did you mean "tasks"\?/],
    ['a bad kind',
      'files: [a.csv]\ncategorical: [k]\ntasks:\n  - name: c\n    kind: guess\nsplit: { by: random }\n',
      /schema\.yaml:5:11: tasks\.0\.kind cannot be "guess"[^]*Known: binary, regression, multiclass/],
    ['shares',
      'files: [a.csv]\ncategorical: [k]\ntasks: [{ name: c, kind: binary }]\nsplit:\n  by: random\n  test: 0.5\n',
      /schema\.yaml:5:3: split is not possible: train, validation and test must add up to 1/],
    ['time', 'files: [a.csv]\ncategorical: [k]\ntasks: [{ name: c, kind: binary }]\n\nsplit: { by: time }\n',
      /schema\.yaml:5:14: split\.by is not possible: 'time' needs `time`/],
    ['no feature', 'files: [a.csv]\ntasks: [{ name: c, kind: binary }]\nsplit: { by: random }\n', /needs a feature/],
    ['split of a file',
      'files:\n  - a.csv\ncategorical: [k]\ntasks: [{ name: c, kind: binary }]\nsplit: { by: files }\n',
      /schema\.yaml:2:5: files\.0 needs `split`/],
    ['broken YAML', 'files: [a.csv\ntasks: 3\n', /schema\.yaml:2:1: .*must be sufficiently indented/],
  ])('points at file, line and path of an offence: %s', async (_, text, message) => {
    const loading = load({ 'schema.yaml': text, 'a.csv': 'k,c\nx,1\n' })
    await expect(loading).rejects.toThrow(DataError)
    await expect(loading).rejects.toThrow(message)
  })

  it('points at file, line and column of a bad value', async () => {
    const bad = (csv: string, change: object = {}) => load({ 'schema.json': schema(change), 'all.csv': csv })
    await expect(bad('kind,click\na,1\na,2\n'))
      .rejects.toThrow(/all\.csv:3: column 'click' has "2", expected a whole number from 0 to 1/)
    await expect(bad('kind\na\n')).rejects.toThrow(/all\.csv:1: no column 'click'/)
    await expect(bad('kind,click,day\na,1,soon\n', { time: { column: 'day', unit: 'date' }, split: { by: 'time' } }))
      .rejects.toThrow(/all\.csv:2: column 'day' has "soon", expected a date such as/)
    await expect(bad('kind,click\na,1\n', { split: { by: 'column', column: 'kind' } }))
      .rejects.toThrow(/'kind' has "a", expected one of train/)
    await expect(bad('kind,click\na,1\n', { scenarios: ['NL'] }))
      .rejects.toThrow(/no row of scenario 'NL'\. The files have all/)
    await expect(bad('kind,click\na,1\n', { numeric: ['kind'] }))
      .rejects.toThrow(/numeric\.0 is the column of categorical\.0 again/)
  })

  it('says what is missing', async () => {
    await expect(load({ 'x.csv': 'a\n' }))
      .rejects.toThrow(/looked for schema\.json, schema\.yaml, schema\.yml; .* holds x\.csv/)
    await expect(load({ 'schema.json': schema({}) })).rejects.toThrow(/no file all\.csv: .* holds schema\.json/)
    await expect(loadWorld(folder({ dir: 'nowhere' }), { seed: '1', cwd: dir })).rejects.toThrow(/there is no folder/)
  })
})
