import type { Table } from '../data/table.js'
import type { Origin, Scenario, Split, World } from '../data/world.js'
import { splits } from '../data/split.js'
import { aloneOf, type Alone } from './alone.js'
import { columnOf, featuresOf, labelsOf } from './column.js'
import { driftOf, type Drift } from './drift.js'
import { laterOf, type Later } from './later.js'
import { likeTheLabelOf, type Like } from './like-the-label.js'

/** One table of a scenario. */
export interface TablePart {
  readonly rows: number
  /** First and last time, as ISO 8601 in UTC, where rows have times. */
  readonly from?: string
  readonly to?: string
  readonly users?: number
  /** Per task: rows that have its label, and the label's mean (the rate of a binary one). */
  readonly labels: Readonly<Record<string, { readonly rows: number; readonly mean: number }>>
}

export interface ScenarioPart {
  readonly name: string
  /** The scenario it is a part of, where users are dealt out to clients. */
  readonly of?: string
  readonly parts: Readonly<Record<Split, TablePart>>
}

/** The ids of one categorical feature. */
export interface VocabularyPart {
  readonly feature: string
  /** Ids, 0 (unknown) among them. */
  readonly size: number
  /** Columns, of which a sequence has several. */
  readonly columns: number
  /** Shares of training and of test values that are unknown (id 0). */
  readonly unknown: { readonly train: number; readonly test: number }
  /** The share of training values that the most frequent id has. */
  readonly top: number
}

/** What a world holds, for somebody who is about to use it. Plain data. */
export interface Inspection {
  readonly world: string
  readonly split: string
  readonly notes: readonly string[]
  /** What is odd about the data. */
  readonly warnings: readonly string[]
  readonly files: readonly Origin[]
  readonly tasks: readonly { readonly name: string; readonly kind: string }[]
  readonly scenarios: readonly ScenarioPart[]
  readonly vocabularies: readonly VocabularyPart[]
  readonly numeric: readonly string[]
  readonly drift: readonly Drift[]
  /** Every feature by itself against every binary task, the best first. */
  readonly alone: readonly Alone[]
  readonly lookAhead: {
    /** Features that by themselves are as good as the label. */
    readonly likeTheLabel: readonly Like[]
    /** Features that may be statistics of a period with later days in it. */
    readonly later: readonly Later[]
    /** Whether rows have times, without which `later` cannot be looked for. */
    readonly timed: boolean
  }
}

/** Looks a world over. Costs a few passes over its tables, and a sort of the held-out rows for each feature. */
export const inspectWorld = (world: World): Inspection => {
  const alone = aloneOf(world).sort((a, b) => b.auc - a.auc)
  return {
    world: world.name,
    split: world.split,
    notes: world.notes,
    warnings: world.warnings ?? [],
    files: world.origins,
    tasks: world.tasks.map(({ name, kind }) => ({ name, kind })),
    scenarios: world.scenarios.map((scenario) => ({
      name: scenario.name,
      ...(scenario.of !== undefined && { of: scenario.of }),
      parts: Object.fromEntries(splits.map((split) => [split, partOf(world, scenario[split])])) as
        Record<Split, TablePart>,
    })),
    vocabularies: vocabulariesOf(world),
    numeric: world.features.numeric,
    drift: driftOf(world),
    alone,
    lookAhead: {
      likeTheLabel: likeTheLabelOf(world),
      later: laterOf(world).sort((a, b) => Math.abs(b.z) - Math.abs(a.z)),
      timed: world.scenarios.every(({ train }) => train.time !== undefined),
    },
  }
}

const partOf = ({ tasks }: World, table: Table): TablePart => {
  const { time } = table
  const end = (pick: (a: number, b: number) => number, from: number): string =>
    new Date((time as Float64Array).reduce(pick, from)).toISOString()
  return {
    rows: table.rows,
    ...(time && table.rows > 0 && {
      from: end((a, b) => Math.min(a, b), Infinity), to: end((a, b) => Math.max(a, b), -Infinity),
    }),
    ...(table.user && { users: new Set(table.user).size }),
    labels: Object.fromEntries(tasks.map(({ name }, t) => {
      const own = labelsOf(table, t).filter((label) => !Number.isNaN(label))
      return [name, { rows: own.length, mean: own.reduce((sum, label) => sum + label, 0) / own.length }]
    })),
  }
}

const vocabulariesOf = (world: World): VocabularyPart[] =>
  featuresOf(world).filter(({ kind }) => kind === 'categorical').map(({ name, columns, size }) => {
    const count = (pick: (scenario: Scenario) => Table): Float64Array => {
      const found = new Float64Array(size)
      for (const scenario of world.scenarios) {
        const { categorical, rows } = pick(scenario)
        for (const column of columns) columnOf(categorical, rows, column).forEach((id) => found[id]++)
      }
      return found
    }
    const [train, test] = [count(({ train: table }) => table), count(({ test: table }) => table)]
    const share = (counts: Float64Array, some: number): number => some / counts.reduce((sum, c) => sum + c, 0)
    return {
      feature: name,
      size,
      columns: columns.length,
      unknown: { train: share(train, train[0]), test: share(test, test[0]) },
      top: share(train, train.reduce((most, c) => Math.max(most, c), 0)),
    }
  })
