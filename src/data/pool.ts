import type { Features } from '../models/model.js'
import { permutation, streams } from '../random/streams.js'
import { sharedDoubles, sharedFloats, sharedInts, type Table } from './table.js'
import type { Scenario, World } from './world.js'

/** All training rows in one table, and what its model is judged on: each scenario by itself. */
export interface Pooled {
  readonly features: Features
  readonly train: Table
  readonly serves: readonly { readonly scenario: string; readonly validation: Table; readonly test: Table }[]
}

/** A graph of all scenarios has room for the interactions of all. */
const edgesOf = ({ features: { interactions }, scenarios }: World): Pick<Features, 'interactions'> =>
  interactions === undefined ? {} : {
    interactions: { ...interactions, edges: scenarios.reduce((sum, { train }) => sum + train.rows, 0) },
  }

/**
 * All scenarios' training rows together: the baseline that sees everything. Rows follow each other in the order of the
 * scenarios. With `scenarioId` a further categorical field `scenario` tells them apart (1, 2, ... in that order), in
 * validation and test tables too. Numeric columns stay as each client scaled them.
 */
export const poolWorld = (world: World, options: { readonly scenarioId: boolean }): Pooled => {
  const fields = world.features.categorical
  const names = [...new Set(world.scenarios.map(({ name, of = name }) => of))]
  const wholes = names.map((whole) => world.scenarios.filter(({ name, of = name }) => of === whole))
  const field = { name: 'scenario', size: names.length + 1 }
  const mark = (table: Table, s: number): Table =>
    options.scenarioId ? withField(table, fields.length, s + 1) : table
  return {
    features: { ...world.features, categorical: options.scenarioId ? [...fields, field] : fields, ...edgesOf(world) },
    train: concatenate(wholes.flatMap((parts, s) => parts.map(({ train }) => mark(train, s)))),
    serves: wholes.map((parts, s) => ({
      scenario: names[s],
      validation: mark(joinedTable(parts.map(({ validation }) => validation)), s),
      test: mark(joinedTable(parts.map(({ test }) => test)), s),
    })),
  }
}

/**
 * The same world with all training labels permuted, across scenarios and all tasks of a row together, with their weights:
 * what features say of labels is gone. Within scenarios alone it would not be: features that betray the scenario would
 * still betray its base rate, and a shared model learns that. A model that then beats an AUC of .5 on test rows, over seeds, cheats.
 */
export const shuffleLabels = (world: World, seed: string): World => {
  const tasks = world.tasks.length
  const all = join(sharedFloats, world.scenarios.map(({ train }) => train.labels))
  const weights = weightsOf(world.scenarios.map(({ train }) => train))
  const order = permutation(all.length / Math.max(1, tasks), streams(seed)('shuffle-labels'))
  let next = 0
  return {
    ...world,
    scenarios: world.scenarios.map((scenario): Scenario => {
      const { train } = scenario
      const taken = (from: Float32Array): Float32Array => {
        const out = sharedFloats(train.labels.length)
        for (let row = 0; row < train.rows; row++) {
          for (let t = 0; t < tasks; t++) out[row * tasks + t] = from[order[next + row] * tasks + t]
        }
        return out
      }
      const own = { labels: taken(all), ...(weights && { weights: taken(weights) }) }
      next += train.rows
      return { ...scenario, train: { ...train, ...own } }
    }),
    notes: [...world.notes, 'training labels are shuffled'],
  }
}

const joinedTable = (parts: readonly Table[]): Table => (parts.length === 1 ? parts[0] : concatenate(parts))

const withField = (table: Table, fields: number, value: number): Table => {
  const categorical = sharedInts(table.rows * (fields + 1))
  for (let row = 0; row < table.rows; row++) {
    categorical.set(table.categorical.subarray(row * fields, (row + 1) * fields), row * (fields + 1))
    categorical[row * (fields + 1) + fields] = value
  }
  return { ...table, categorical }
}

/** Their weights one after the other, 1 for tables without; undefined where no table has any. */
const weightsOf = (tables: readonly Table[]): Float32Array | undefined => {
  if (tables.every(({ weights }) => weights === undefined)) return undefined
  return join(sharedFloats, tables.map(({ weights, labels }) => weights ?? new Float32Array(labels.length).fill(1)))
}

/** Tables one after the other. `user` and `time` are kept where every table with rows has them. */
export const concatenate = (tables: readonly Table[]): Table => {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const filled = tables.filter((table) => table.rows > 0)
  const joined = {
    rows,
    categorical: join(sharedInts, filled.map((table) => table.categorical)),
    numeric: join(sharedFloats, filled.map((table) => table.numeric)),
    labels: join(sharedFloats, filled.map((table) => table.labels)),
  }
  const users = filled.map((table) => table.user).filter((user) => user !== undefined)
  const times = filled.map((table) => table.time).filter((time) => time !== undefined)
  const weights = weightsOf(filled)
  return {
    ...joined,
    ...(weights && { weights }),
    ...(users.length === filled.length && { user: join(sharedInts, users) }),
    ...(times.length === filled.length && { time: join(sharedDoubles, times) }),
  }
}

const join = <A extends Int32Array | Float32Array | Float64Array>(
  make: (length: number) => A, arrays: readonly A[],
): A => {
  const out = make(arrays.reduce((sum, array) => sum + array.length, 0))
  let at = 0
  for (const array of arrays) {
    out.set(array, at)
    at += array.length
  }
  return out
}
