import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import { folder, loadWorld, type Folder } from '../../scenarios/index.js'
import { parseFolderSchema } from '../../src/data/schema.js'
import type { World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { inspectWorld } from '../../src/inspection/inspect.js'
import { scratch } from '../data/files.js'

const { dir, write } = scratch()
type Schema = NonNullable<Folder['schema']>
let made = 0
const base: Schema = { files: ['a.csv'], categorical: ['k'], tasks: [{ name: 'y' }], split: { by: 'column', column: 's' } }

const load = (files: Record<string, string | Uint8Array>, schema: Partial<Schema> = {}, seed = '1'): Promise<World> => {
  const name = `faults-${made++}`
  for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, content)
  return loadWorld(folder({ dir: name, schema: { ...base, ...schema } }), { seed, cwd: dir })
}
/** What the error says, without where the folder lies. */
const complaint = async (loading: Promise<unknown> | (() => unknown)): Promise<string> => {
  const error = await Promise.resolve().then(() => (typeof loading === 'function' ? loading() : loading)).then(
    () => { throw new Error('nothing was thrown') }, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(DataError)
  return (error as Error).message.replaceAll(/\/[^ ]*\/faults-\d+\//g, '')
}
const csv = (header: string, ...rows: string[]): string => [header, ...rows, ''].join('\n')
const parse = (text: string, file = 'schema.yaml') => parseFolderSchema(file, text)
const yaml = (more: string): string => `files: [a.csv]\ncategorical: [k]\ntasks: [{ name: y }]\nsplit: { by: random }\n${more}`

describe('a broken schema', () => {
  it.each([
    ['an unknown key', yaml('catagorical: [z]'),
      'schema.yaml:5:1: catagorical is not a field.\n  5 | catagorical: [z]\n    | ^^^^^^^^^^^\n  Did you mean "categorical"? Known here: ' +
      'categorical, columns, delimiter, encoding, files, joins, name, numeric, quotes, scenario, scenarios, split, tasks, time, user, weight.'],
    ['an unknown key of a column', yaml('numeric: [{ name: age, scalin: log }]'),
      'schema.yaml:5:24: numeric.0.scalin is not a field.\n  5 | numeric: [{ name: age, scalin: log }]\n    |                        ^^^^^^\n' +
      '  Did you mean "scaling"? Known here: clip, name, scaling.'],
    ['a list where a text is meant', yaml('user: [a, b]'),
      'schema.yaml:5:7: user must be a text, got ["a","b"].\n  5 | user: [a, b]\n    |       ^^^^^^'],
    ['a table that no column has', 'files: [a.csv]\ncategorical: [item, { name: seen, table: itme }]\ntasks: [{ name: y }]\nsplit: { by: random }',
      'schema.yaml:2:42: categorical.1.table is "itme", and no other categorical column has that name or table.\n' +
      '  2 | categorical: [item, { name: seen, table: itme }]\n    |                                          ^^^^\n' +
      '  Did you mean "item"? It shares the words and embeddings of the column that it names.'],
    ['a kind that is none', yaml('').replace('name: y', 'name: y, kind: binaray'),
      'schema.yaml:3:26: tasks.0.kind cannot be "binaray".\n  3 | tasks: [{ name: y, kind: binaray }]\n    |                          ^^^^^^^\n' +
      '  Did you mean "binary"? Known: binary, regression, multiclass.'],
    ['too many classes', yaml('').replace('name: y', 'name: y, kind: multiclass, classes: 100000000'),
      'schema.yaml:3:47: tasks.0.classes is more than 10000.\n  3 | tasks: [{ name: y, kind: multiclass, classes: 100000000 }]\n' +
      '    |                                               ^^^^^^^^^\n' +
      '  Each class is an output for every row and every client: group rare ones, or predict a number (kind: regression).'],
    ['a column that `columns` has not', yaml('columns: [k, y, country]\nscenario: contry'),
      'schema.yaml:6:11: scenario speaks of a column "contry", which no file has.\n  6 | scenario: contry\n    |           ^^^^^^\n' +
      '  Did you mean "country"? Known: k, y, country.'],
    ['an encoding that is none', yaml('encoding: latn1'),
      'schema.yaml:5:11: encoding is not possible: utf-8, latin1, windows-1252, utf-16le or another label of the WHATWG Encoding Standard.\n' +
      '  5 | encoding: latn1\n    |           ^^^^^'],
  ])('points at line and column, says what is known and what was meant: %s', async (_, text, message) => {
    expect(await complaint(() => parse(text))).toBe(message)
  })

  it.each([
    ['the same file twice', yaml('').replace('[a.csv]', '[a.csv, ./a.csv]'), /files\.1 is the file of files\.0 again/],
    ['the same column twice', yaml('numeric: [k]'), /numeric\.0 is the column of categorical\.0 again/],
    ['a label as a feature', yaml('numeric: [y]'),
      /numeric\.0 is the column that the label of task "y" is read from\.[^]*A model that is told the label learns nothing/],
    ['what a label follows from as a feature', yaml('numeric: [r]').replace('name: y', 'name: y, from: r, atLeast: 4'),
      /numeric\.0 is the column that the label of task "y" is read from/],
    ['one label for two tasks', yaml('').replace('{ name: y }', '{ name: y }, { name: z, column: y }'), /tasks\.1 has the label of tasks\.0 again/],
    ['a word in two lists', yaml('').replace('by: random', 'by: column, column: s, train: [a, test]'),
      /split\.test\.0 is "test", which is in `train` too/],
    ['validation after test', yaml('time: { column: t, unit: date }').replace('by: random', 'by: dates, validationFrom: 2022-05-07, testFrom: 2022-05-06'),
      /schema\.yaml:4:37: split\.validationFrom is "2022-05-07", after testFrom \("2022-05-06"\)/],
    ['a date that is none', yaml('time: { column: t, unit: date }').replace('by: random', 'by: dates, testFrom: soon'),
      /split\.testFrom is "soon"\.[^]*Expected a date such as/],
    ['bands that fall', yaml('scenario: { column: age, bands: [45, 25] }'), /scenario\.bands\.1 is 25, not above the one before it \(45\)/],
    ['a rule without a column', yaml('').replace('name: y', 'name: y, atLeast: 4'), /tasks\.0\.atLeast needs `from`/],
    ['a column without a rule', yaml('').replace('name: y', 'name: y, from: r'), /tasks\.0\.from needs a rule\.[^]*Give one of atLeast, above/],
    ['two rules', yaml('').replace('name: y', 'name: y, from: r, atLeast: 4, equals: 5'), /tasks\.0\.equals is a second rule, beside atLeast/],
    ['classes of a binary task', yaml('').replace('name: y', 'name: y, classes: 5'), /tasks\.0\.classes is of a multiclass task, and this one is binary/],
    ['two columns of one name', yaml('columns: [k, y, k]'), /columns\.2 is a second column called "k"/],
    ['padding without a sequence', yaml('').replace('[k]', '[{ name: k, padding: x }]'), /categorical\.0\.padding needs `sequence`/],
    ['a task called __proto__', yaml('').replace('name: y', 'name: __proto__'), /tasks\.0\.name is not possible: a name has 1 to 200 characters/],
    ['a field called __proto__', yaml('').replace('name: y', 'name: y, __proto__: { kind: binary }'), /schema\.yaml:3:20: a field cannot be called __proto__/],
    ['an alias that names nothing', yaml('user: *who'), /schema\.yaml:5:7: the alias \*who stands for nothing: no anchor before it/],
    ['an alias within itself', yaml('numeric: &all [x, *all]'), /schema\.yaml:5:19: the alias \*all stands within what it stands for/],
    ['bytes', yaml('user: !!binary aGVsbG8='), /schema\.yaml:5:\d+: the tag tag:yaml\.org,2002:binary is not known/],
    ['a key that is a list', yaml('? [a, b]\n: 1'), /schema\.yaml:/],
    ['nothing', '', /schema\.yaml:1:1: the schema must be a group of fields, got null/],
    ['depth', `files: ${'['.repeat(20_000)}`, /nested (too deep|more than 64 deep)|schema\.yaml:1:/],
  ])('says what is wrong: %s', async (_, text, message) => {
    expect(await complaint(() => parse(text))).toMatch(message)
  })

  it('does not write out a billion laughs', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${i === 0 ? 'lol' : Array(10).fill(`*l${i - 1}`).join(', ')}]`)
    expect(await complaint(() => parse(levels.join('\n')))).toMatch(/schema\.yaml:\d+:\d+: more than 100000 values: aliases multiply/)
  })

  it('takes aliases that stand for something', () => {
    const { numeric } = parse(yaml('numeric: [&age { name: age, scaling: log }, { name: pay, scaling: log }]'))
    expect(numeric).toHaveLength(2)
  })

  it('shows no more than 200 characters of a value, and no control character', async () => {
    const long = 'x'.repeat(5_000)
    for (const text of [yaml(`user: [${long}]`), yaml(`${long}: 1`), yaml(`name: ${long}`), yaml(`name: "\\e[2J\\u202e"`), yaml(`encoding: ${long}`),
      yaml(`user: *${long}`), yaml(`user: !${long} a`), `{"files":["a.csv"],"${long}":1,"categorical":["k"]}`]) {
      const said = await complaint(() => parse(text))
      expect(said).not.toMatch(/x{201}/)
      // oxlint-disable-next-line no-control-regex
      expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })
})

describe('data that is not taken silently', () => {
  const rows = csv('k,y,s', 'a,1,train', 'b,0,train', 'a,0,validation', 'b,1,test')

  it('takes good data without a word', async () => {
    expect((await load({ 'a.csv': rows })).warnings).toBeUndefined()
  })

  it('says in which line bytes are no text, and never makes one scenario of two', async () => {
    const latin = (...names: string[]): Buffer => Buffer.from(csv('k,y,s,where', ...names.map((name) => `a,1,train,${name}`)), 'latin1')
    expect(await complaint(load({ 'a.csv': latin('x', '\u00c5', '\u00d8') }, { scenario: 'where' })))
      .toBe('a.csv:3: bytes that are no UTF-8. Say which `encoding` the file is written in, such as latin1 or windows-1252')
    const two = await load({ 'a.csv': latin('\u00c5', '\u00d8') }, { scenario: 'where', encoding: 'latin1' })
    expect(two.scenarios.map(({ name }) => name)).toEqual(['Å', 'Ø'])
  })

  it('says in which row of a Parquet file bytes are no text', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'k', data: ['a', 'b', '\u00c5'].map((word) => Buffer.from(word, 'latin1')), type: 'BYTE_ARRAY' },
        { name: 'y', data: [1, 0, 1], type: 'INT32' },
        { name: 's', data: ['train', 'train', 'test'], type: 'STRING' },
      ],
    })
    expect(await complaint(load({ 'a.parquet': new Uint8Array(bytes) }, { files: ['a.parquet'] })))
      .toBe('a.parquet, row 3: column \'k\' has "the bytes c5", expected a text in UTF-8')
  })

  it('finds `0` in training rows and `0.0` in later ones', async () => {
    const text = csv('k,y,s', '0,1,train', '1,0,train', '0.0,0,validation', '1,1,test')
    expect(await complaint(load({ 'a.csv': text }))).toBe(
      'column \'k\' has "0" in training rows and "0.0" in later ones: the same number, but two words, of which the second is ' +
      'unknown. Write it in one way, or say { name: k, numbers: true }')
    const one = await load({ 'a.csv': text }, { categorical: [{ name: 'k', numbers: true }] })
    expect(Array.from(one.scenarios[0].validation.categorical)).toEqual([1])
    const both = await load({ 'a.csv': csv('k,y,s', '7,1,train', '07,0,train', '7,0,validation', '7,1,test') })
    expect(both.warnings).toEqual(['column k has "7" and "07": the same number, but two words; write it in one way, or say { name: k, numbers: true }'])
    expect(await complaint(load({ 'a.csv': csv('k,y,s,w', 'a,1,train,1', 'a,1,train,1.0') }, { scenario: 'w' })))
      .toMatch(/column 'w' has '1' and '1\.0', the same number, as two scenarios/)
  })

  it('finds tasks without labels, and says where labels are all alike', async () => {
    expect(await complaint(load({ 'a.csv': csv('k,y,s', 'a,,train', 'b,,train', 'a,1,validation', 'b,1,test') })))
      .toBe("no training row has a label of task 'y': column 'y' is empty in all of them")
    const { warnings } = await load({ 'a.csv': csv('k,y,s,w', 'a,1,train,N', 'b,0,train,N', 'a,0,train,S', 'a,,train,E', 'b,1,validation,N', 'b,1,test,N') }, { scenario: 'w' })
    expect(warnings).toEqual([
      'no row of E, S validates', 'no row of E, S tests', 'no training row of E has a label of y', 'all labels of y that train in S are 0',
    ])
  })

  it('finds a table that is too small for its shares', async () => {
    const one = { 'a.csv': csv('k,y,s,t', 'a,1,train,1700000000000') }
    expect(await complaint(load(one, { split: { by: 'random' } })))
      .toBe('no row validates: 1 row in 1 scenario are too few for a share of 0.1')
    expect(await complaint(load(one, { split: { by: 'time' }, time: { column: 't' } }))).toMatch(/^no row validates: 1 row in 1 scenario/)
    expect((await load(one)).warnings).toEqual(['no row validates', 'no row tests', 'all labels of y that train in a are 1'])
  })

  it('finds what was bought and not clicked', async () => {
    const made2 = (odd: number): string => csv('k,click,buy,s', ...Array.from({ length: 60 }, (_, i) => {
      const click = i % 3 === 0 ? 1 : 0
      return `a,${click},${i < odd ? 1 - click : i % 9 === 0 ? 1 : 0},${i < 40 ? 'train' : i < 50 ? 'validation' : 'test'}`
    }))
    const tasks = [{ name: 'ctr', column: 'click' }, { name: 'ctcvr', column: 'buy' }]
    expect((await load({ 'a.csv': made2(0) }, { tasks })).warnings).toBeUndefined()
    expect((await load({ 'a.csv': made2(2) }, { tasks })).warnings)
      .toEqual(['1 of 7 rows with ctcvr are without ctr, which else comes first: is that meant?'])
  })

  it('finds times in another unit', async () => {
    const text = csv('k,y,t', ...Array.from({ length: 20 }, (_, i) => `a,${i % 2},${1_700_000_000 + i}`))
    const split = { by: 'time' as const }
    expect(await complaint(load({ 'a.csv': text.replaceAll(/,17(\d+)/g, ',17$1000') }, { time: { column: 't', unit: 's' }, split })))
      .toMatch(/column 't' has 1700000019000, read as s since 1970: a time after the year 2200\. Is it in ms \(`unit: ms`\)/)
    expect(await complaint(load({ 'a.csv': text }, { time: { column: 't' }, split })))
      .toMatch(/column 't' has 1700000000 to 1700000019, read as ms since 1970: all rows would be of January or February 1970\. Is it in s/)
    expect((await load({ 'a.csv': text }, { time: { column: 't', unit: 's' }, split })).warnings).toBeUndefined()
    expect(await complaint(load({ 'a.csv': text.replace('1700000003', '0x10') }, { time: { column: 't', unit: 's' }, split })))
      .toMatch(/a\.csv:5: column 't' has "0x10", expected seconds since 1970/)
  })

  it('finds stray quotes', async () => {
    expect(await complaint(load({ 'a.csv': csv('k,y,s', 'a,1,train', '5" pipe,0,train') })))
      .toBe("a.csv:3: column 'k' has a quote inside a value that none opens. Quote the value and double the quote, or say " +
        '`quotes: false` where quotes mean nothing')
    // Two rows that would be read as one, with as many fields as there are columns.
    expect(await complaint(load({ 'a.csv': csv('k,y,s', 'a,1,"train', 'b,0,train', 'c,1,train"', 'd,0,test') })))
      .toMatch(/a\.csv:2: a quote opens here and closes lines later, and each of these lines is a record by itself/)
    expect((await load({ 'a.csv': csv('k,y,s', '"a\nb",1,train', 'a,0,validation', 'a,0,test') })).scenarios[0].train.rows).toBe(1)
  })

  it('says which word of the split it does not know, and where', async () => {
    expect(await complaint(load({ 'a.csv': rows.replace('b,1,test', 'b,1,tset') })))
      .toBe("a.csv, row 4: column 's' has \"tset\", expected one of train, validation, test: add it to a list of `split`")
  })

  it('hints at `columns` where a file seems to have no header', async () => {
    expect(await complaint(load({ 'a.csv': '196\t242\t3\n186\t302\t3\n' }, { delimiter: 'tab' })))
      .toBe("a.csv:1: no column 'k'. The file has 196, 242, 3. If its first line is a row and no header, name its columns: `columns: [...]`")
    expect(await complaint(load({ 'a.csv': '3\t3\t1\n' }, { delimiter: 'tab' }))).toMatch(/column '3' is named twice\. If its first line is a row/)
    expect(await complaint(load({ 'a.csv': 'k;y;s\n' }))).toMatch(/The file has k;y;s\. Is `delimiter` what stands between its fields\?/)
  })

  it('shows no more than 80 characters of a value', async () => {
    const long = 'v'.repeat(100_000)
    for (const [text, schema] of [
      [csv('k,y,s', `a,${long},train`), {}], [csv('k,y,s', `a,1,${long}`), {}], [csv(`k${long},y,s`), {}],
      [csv('k,y,s', `${long},1,train`), { scenario: 'k' }],
    ] as const) expect(await complaint(load({ 'a.csv': text }, schema))).not.toMatch(/v{101}/)
  })

  it('shows no control character of a file, and takes none into a name', async () => {
    const odd = csv('k,y,s', '\u001b[2Jx,1,train')
    expect(await complaint(load({ 'a.csv': odd }, { scenario: 'k' })))
      .toMatch(/a\.csv, row 1: column 'k' has "\\u001b\[2Jx", which cannot name a scenario/)
    expect(await complaint(load({ 'a.csv': csv('k,y,s', 'a,\u009b31m,train') }))).toMatch(/column 'y' has "\\u009b31m"/)
    expect(await complaint(load({ 'a.csv': csv('__proto__,y,s', 'a,1,train') }))).toMatch(/no column 'k'/)
    expect(await complaint(load({ 'a.csv': csv('k,y,s', '__proto__,1,train') }, { scenario: 'k' }))).toMatch(/cannot name a scenario/)
  })

  it('stays in its folder', async () => {
    write('secret.csv', rows)
    expect(await complaint(load({ 'a.csv': rows }, { files: ['../secret.csv'] }))).toMatch(/\.\.\/secret\.csv is outside of/)
    expect(await complaint(load({ 'a.csv': rows }, { files: [join(dir, 'secret.csv')] }))).toMatch(/secret\.csv is outside of/)
    const linked = `faults-${made}`
    mkdirSync(join(dir, linked))
    symlinkSync(join(dir, 'secret.csv'), join(dir, linked, 'a.csv'))
    expect(await complaint(load({}))).toMatch(/is a link out of its folder/)
    expect(await complaint(load({ 'x.csv': rows }, { joins: [{ file: '../secret.csv', on: 'k' }] }))).toMatch(/no file|outside of/)
  })
})

describe('a label in disguise', () => {
  it('is found by inspection, whatever the kind of its task, and where few rows hold both labels', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => {
      const [y, stars, spent] = [Number(i % 7 === 0), (i * 7) % 5, (i * 37) % 101]
      const noise = (i * 53) % 97
      return [noise % 11, y, stars, spent, `c${y}`, 10 - stars, 3 * spent + 1, noise, i < 200 ? 'train' : i < 250 ? 'validation' : 'test'].join(',')
    })
    const schema: Partial<Schema> = {
      categorical: ['k', 'like_y'], numeric: ['like_stars', 'like_spent', 'noise'],
      tasks: [{ name: 'y' }, { name: 'stars', kind: 'multiclass', classes: 5 }, { name: 'spent', kind: 'regression' }],
    }
    const found = (world: World) =>
      inspectWorld(world).lookAhead.likeTheLabel.map(({ feature, task, on }) => `${feature} ${task} ${on}`).sort()
    const text = csv('k,y,stars,spent,like_y,like_stars,like_spent,noise,s', ...lines)
    const all = ['like_spent spent later', 'like_stars stars later', 'like_y y later']
    expect(found(await load({ 'a.csv': text }, schema))).toEqual(all)
    // Held-out rows without a single positive: nothing could be said of them.
    const calm = lines.map((line, i) => (i < 200 ? line : line.replace(/^(\d+),\d/, '$1,0')))
    expect(found(await load({ 'a.csv': csv('k,y,stars,spent,like_y,like_stars,like_spent,noise,s', ...calm) }, schema)))
      .toEqual(['like_spent spent later', 'like_stars stars later', 'like_y y train'])
  })
})

describe('a Parquet file with a changed byte', () => {
  const bytes = new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: 'k', data: Array.from({ length: 400 }, (_, i) => ['a', 'bb', 'c', ''][i % 4]), type: 'STRING' },
      { name: 'y', data: Array.from({ length: 400 }, (_, i) => (i % 9 === 0 ? null : i % 2)), type: 'INT32' },
      { name: 's', data: Array.from({ length: 400 }, (_, i) => (i < 300 ? 'train' : i < 350 ? 'validation' : 'test')), type: 'STRING' },
    ],
    codec: 'UNCOMPRESSED',
  }))

  it('is read, or told off: it never goes on for minutes', async () => {
    const files = ['a.parquet']
    await load({ 'a.parquet': bytes }, { files })
    // Each of the first bytes of the first page in turn: among them are lengths of runs, which were taken at their word.
    let refused = 0
    for (let at = 4; at < 260; at += 1) {
      const changed = bytes.slice()
      changed[at] = 0xff
      try {
        await load({ 'a.parquet': changed }, { files })
      } catch (error) {
        expect(error).toBeInstanceOf(DataError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(20)
  })
})
