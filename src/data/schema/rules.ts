import type { z } from 'zod'
import { didYouMean } from '../../documents/did-you-mean.js'
import type { Path } from '../../documents/path.js'
import { shown, type Problem } from '../../documents/problem.js'
import { some } from '../data-column.js'
import { parseInstant, timeForms } from '../instant.js'
import { isPattern } from './pattern.js'
import type { FolderSchema } from './shape.js'
import { labelColumn, ruleNames, type FolderTask } from './tasks.js'
import { listed } from './text.js'

type Found = Pick<Problem, 'path' | 'rule'> & Partial<Pick<Problem, 'at' | 'advice'>>

/** The first entry that an earlier one equals, and that one's place. */
const twice = (names: readonly string[]): { readonly at: number; readonly before: number } | undefined => {
  const seen = new Map<string, number>()
  for (const [at, name] of names.entries()) {
    const before = seen.get(name)
    if (before !== undefined) return { at, before }
    seen.set(name, at)
  }
  return undefined
}

const nameOf = (column: string | { readonly name: string }): string => (typeof column === 'string' ? column : column.name)

const fileRules = ({ files, split, columns, joins = [] }: FolderSchema): Found[] => {
  const paths = files.map((entry) => (typeof entry === 'string' ? entry : entry.file).replace(/^(\.\/)+/, ''))
  const again = twice(paths)
  const lists: [Path, readonly string[] | undefined][] = [
    [['columns'], columns],
    ...files.map((entry, i): [Path, readonly string[] | undefined] =>
      [['files', i, 'columns'], typeof entry === 'string' ? undefined : entry.columns]),
    ...joins.map((join, i): [Path, readonly string[] | undefined] => [['joins', i, 'columns'], join.columns]),
  ]
  return [
    ...(again ? [{ path: ['files', again.at], rule: `is the file of files.${again.before} again`, advice: 'Its rows would count twice: list it once.' }] : []),
    ...files.flatMap((entry, i): Found[] =>
      split.by === 'files' && (typeof entry === 'string' || entry.split === undefined)
        ? [{ path: ['files', i], rule: 'needs `split` (train, validation or test), because `split.by` is files' }]
        : []),
    ...lists.flatMap(([path, names = []]): Found[] => {
      const named = names.map((name, i) => (name === '_' ? `_${i}` : name))
      const double = twice(named)
      return double === undefined ? [] : [{
        path: [...path, double.at], rule: `is a second column called ${shown(named[double.at])}`,
        advice: 'Give it a name of its own, or `_` if nobody needs it.',
      }]
    }),
    ...joins.flatMap(({ file, on, prefix }, i): Found[] => {
      const before = joins.findIndex((other) => other.file === file && other.on === on && other.prefix === prefix)
      const pattern = isPattern(file) ? [{ path: ['joins', i, 'file'], rule: 'is a pattern, and a join has one file' }] : []
      return before < i ? [...pattern, { path: ['joins', i], rule: `is the join of joins.${before} again` }] : pattern
    }),
  ]
}

const featureRules = ({ categorical, numeric }: FolderSchema): Found[] => {
  const names = [...categorical, ...numeric].map(nameOf)
  const place = (at: number): Path => (at < categorical.length ? ['categorical', at] : ['numeric', at - categorical.length])
  const again = twice(names)
  const tables = categorical.map((column) => (typeof column === 'string' ? undefined : column.table))
  const sequences = categorical.map((column) => (typeof column === 'string' ? undefined : column.sequence))
  return [
    ...(names.length === 0
      ? [{ path: ['categorical'], rule: 'is not possible: a world needs a feature: name at least one categorical or numeric column' }]
      : []),
    ...(again ? [{
      path: place(again.at), rule: `is the column of ${place(again.before).join('.')} again`,
      advice: 'One feature would count twice: list it once, as categorical or as numeric.',
    }] : []),
    ...tables.flatMap((table, i): Found[] => {
      const others = [...names.slice(0, categorical.length), ...tables.filter((other, j) => other !== undefined && j !== i)]
      if (table === undefined || others.includes(table)) return []
      return [{
        path: ['categorical', i, 'table'], rule: `is ${shown(table)}, and no other categorical column has that name or table`,
        advice: `${didYouMean(table, names)} It shares the words and embeddings of the column that it names.`.trim(),
      }]
    }),
    ...categorical.flatMap((column, i): Found[] =>
      typeof column !== 'string' && column.padding !== undefined && column.sequence === undefined
        ? [{ path: ['categorical', i, 'padding'], rule: 'needs `sequence`: only the columns of a sequence are padded' }]
        : []),
    ...sequences.flatMap((sequence, i): Found[] =>
      sequence !== undefined && sequences.indexOf(sequence) < i && sequences[i - 1] !== sequence
        ? [{ path: ['categorical', i, 'sequence'], rule: `is not beside the other columns of ${shown(sequence)}`, advice: 'List the columns of a sequence one after the other.' }]
        : []),
  ]
}

const kindRules = (task: FolderTask, t: number): Found[] => {
  const given = ruleNames.filter((name) => task[name] !== undefined)
  const at = (field: string, rule: string, advice?: string): Found =>
    ({ path: ['tasks', t, field], rule, ...(advice !== undefined && { advice }) })
  if (task.kind === 'multiclass') {
    return [
      ...(task.classes === undefined
        ? [at('classes', 'is missing', 'Say how many classes there are, or list their words.')] : []),
      ...given.map((name) => at(name, 'is a rule of a binary label, and this task is multiclass')),
      ...(task.from !== undefined ? [at('from', 'is of a binary task', 'Name the column with `column`, and list the words of `classes`.')] : []),
    ]
  }
  const [first, second] = given
  return [
    ...(task.classes !== undefined ? [at('classes', `is of a multiclass task, and this one is ${task.kind}`, 'Say kind: multiclass.')] : []),
    ...(task.kind === 'regression' && task.from !== undefined
      ? [at('from', 'is of a binary task', 'Name the column that holds the number with `column`.')] : []),
    ...(task.kind === 'regression' ? given.map((name) => at(name, 'is a rule of a binary label, and this task is a regression')) : []),
    ...(task.kind === 'binary' && first !== undefined && task.from === undefined
      ? [at(first, 'needs `from`: the column that the label follows from')] : []),
    ...(task.kind === 'binary' && first === undefined && task.from !== undefined
      ? [at('from', 'needs a rule', `Give one of ${ruleNames.join(', ')}; a column that holds 0 and 1 already is \`column\`.`)] : []),
    ...(second !== undefined ? [at(second, `is a second rule, beside ${first}`, 'A label follows by one rule.')] : []),
    ...(task.column !== undefined && task.from !== undefined
      ? [at('column', 'is not possible beside `from`: a label is in a column, or follows from one')] : []),
    ...(task.no !== undefined && task.yes === undefined ? [at('no', 'needs `yes`: the words that are 1')] : []),
  ]
}

/** A label that is read in the same way as another's is the same task twice. */
const sameLabel = (task: FolderTask): string => JSON.stringify({ ...task, name: labelColumn(task), column: undefined })

const taskRules = ({ tasks, categorical, numeric }: FolderSchema): Found[] => {
  const again = twice(tasks.map(({ name }) => name))
  const alike = twice(tasks.map(sameLabel))
  const features = new Map<string, Path>([
    ...numeric.map((column, i): [string, Path] => [nameOf(column), ['numeric', i]]),
    ...categorical.map((column, i): [string, Path] => [nameOf(column), ['categorical', i]]),
  ])
  return [
    ...(again ? [{ path: ['tasks', again.at, 'name'], rule: `is not possible: '${tasks[again.at].name}' is the name of two tasks` }] : []),
    ...(alike ? [{ path: ['tasks', alike.at], rule: `has the label of tasks.${alike.before} again` }] : []),
    ...tasks.flatMap((task) => {
      const path = features.get(labelColumn(task))
      return path === undefined ? [] : [{
        path, rule: `is the column that the label of task ${shown(task.name)} is read from`,
        advice: 'A model that is told the label learns nothing: take the column from the features.',
      }]
    }),
    ...tasks.flatMap(kindRules),
  ]
}

const splitRules = ({ split, time }: FolderSchema): Found[] => {
  if ((split.by === 'time' || split.by === 'dates') && time === undefined) {
    return [{ path: ['split', 'by'], rule: `is not possible: '${split.by}' needs \`time\`: the column that says when a row was shown` }]
  }
  if (split.by === 'column') {
    const lists = (['train', 'validation', 'test'] as const).flatMap((name) => split[name].map((word, i) => ({ name, word, i })))
    const double = twice(lists.map(({ word }) => word))
    if (double === undefined) return []
    const { name, word, i } = lists[double.at]
    return [{
      path: ['split', name, i], rule: `is ${shown(word)}, which is in \`${lists[double.before].name}\` too`,
      advice: 'A row goes to one of the three; without a list of its own, `validation` is [validation], and so on.',
    }]
  }
  if (split.by !== 'dates' || time === undefined) return []
  const { unit } = time
  const bounds = (['validationFrom', 'testFrom'] as const).map((name) => {
    const given = split[name]
    return { name, given, at: given === undefined ? undefined : parseInstant(String(given), unit) }
  })
  const wrong = bounds.filter(({ given, at }) => given !== undefined && at === undefined)
  if (wrong.length > 0) {
    return wrong.map(({ name, given }) =>
      ({ path: ['split', name], rule: `is ${shown(given)}`, advice: `Expected ${timeForms[unit]}.` }))
  }
  const [validation, test] = bounds
  return validation.at !== undefined && validation.at > (test.at as number)
    ? [{ path: ['split', 'validationFrom'], rule: `is ${shown(validation.given)}, after testFrom (${shown(test.given)})`, advice: 'Rows train, then validate, then test.' }]
    : []
}

const scenarioRules = ({ scenario, scenarios = [] }: FolderSchema): Found[] => {
  const parts = listed(scenario)
  const base: Path = Array.isArray(scenario) ? ['scenario'] : []
  const at = (i: number): Path => (Array.isArray(scenario) ? [...base, i] : ['scenario'])
  const double = twice(scenarios)
  const again = twice(parts.map((part) => (typeof part === 'string' ? part : part.column)))
  return [
    ...(double ? [{ path: ['scenarios', double.at], rule: `is ${shown(scenarios[double.at])} again` }] : []),
    ...(again ? [{ path: at(again.at), rule: 'is a column that is in the list already' }] : []),
    ...parts.flatMap((part, i): Found[] => {
      if (typeof part === 'string') return []
      const { bands, names } = part
      const falls = bands.findIndex((from, b) => b > 0 && from <= bands[b - 1])
      if (falls > 0) return [{ path: [...at(i), 'bands', falls], rule: `is ${bands[falls]}, not above the one before it (${bands[falls - 1]})` }]
      if (names === undefined) return []
      if (names.length !== bands.length + 1) {
        return [{ path: [...at(i), 'names'], rule: `has ${names.length}, and ${bands.length} bounds make ${bands.length + 1} bands` }]
      }
      const same = twice(names)
      return same === undefined ? [] : [{ path: [...at(i), 'names', same.at], rule: `is ${shown(names[same.at])} again` }]
    }),
  ]
}

/** Every column that the schema speaks of, with the place where it does. */
const spokenOf = (schema: FolderSchema): [string, Path][] => [
  ...schema.categorical.map((column, i): [string, Path] => [nameOf(column), ['categorical', i]]),
  ...schema.numeric.map((column, i): [string, Path] => [nameOf(column), ['numeric', i]]),
  ...schema.tasks.map((task, i): [string, Path] => [labelColumn(task), ['tasks', i]]),
  ...listed(schema.scenario).map((part): [string, Path] => [typeof part === 'string' ? part : part.column, ['scenario']]),
  ...schema.tasks.flatMap(({ weight }, i): [string, Path][] => (weight === undefined ? [] : [[weight, ['tasks', i, 'weight']]])),
  ...(schema.weight === undefined ? [] : [[schema.weight, ['weight']] as [string, Path]]),
  ...(schema.user === undefined ? [] : [[schema.user, ['user']] as [string, Path]]),
  ...(schema.time === undefined ? [] : [[schema.time.column, ['time', 'column']] as [string, Path]]),
  ...(schema.split.by === 'column' ? [[schema.split.column, ['split', 'column']] as [string, Path]] : []),
  ...(schema.joins ?? []).map(({ on }, i): [string, Path] => [on, ['joins', i, 'on']]),
]

/** Where all columns are known from the schema itself, one that is none of them is found before a file is opened. */
const columnRules = (schema: FolderSchema): Found[] => {
  const { files, joins = [], columns } = schema
  const parquet = files.some((entry) => /\.(parquet|pq)$/.test(typeof entry === 'string' ? entry : entry.file))
  const lists = [
    ...files.map((entry) => (typeof entry === 'string' ? columns : (entry.columns ?? columns))),
    ...joins.map(({ columns: own, prefix = '' }) => own?.map((name) => prefix + name)),
  ]
  if (parquet || lists.some((list) => list === undefined)) return []
  const known = [...new Set(lists.flatMap((list) => list ?? []))].filter((name) => name !== '_')
  return spokenOf(schema).filter(([name]) => !known.includes(name)).map(([name, path]) => ({
    path, rule: `speaks of a column ${shown(name)}, which no file has`,
    advice: `${didYouMean(name, known)} Known: ${some(known)}.`.trim(),
  }))
}

/** What the fields of a schema must be to each other. */
export const schemaRules = (schema: FolderSchema, context: z.RefinementCtx): void => {
  const rules = [fileRules, featureRules, taskRules, splitRules, scenarioRules, columnRules]
  for (const { path, rule, at, advice } of rules.flatMap((find) => find(schema))) {
    context.addIssue({ code: 'custom', path: [...path], message: rule, params: { rule, at, advice } })
  }
}
