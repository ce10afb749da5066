import { some } from '../../src/data/data-column.js'
import { parseInstant, timeForms } from '../../src/data/instant.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { part, splitAtRandom, splitByBounds, splitByTime, splitStratified, type Shares } from '../../src/data/split.js'
import type { Split } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { streams } from '../../src/random/streams.js'
import type { Rows, Source } from './rows.js'

/** The rows of one scenario. */
interface Own {
  readonly name: string
  readonly rows: Rows
  /** In milliseconds. */
  readonly time: Float64Array | undefined
  /** One per task. */
  readonly labels: readonly Float64Array[]
}

/** Which table each row of a scenario goes to, as the schema's `split` says. */
export const partsOf = (
  { name, rows, time, labels }: Own, schema: FolderSchema, sources: readonly Source[], seed: string,
): Uint8Array => {
  const { split } = schema
  switch (split.by) {
    case 'time':
      return splitByTime(time as Float64Array, split)
    case 'dates': {
      const testFrom = bound('split.testFrom', split.testFrom, schema)
      const validationFrom = split.validationFrom === undefined
        ? testFrom
        : bound('split.validationFrom', split.validationFrom, schema)
      return splitByBounds(time as Float64Array, validationFrom, testFrom)
    }
    case 'column':
      return Uint8Array.from(rows.row, (row, i) => {
        const { codes, words } = sources[rows.source[i]].table.texts(`text:${split.column}`)
        return partOfWord(words[codes[row]] ?? '', split, `${sources[rows.source[i]].table.file}, row ${row + 1}`)
      })
    case 'files':
      return Uint8Array.from(rows.source, (s) => part[sources[s].split as Split])
    case 'random': {
      const strata = strataOf(schema, labels)
      const streamOf = streams(seed)
      return strata === undefined
        ? splitAtRandom(rows.row.length, split, streamOf('folder', 'split', name))
        : splitStratified(strata, split, (stratum) => streamOf('folder', 'split', name, 'stratum', stratum))
    }
    default:
      return split satisfies never
  }
}

/** With fewer rows of a label, chance could leave a table without any. */
const few = 100

/** The stratum of each row, where rows are dealt out by their labels: those of all binary and multiclass tasks where the
 * schema asks for it, by default those of binary tasks that have few rows of one label here. */
const strataOf = ({ split, tasks }: FolderSchema, labels: readonly Float64Array[]): string[] | undefined => {
  const stratify = split.by === 'random' ? split.stratify : false
  if (stratify === false) return undefined
  const rare = (own: Float64Array): boolean => {
    const [zeros, ones] = [0, 1].map((label) => own.reduce((sum, each) => sum + Number(each === label), 0))
    return Math.min(zeros, ones) > 0 && Math.min(zeros, ones) < few
  }
  const by = tasks.flatMap(({ kind }, t) =>
    kind !== 'regression' && (stratify === true || (kind === 'binary' && rare(labels[t]))) ? [labels[t]] : [])
  return by.length === 0 ? undefined : Array.from(by[0], (_, row) => by.map((own) => own[row]).join(' '))
}

const bound = (path: string, value: string | number, schema: FolderSchema): number => {
  const unit = schema.time?.unit ?? 'ms'
  const parsed = parseInstant(String(value), unit)
  if (parsed === undefined) throw new DataError(`${path} is ${JSON.stringify(value)}, expected ${timeForms[unit]}`)
  return parsed
}

const partOfWord = (word: string, split: Extract<FolderSchema['split'], { by: 'column' }>, where: string): number => {
  const found = (['train', 'validation', 'test'] as const).find((name) => split[name].includes(word))
  if (found !== undefined) return part[found]
  throw new DataError(
    `${where}: column '${split.column}' has ${JSON.stringify(word.slice(0, 80))}, expected one of ` +
      `${some([...split.train, ...split.validation, ...split.test])}: add it to a list of \`split\``,
  )
}

/** How rows are split, for the manifest. */
export const inWords = (split: FolderSchema['split']): string => {
  switch (split.by) {
    case 'time':
      return `by time: ${inPercent(split)}`
    case 'dates':
      return `by date: test from ${split.testFrom}` +
        (split.validationFrom === undefined ? '' : `, validate from ${split.validationFrom}`)
    case 'column':
      return `by column ${split.column}`
    case 'files':
      return 'by files'
    case 'random':
      return `at random: ${inPercent(split)}${
        split.stratify === true ? ', by label' : split.stratify === false ? '' : ', by label where one is rare'}`
    default:
      return split satisfies never
  }
}

const inPercent = (shares: Shares): string => {
  const percent = [shares.train, shares.validation, shares.test].map((share) => `${Math.round(share * 1000) / 10} %`)
  return `${percent[0]} train, ${percent[1]} validate, ${percent[2]} test`
}
