import { parseInstant, timeForms } from '../../src/data/instant.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { part, splitAtRandom, splitByBounds, splitByTime, type Shares } from '../../src/data/split.js'
import type { Split } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { streams } from '../../src/random/streams.js'
import type { Rows, Source } from './rows.js'

/** Which table each row of scenario `name` goes to, as the schema's `split` says. `time` is in milliseconds. */
export const partsOf = (
  name: string, rows: Rows, time: Float64Array | undefined, schema: FolderSchema, sources: readonly Source[],
  seed: string,
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
        const { codes, words } = sources[rows.source[i]].table.texts(split.column)
        return partOfWord(words[codes[row]], split)
      })
    case 'files':
      return Uint8Array.from(rows.source, (s) => part[sources[s].split as Split])
    case 'random':
      return splitAtRandom(rows.row.length, split, streams(seed)('folder', 'split', name))
    default:
      return split satisfies never
  }
}

const bound = (path: string, value: string | number, schema: FolderSchema): number => {
  const unit = schema.time?.unit ?? 'ms'
  const parsed = parseInstant(String(value), unit)
  if (parsed === undefined) throw new DataError(`${path} is ${JSON.stringify(value)}, expected ${timeForms[unit]}`)
  return parsed
}

const partOfWord = (word: string, split: Extract<FolderSchema['split'], { by: 'column' }>): number => {
  const found = (['train', 'validation', 'test'] as const).find((name) => split[name].includes(word))
  if (found !== undefined) return part[found]
  throw new DataError(
    `column '${split.column}' has ${JSON.stringify(word)}, expected one of ` +
      `${[...split.train, ...split.validation, ...split.test].join(', ')}: add it to a list of \`split\``,
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
      return `at random: ${inPercent(split)}`
    default:
      return split satisfies never
  }
}

const inPercent = (shares: Shares): string => {
  const percent = [shares.train, shares.validation, shares.test].map((share) => `${Math.round(share * 1000) / 10} %`)
  return `${percent[0]} train, ${percent[1]} validate, ${percent[2]} test`
}
