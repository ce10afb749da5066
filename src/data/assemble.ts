import { DataError, printable } from '../errors.js'
import type { Task } from '../tasks/task.js'
import { fitScale, scalerOf, type Clip, type Scaling } from './scaler.js'
import { part, splits } from './split.js'
import { SharedMemory, type Table } from './table.js'
import { vocabularyFit, type Vocabulary, type Wording, type WordOrder } from './vocabulary.js'
import type { Origin, Scenario, World } from './world.js'

/** A categorical field before ids are given. */
export interface Field {
  readonly name: string
  /** Words by code, shared by all scenarios. */
  readonly words: readonly string[]
  readonly order: WordOrder
  /** Known in advance: every word has an id, `code + 1`, whether training rows hold it or not. */
  readonly fixed?: boolean
  /** A word needs this many training rows to get an id of its own. Default: the draft's. */
  readonly atLeast?: number
  /** Hash buckets that all other words fall into. Default: the draft's. */
  readonly buckets?: number | undefined
  /** Which sequence the column belongs to, and whose vocabulary and embeddings it shares: see `CategoricalColumn`.
   * Columns of one table must have the same words, and their vocabulary is fitted on all of them. */
  readonly sequence?: string
  readonly table?: string
}

/** A numeric column before it is scaled. */
export interface Numeric {
  readonly name: string
  readonly scaling: Scaling
  /** Default: the draft's, but `none` for a column `asis`. */
  readonly clip?: Clip | undefined
}

/** One scenario's rows before vocabularies and scalers are fitted, column by column, in the order of their tables. */
export interface Frame {
  readonly name: string
  readonly rows: number
  /** One per field: codes into the field's words; a code below 0 is unknown. */
  readonly categorical: readonly ArrayLike<number>[]
  /** One per numeric column; NaN where there is no value. */
  readonly numeric: readonly ArrayLike<number>[]
  /** One per task; NaN where the task does not apply. */
  readonly labels: readonly ArrayLike<number>[]
  /** How much training rows count in the losses, one per task: see `Table.weights`; undefined for one whose rows count
   * alike. */
  readonly weights?: readonly (ArrayLike<number> | undefined)[]
  readonly user?: ArrayLike<number>
  readonly time?: ArrayLike<number>
  /** One of `part` per row. */
  readonly parts: Uint8Array
}

export interface Draft {
  readonly name: string
  readonly fields: readonly Field[]
  readonly numeric: readonly Numeric[]
  readonly tasks: readonly Task[]
  readonly frames: readonly Frame[]
  readonly origins: readonly Origin[]
  readonly split: string
  readonly notes: readonly string[]
  readonly warnings?: readonly string[]
  /** A word needs this many training rows to get an id of its own. Default 1. */
  readonly atLeast?: number
  /** Hash buckets that words without an id of their own fall into. Default 0: they are unknown. */
  readonly buckets?: number
  /** How far a numeric value may be from those of its scenario's training rows. Default `range`. */
  readonly clip?: Clip
}

/** Turns frames into a world: vocabularies are fitted on the union of all training rows, scalers by each client on its
 * own training rows, and every table lies in shared memory. */
export const assemble = (draft: Draft): World => {
  checkFrames(draft)
  const vocabularies = fitVocabularies(draft)
  const memory = new SharedMemory()
  const clipped = draft.fields
    .map((field, f) => ({ field, dropped: vocabularies.indexOf(vocabularies[f]) === f ? vocabularies[f].dropped : 0 }))
    .filter(({ dropped }) => dropped > 0)
    .map(({ field, dropped }) => droppedNote(field.name, dropped, wordingOf(draft, field)))
  return {
    name: draft.name,
    features: {
      categorical: draft.fields.map(({ name, sequence, table }, f) => ({
        name,
        size: vocabularies[f].size,
        ...(sequence !== undefined && { sequence }),
        ...(table !== undefined && { table }),
      })),
      numeric: draft.numeric.map(({ name }) => name),
    },
    tasks: draft.tasks,
    scenarios: draft.frames.map((frame) => toScenario(draft, frame, vocabularies, memory)),
    origins: draft.origins,
    split: draft.split,
    notes: [...draft.notes, ...clipped],
    ...(draft.warnings && draft.warnings.length > 0 && { warnings: draft.warnings }),
  }
}

/** How a field's words become ids. */
const wordingOf = (draft: Draft, { order, atLeast, buckets }: Field): Wording => ({
  order, atLeast: atLeast ?? draft.atLeast ?? 1, buckets: buckets ?? draft.buckets,
})

/** What became of the words of a field that training rows hold too rarely, for the manifest. */
export const droppedNote = (
  name: string, dropped: number, { atLeast, buckets = 0 }: Pick<Wording, 'atLeast' | 'buckets'>,
): string =>
  `${dropped} words of ${name} ${buckets > 0 ? `share ${buckets} hash buckets` : 'are unknown'}: ` +
  `in fewer than ${atLeast} training rows`

/** One per field; fields of one table have one. */
const fitVocabularies = (draft: Draft): Vocabulary[] => {
  const tables = draft.fields.map(({ name, table }) => table ?? name)
  const fitted = new Map<string, Vocabulary>()
  return draft.fields.map((field, f) => {
    const known = fitted.get(tables[f])
    if (known !== undefined) return known
    const own = fitVocabulary(draft, field, tables.flatMap((table, i) => (table === tables[f] ? i : [])))
    fitted.set(tables[f], own)
    return own
  })
}

const fitVocabulary = (draft: Draft, field: Field, columns: readonly number[]): Vocabulary => {
  if (field.fixed === true) {
    const size = field.words.length + 1
    return { size, dropped: 0, id: (code) => (code >= 0 && code < size - 1 ? code + 1 : 0) }
  }
  const counter = vocabularyFit()
  for (const frame of draft.frames) {
    for (const codes of columns.map((f) => frame.categorical[f])) {
      for (let row = 0; row < frame.rows; row++) {
        if (frame.parts[row] === part.train && codes[row] >= 0) counter.count(codes[row])
      }
    }
  }
  return counter.fit(field.words, wordingOf(draft, field))
}

const clipOf = (draft: Draft, { scaling, clip }: Numeric): Clip =>
  clip ?? (scaling === 'asis' ? 'none' : draft.clip ?? 'range')

const toScenario = (draft: Draft, frame: Frame, vocabularies: readonly Vocabulary[], memory: SharedMemory): Scenario => {
  const isTrain = (row: number): boolean => frame.parts[row] === part.train
  const scales = draft.numeric.map((column, n) => fitScale(column.scaling, clipOf(draft, column), frame.numeric[n], isTrain))
  const scalers = draft.numeric.map(({ scaling }, n) => scalerOf(scaling, scales[n]))
  const [train, validation, test] = splits.map((_, code): Table => {
    const rows = rowsOf(frame, code)
    const categorical = memory.ints(rows.length * draft.fields.length)
    fill(categorical, rows, frame.categorical, (word, f) => (word < 0 ? 0 : vocabularies[f].id(word)))
    const numeric = memory.floats(rows.length * draft.numeric.length)
    fill(numeric, rows, frame.numeric, (value, n) => scalers[n](value))
    const labels = memory.floats(rows.length * draft.tasks.length)
    fill(labels, rows, frame.labels, (value) => value)
    const table = { rows: rows.length, categorical, numeric, labels }
    const { user, time } = frame
    return {
      ...table,
      ...(code === part.train && weightsOf(frame, rows, memory)),
      ...(user && { user: pick(memory.ints(rows.length), rows, user) }),
      ...(time && { time: pick(memory.doubles(rows.length), rows, time) }),
    }
  })
  return { name: frame.name, train, validation, test, scales }
}

/** Only of training rows: metrics weigh none. */
const weightsOf = ({ weights = [], labels }: Frame, rows: Int32Array, memory: SharedMemory): Pick<Table, 'weights'> => {
  if (weights.every((column) => column === undefined)) return {}
  const out = memory.floats(rows.length * labels.length)
  labels.forEach((_, t) => rows.forEach((row, i) => (out[i * labels.length + t] = weights[t]?.[row] ?? 1)))
  return { weights: out }
}

const rowsOf = (frame: Frame, code: number): Int32Array => {
  const rows: number[] = []
  for (let row = 0; row < frame.rows; row++) if (frame.parts[row] === code) rows.push(row)
  return Int32Array.from(rows)
}

const fill = (
  out: Int32Array | Float32Array,
  rows: Int32Array,
  columns: readonly ArrayLike<number>[],
  change: (value: number, column: number) => number,
): void => {
  const width = columns.length
  for (let c = 0; c < width; c++) {
    const column = columns[c]
    for (let i = 0; i < rows.length; i++) out[i * width + c] = change(column[rows[i]], c)
  }
}

const pick = <A extends Int32Array | Float64Array>(out: A, rows: Int32Array, column: ArrayLike<number>): A => {
  for (let i = 0; i < rows.length; i++) out[i] = column[rows[i]]
  return out
}

const checkFrames = (draft: Draft): void => {
  if (draft.frames.length === 0) throw new DataError(`${draft.name}: no scenario has any row`)
  for (const frame of draft.frames) {
    if (printable(frame.name) !== frame.name || frame.name in {}) {
      throw new DataError(`${draft.name}: ${JSON.stringify(frame.name.slice(0, 80))} cannot name a scenario`)
    }
    if (!frame.parts.includes(part.train)) {
      throw new DataError(`${draft.name}: scenario '${frame.name}' has no training rows (${draft.split})`)
    }
  }
}
