import { assemble, type Draft, type Frame } from '../../src/data/assemble.js'
import type { DataTable } from '../../src/data/data-table.js'
import type { Interner } from '../../src/data/interner.js'
import type { Clip } from '../../src/data/scaler.js'
import { part, splitAtRandom } from '../../src/data/split.js'
import type { World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import type { Streams } from '../../src/random/streams.js'
import { categoricalNames, heavyTailed, numericNames, type CategoricalName } from './columns.js'
import type { CensusFiles } from './read.js'

/** Degrees that a college gives: what this project takes `at least college` for, which MMoE does not spell out. */
export const degrees = [
  'Bachelors degree(BA AB BS)', 'Masters degree(MA MS MEng MEd MSW MBA)', 'Prof school degree (MD DDS DVM LLB JD)',
  'Doctorate degree(PhD EdD)',
] as const

/** The world's options with their defaults filled in; `scenarios/census.ts` says what each means. */
export interface CensusSpec {
  readonly group: 'income' | 'education'
  readonly college: readonly string[]
  readonly scenario?: CategoricalName | undefined
  readonly atLeast: number
  readonly buckets: number
  readonly clip: Clip
}

export const toWorld = (spec: CensusSpec, files: CensusFiles, streams: Streams): World => {
  const own = spec.group === 'education' ? 'education' : undefined
  const unused = new Set<string | undefined>(['marital_stat', spec.scenario, own])
  const fields = categoricalNames.filter((name) => !unused.has(name))
  const labels = [
    spec.group === 'income'
      ? hits(files, 'income_50k', (word) => incomeOf(word))
      : hits(files, 'education', (word) => spec.college.includes(word)),
    hits(files, 'marital_stat', (word) => word === 'Never married'),
  ]
  const both = [files.data, files.test]
  const parts = [
    new Uint8Array(files.data.rows).fill(part.train),
    splitAtRandom(files.test.rows, { train: 0, validation: 0.5, test: 0.5 }, streams('census', 'halves')),
  ]
  const draft: Omit<Draft, 'frames'> = {
    name: 'census',
    fields: fields.map((name) => ({ name, words: wordsOf(files, name).words, order: 'text' })),
    numeric: numericNames.map((name) => ({ name, scaling: heavyTailed.includes(name) ? 'log' : 'standard' })),
    tasks: [{ name: spec.group, kind: 'binary' }, { name: 'never_married', kind: 'binary' }],
    origins: both.map(({ origin }) => origin),
    split: 'by files: census-income.data trains; census-income.test is halved at random to validate and to test',
    notes: [
      'vocabularies are fitted on the union of all training rows: clients share which words exist, not what they saw',
      'the instance weight is not used',
    ],
    atLeast: spec.atLeast,
    buckets: spec.buckets,
    clip: spec.clip,
  }
  const frame = (name: string, pick: readonly Int32Array[]): Frame => ({
    name,
    rows: pick[0].length + pick[1].length,
    categorical: fields.map((field) => chosen(both, pick, (table) => table.texts(field).codes)),
    numeric: numericNames.map((column) => chosen(both, pick, (table) => table.floats(column))),
    labels: labels.map((label) => chosen(both, pick, (_, f) => label[f])),
    parts: Uint8Array.from(chosen(both, pick, (_, f) => parts[f])),
  })
  return assemble({ ...draft, frames: scenariosOf(spec, files).map(({ name, rows }) => frame(name, rows)) })
}

const wordsOf = ({ words }: CensusFiles, name: string): Interner => words.get(name) as Interner

/** `50000+.` is above $50,000, `- 50000.` is not; both with or without the point. */
const incomeOf = (word: string): boolean => {
  if (/^50000\+\.?$/.test(word)) return true
  if (/^-\s?50000\.?$/.test(word)) return false
  throw new DataError(`census: the last column has ${JSON.stringify(word)}, expected '50000+.' or '- 50000.'`)
}

/** Per file, 1 where the column's word is one that counts. */
const hits = (files: CensusFiles, name: string, counts: (word: string) => boolean): Uint8Array[] => {
  const hit = wordsOf(files, name).words.map((word) => Number(counts(word)))
  return [files.data, files.test].map((table) => Uint8Array.from(table.texts(name).codes, (code) => hit[code]))
}

/** The rows of each scenario in both files. A value that no training row has is no scenario. */
const scenariosOf = ({ scenario }: CensusSpec, files: CensusFiles) => {
  const both = [files.data, files.test]
  if (scenario === undefined) {
    return [{ name: 'census', rows: both.map(({ rows }) => Int32Array.from({ length: rows }, (_, row) => row)) }]
  }
  return wordsOf(files, scenario).words
    .map((name, code) => ({
      name,
      rows: both.map((table) => {
        const { codes } = table.texts(scenario)
        return Int32Array.from({ length: table.rows }, (_, row) => row).filter((row) => codes[row] === code)
      }),
    }))
    .filter(({ rows }) => rows[0].length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

const chosen = (
  tables: readonly DataTable[],
  pick: readonly Int32Array[],
  column: (table: DataTable, file: number) => ArrayLike<number>,
): Float64Array => {
  const out = new Float64Array(pick[0].length + pick[1].length)
  let at = 0
  tables.forEach((table, f) => {
    const values = column(table, f)
    for (const row of pick[f]) out[at++] = values[row]
  })
  return out
}
