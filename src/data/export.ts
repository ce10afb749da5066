import type { FolderSchema } from './schema.js'
import { splits } from './split.js'
import type { Table } from './table.js'
import type { World } from './world.js'

/** A world's rows as a table: the columns of its header, and how each is called in it. */
export interface Columns {
  readonly scenario: string
  /** Whose part of a scenario it is, where users are dealt out to several clients. */
  readonly client?: string
  readonly split: string
  readonly user?: string
  readonly time?: string
  readonly categorical: readonly string[]
  readonly numeric: readonly string[]
  readonly labels: readonly string[]
  /** How much a training row counts in each task's loss, where rows are weighted. */
  readonly weights?: readonly string[]
}

const everyTable = ({ scenarios }: World): Table[] => scenarios.flatMap((scenario) => splits.map((split) => scenario[split]))

/** A name gets underscores until no column before it has it. */
const unlike = (taken: Set<string>, name: string): string => {
  if (taken.has(name)) return unlike(taken, `${name}_`)
  taken.add(name)
  return name
}

/** Features and tasks keep their names, the first of equal ones; the other columns make way. */
export const columnsOf = (world: World): Columns => {
  const taken = new Set<string>()
  const named = (name: string): string => unlike(taken, name)
  const [categorical, numeric, labels] = [
    world.features.categorical.map(({ name }) => name), world.features.numeric, world.tasks.map(({ name }) => name),
  ].map((names) => names.map(named))
  const tables = everyTable(world).filter(({ rows }) => rows > 0)
  return {
    scenario: named('scenario'),
    ...(world.scenarios.some(({ of }) => of !== undefined) && { client: named('client') }),
    split: named('split'),
    ...(tables.every(({ user }) => user !== undefined) && { user: named('user') }),
    ...(tables.every(({ time }) => time !== undefined) && { time: named('time') }),
    categorical, numeric, labels,
    ...(tables.some(({ weights }) => weights !== undefined) && { weights: labels.map((name) => named(`${name}_weight`)) }),
  }
}

/** A field of a CSV file (RFC 4180). */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The shortest of at most nine digits, which a float32 comes back from; nothing for NaN. */
const float = (value: number): string => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(9))))

/** A world as CSV, a piece at a time: ids as embeddings look them up (0 is unknown) and numbers as scaled. */
export function* csvOf(world: World, columns: Columns, rowsEach = 1_000): Generator<string> {
  const { scenario, client, split, user, time, categorical, numeric, labels, weights = [] } = columns
  const there = [scenario, client, split, user, time].filter((name) => name !== undefined)
  yield `${[...there, ...categorical, ...numeric, ...labels, ...weights].map(field).join(',')}\n`
  for (const one of world.scenarios) {
    const of = field(one.of ?? one.name)
    for (const part of splits) {
      const table = one[part]
      const row = (r: number): string => {
        const cells = [of, ...(client === undefined ? [] : [field(one.name)]), part]
        if (user !== undefined) cells.push(String(table.user?.[r]))
        if (time !== undefined) cells.push(String(table.time?.[r]))
        for (let c = 0; c < categorical.length; c++) cells.push(String(table.categorical[r * categorical.length + c]))
        for (let c = 0; c < numeric.length; c++) cells.push(float(table.numeric[r * numeric.length + c]))
        for (let c = 0; c < labels.length; c++) cells.push(float(table.labels[r * labels.length + c]))
        for (let c = 0; c < weights.length; c++) cells.push(float(table.weights?.[r * weights.length + c] ?? 1))
        return `${cells.join(',')}\n`
      }
      for (let from = 0; from < table.rows; from += rowsEach) {
        yield Array.from({ length: Math.min(rowsEach, table.rows - from) }, (_, i) => row(from + i)).join('')
      }
    }
  }
}

/** The schema by which the exported file is a world of the kind `folder`; undefined where tasks rank items. */
export const folderSchemaOf = (world: World, columns: Columns, file: string): FolderSchema | undefined => {
  const tasks = world.tasks.flatMap((task, t) =>
    task.kind === 'ranking' || task.kind === 'alignment' ? [] : [{ ...task, column: columns.labels[t], weight: columns.weights?.[t] }])
  if (tasks.length < world.tasks.length) return undefined
  const { user, time, split } = columns
  return {
    name: world.name,
    files: [file],
    delimiter: ',',
    scenario: columns.scenario,
    scenarios: [...new Set(world.scenarios.map(({ name, of = name }) => of))],
    categorical: world.features.categorical.map(({ sequence, table }, f) => ({
      name: columns.categorical[f], atLeast: 1, buckets: 0,
      ...(sequence !== undefined && { sequence, padding: '0' }),
      ...(table !== undefined && { table }),
    })),
    numeric: columns.numeric.map((name) => ({ name, scaling: 'asis' as const })),
    tasks,
    ...(user !== undefined && { user }),
    ...(time !== undefined && { time: { column: time, unit: 'ms' as const } }),
    split: { by: 'column', column: split, train: ['train'], validation: ['validation'], test: ['test'] },
  }
}
