import { assemble, type Field, type Frame } from '../../src/data/assemble.js'
import { splitAtRandom, type Shares } from '../../src/data/split.js'
import type { World } from '../../src/data/world.js'
import type { Streams } from '../../src/random/streams.js'
import { historyNames, plainNames, taskNames } from './columns.js'
import type { TenrecLog } from './log.js'

/** The world's options with their defaults filled in; `scenarios/tenrec.ts` says what each means. */
export interface TenrecSpec {
  readonly tasks: readonly (typeof taskNames)[number][]
  readonly ids: readonly ('user' | 'item')[]
  readonly atLeast: number
  readonly buckets: number
  readonly sample: number
  readonly split: Shares
}

export const toWorld = (spec: TenrecSpec, log: TenrecLog, streams: Streams): World => {
  const history = log.files.some((file) => file.history)
  const lacking = log.files.filter((file) => !file.history).map(({ name }) => name)
  const fields: Field[] = [
    ...plainNames.map((name, i): Field => ({ name, words: log.plain[i].words, order: 'number' })),
    ...spec.ids.map((id): Field => ({
      name: `${id}_id`, words: (id === 'user' ? log.users : log.items).words, order: 'number',
    })),
    ...(history ? historyNames : []).map((name): Field => ({
      name, words: log.items.words, order: 'number', sequence: 'hist', table: 'item_id',
    })),
  ]
  const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
  const { train, validation, test } = spec.split
  return assemble({
    name: 'tenrec',
    fields,
    numeric: [],
    tasks: spec.tasks.map((name) => ({ name, kind: 'binary' })),
    frames: log.files.map((file): Frame => toFrame(file, fields, log, spec, streams)),
    origins: log.files.map(({ table }) => table.origin),
    split: `at random, there being no time: ${percent(train)} train, ${percent(validation)} validate, ` +
      `${percent(test)} test`,
    notes: [
      'vocabularies are fitted on the union of all training rows: clients share which words exist, not what they saw',
      'rows are split at random, as in the data set’s own benchmark: a user’s later rows may train for earlier ones',
      ...(history && lacking.length > 0 ? [`no history in ${lacking.join(', ')}: an empty one there`] : []),
      ...(spec.sample < 1 ? [`a sample: ${percent(spec.sample)} of the rows, drawn by the seed`] : []),
    ],
    atLeast: spec.atLeast,
    buckets: spec.buckets,
  })
}

const toFrame = (
  { name, table, history }: TenrecLog['files'][number],
  fields: readonly Field[],
  log: TenrecLog,
  spec: TenrecSpec,
  streams: Streams,
): Frame => {
  // In a history 0 stands for nothing.
  const nothing = new Set(['0', ''].map((word) => log.items.of(word)))
  const column = (field: Field): Int32Array => {
    if (field.sequence === undefined) return table.texts(field.name).codes
    if (!history) return new Int32Array(table.rows).fill(-1)
    return table.texts(field.name).codes.map((code) => (nothing.has(code) ? -1 : code))
  }
  return {
    name,
    rows: table.rows,
    categorical: fields.map(column),
    numeric: [],
    labels: spec.tasks.map((task) => table.numbers(task)),
    user: table.texts('user_id').codes,
    parts: splitAtRandom(table.rows, spec.split, streams('tenrec', 'split', name)),
  }
}
