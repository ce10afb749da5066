import type { Frame } from '../../src/data/assemble.js'
import { some } from '../../src/data/data-column.js'
import type { Interner } from '../../src/data/interner.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { labelColumn } from '../../src/data/schema/tasks.js'
import { part, splits } from '../../src/data/split.js'
import { DataError } from '../../src/errors.js'

/** What is looked over: the rows of every scenario, and the words of every categorical feature. */
export interface Looked {
  readonly schema: FolderSchema
  readonly frames: readonly Frame[]
  readonly fields: readonly { readonly name: string; readonly words: Interner }[]
}

/**
 * What is odd about data that can be read: a warning each. What would make every result silently wrong is a `DataError`: a
 * task without a label, a split without rows, the same number written in two ways on both sides of a split, a time that
 * no log has.
 */
export const doubtsOf = (looked: Looked): string[] => [
  ...timeDoubts(looked), ...splitDoubts(looked), ...labelDoubts(looked), ...funnelDoubts(looked), ...wordDoubts(looked),
]

const [year1971, year2001, year2097, year2200] = [31_536_000_000, 978_307_200, 4_007_664_000, 7_258_118_400_000]

const timeDoubts = ({ schema: { time }, frames }: Looked): string[] => {
  if (time === undefined || time.unit === 'date') return []
  let [least, most] = [Infinity, -Infinity]
  for (const frame of frames) {
    for (let row = 0; row < frame.rows; row++) {
      const at = (frame.time as ArrayLike<number>)[row]
      least = Math.min(least, at)
      most = Math.max(most, at)
    }
  }
  const written = time.unit === 's' ? most / 1000 : most
  if (most > year2200) {
    throw new DataError(`column '${time.column}' has ${written}, read as ${time.unit} since 1970: a time after the year 2200. ` +
      `Is it in ${time.unit === 's' ? 'ms (`unit: ms`)' : 'microseconds? Divide it by 1000'}`)
  }
  if (time.unit === 'ms' && least >= year2001 && most <= year2097 && most < year1971) {
    throw new DataError(`column '${time.column}' has ${least} to ${most}, read as ms since 1970: all rows would be of January or ` +
      'February 1970. Is it in s (`unit: s`)')
  }
  return []
}

const rowsIn = (frame: Frame, code: number): number => {
  let count = 0
  for (let row = 0; row < frame.rows; row++) if (frame.parts[row] === code) count++
  return count
}

const splitDoubts = ({ schema: { split }, frames }: Looked): string[] =>
  splits.flatMap((name, code): string[] => {
    const empty = frames.filter((frame) => rowsIn(frame, code) === 0)
    if (empty.length === 0 || name === 'train') return []
    const asked = split.by === 'time' || split.by === 'random' ? split[name] > 0 : undefined
    const does = name === 'test' ? 'tests' : 'validates'
    if (empty.length === frames.length) {
      if (asked === true) {
        const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
        throw new DataError(`no row ${does}: ${rows} row${rows === 1 ? '' : 's'} in ${frames.length} ` +
          `scenario${frames.length === 1 ? ' are' : 's are'} too few for a share of ${split.by === 'time' || split.by === 'random' ? split[name] : ''}`)
      }
      return asked === false || (split.by === 'dates' && name === 'validation' && split.validationFrom === undefined)
        ? [] : [`no row ${does}`]
    }
    return asked === false ? [] : [`no row of ${some(empty.map((frame) => frame.name))} ${does}`]
  })

const labelDoubts = ({ schema: { tasks }, frames }: Looked): string[] =>
  tasks.flatMap((task, t): string[] => {
    const counts = frames.map(({ name, rows, labels, parts }) => {
      const found = new Map<number, number>()
      for (let row = 0; row < rows; row++) {
        const label = labels[t][row]
        if (parts[row] === part.train && !Number.isNaN(label)) found.set(label, (found.get(label) ?? 0) + 1)
      }
      return { name, found }
    })
    const without = counts.filter(({ found }) => found.size === 0)
    if (without.length === frames.length) {
      throw new DataError(`no training row has a label of task '${task.name}': column '${labelColumn(task)}' is empty in all of them`)
    }
    const told = without.length > 0 ? [`no training row of ${some(without.map(({ name }) => name))} has a label of ${task.name}`] : []
    if (task.kind === 'regression') return told
    const alone = counts.filter(({ found }) => found.size === 1)
    const [first] = alone
    if (first === undefined) return told
    const label = [...first.found.keys()][0]
    const same = alone.filter(({ found }) => found.has(label))
    return [...told, `all labels of ${task.name} that train in ${some(same.map(({ name }) => name))} are ${label}`]
  })

/** From this share of the second label's rows on, the first is taken for what comes before it. */
const funnelFrom = 0.8

/** Bought, and not clicked: two binary labels of which one hardly comes without the other, but sometimes does. */
const funnelDoubts = ({ schema: { tasks }, frames }: Looked): string[] =>
  tasks.flatMap((later, b) => tasks.flatMap((first, a): string[] => {
    if (a === b || later.kind !== 'binary' || first.kind !== 'binary') return []
    let [both, alone, firsts, without] = [0, 0, 0, 0]
    for (const { rows, labels } of frames) {
      for (let row = 0; row < rows; row++) {
        const [before, after] = [labels[a][row], labels[b][row]]
        if (Number.isNaN(before) || Number.isNaN(after)) continue
        if (before === 1) firsts++
        if (after === 1) {
          if (before === 1) both++
          else alone++
        } else if (before === 0) without++
      }
    }
    // Of two frequent labels one may well contain the other by chance: the first has to tell the second.
    const funnel = both + alone > 0 && alone > 0 && both >= funnelFrom * (both + alone) && firsts > both + alone && without > 0
    return funnel
      ? [`${alone} of ${both + alone} rows with ${later.name} are without ${first.name}, which else comes first: is that meant?`]
      : []
  }))

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** `0` in training rows and `0.0` in later ones: one number, two words, and the second is unknown to every model. */
const wordDoubts = ({ frames, fields }: Looked): string[] =>
  fields.flatMap(({ name, words: { words } }, f): string[] => {
    const [train, later] = [new Uint8Array(words.length), new Uint8Array(words.length)]
    for (const { rows, categorical, parts } of frames) {
      for (let row = 0; row < rows; row++) {
        const code = categorical[f][row]
        if (code >= 0) (parts[row] === part.train ? train : later)[code] = 1
      }
    }
    const byValue = new Map<number, number[]>()
    words.forEach((word, code) => {
      if (train[code] + later[code] === 0 || !decimal.test(word)) return
      byValue.set(Number(word), [...(byValue.get(Number(word)) ?? []), code])
    })
    const double = [...byValue.values()].filter((codes) => codes.length > 1)
    const split = double.flatMap((codes) => codes.flatMap((a) => codes.map((b) => [a, b]))).find(([a, b]) =>
      train[a] === 1 && later[a] === 0 && train[b] === 0 && /[.eE+]/.test(words[a] + words[b]))
    const advice = `write it in one way, or say { name: ${name}, numbers: true }`
    if (split !== undefined) {
      throw new DataError(`column '${name}' has ${JSON.stringify(words[split[0]])} in training rows and ${JSON.stringify(words[split[1]])} ` +
        `in later ones: the same number, but two words, of which the second is unknown. ${advice[0].toUpperCase()}${advice.slice(1)}`)
    }
    if (double.length === 0) return []
    const [[a, b]] = double
    return [`column ${name} has ${JSON.stringify(words[a])} and ${JSON.stringify(words[b])}: the same number, but two words; ${advice}`]
  })
