import type { Table } from '../data/table.js'
import type { Task } from '../tasks/task.js'
import { SpecificationError } from '../errors.js'
import { streams } from '../random/streams.js'
import type { BatchPlan } from './engine.js'
import type { Lanes } from './lanes.js'

/** A label port. `classes` is 0 for a binary task. */
interface LabelFeed {
  readonly buffer: Float32Array
  readonly column: number
  readonly classes: number
}

interface DrawFeed {
  readonly buffer: Float32Array
  readonly draw: number
  readonly size: number
}

interface ScalarFeed {
  readonly buffer: Float32Array
  readonly name: string
}

/** The ports of one step, resolved once so that a step costs loops over numbers and nothing else. */
export interface StepFeed {
  categorical?: Int32Array
  fields: number
  numeric?: Float32Array
  columns: number
  weight?: Float32Array
  labels: LabelFeed[]
  labelWeights: LabelFeed[]
  draws: DrawFeed[]
  scalars: ScalarFeed[]
}

/** Which rows of a table a step takes: `order[start ..]`, or rows start, start + 1, ... when there is no order. */
export interface Rows {
  readonly order?: Int32Array
  readonly start: number
  readonly count: number
}

/** The largest float32 below 1: a draw rounded to float32 must not leave [0, 1). */
const belowOne = 1 - 2 ** -24

/** Sorts a session's input ports by step. */
export const stepFeedsOf = (lanes: Lanes, tasks: readonly Task[]): readonly StepFeed[] => {
  const steps: StepFeed[] = []
  const column = (name: string): number => {
    const index = tasks.findIndex((task) => task.name === name)
    if (index < 0) throw new SpecificationError(`the graph reads labels of '${name}', which is not a task of the program`)
    return index
  }
  for (const { kind, shape, size, buffer } of lanes.inputs) {
    if (!('step' in kind)) continue
    const step = (steps[kind.step] ??= { fields: 0, columns: 0, labels: [], labelWeights: [], draws: [], scalars: [] })
    const floats = buffer as Float32Array
    switch (kind.kind) {
      case 'categorical':
        step.categorical = buffer as Int32Array
        step.fields = shape[1]
        break
      case 'numeric':
        step.numeric = floats
        step.columns = shape[1]
        break
      case 'weight':
        step.weight = floats
        break
      case 'label':
        step.labels.push({ buffer: floats, column: column(kind.task), classes: shape.length > 1 ? shape[1] : 0 })
        break
      case 'label-weight':
        step.labelWeights.push({ buffer: floats, column: column(kind.task), classes: 0 })
        break
      case 'uniform':
        step.draws.push({ buffer: floats, draw: kind.draw, size })
        break
      case 'scalar':
        step.scalars.push({ buffer: floats, name: kind.name })
        break
    }
  }
  return steps
}

/** Copies the chosen rows of a row-major matrix into `to` at `at`, and zeros up to `padded` rows. */
const gather = <B extends Float32Array | Int32Array>(
  from: B,
  width: number,
  rows: Rows,
  to: B,
  at: number,
  padded: number,
): void => {
  const { order, start, count } = rows
  if (order === undefined) {
    to.set(from.subarray(start * width, (start + count) * width), at)
  } else {
    let target = at
    for (let i = start; i < start + count; i++) {
      let source = order[i] * width
      for (const end = source + width; source < end; source++) to[target++] = from[source]
    }
  }
  if (count < padded) to.fill(0, at + count * width, at + padded * width)
}

/** The `i`-th of the chosen rows. */
const rowAt = (rows: Rows, i: number): number => (rows.order === undefined ? rows.start + i : rows.order[rows.start + i])

const fillLabels = (feed: LabelFeed, table: Table, tasks: number, rows: Rows, lane: number, padded: number): void => {
  const { buffer, column, classes } = feed
  const width = classes === 0 ? 1 : classes
  const base = lane * padded * width
  if (classes > 0 || rows.count < padded) buffer.fill(0, base, base + padded * width)
  for (let i = 0; i < rows.count; i++) {
    const label = table.labels[rowAt(rows, i) * tasks + column]
    if (classes === 0) buffer[base + i] = label === label ? label : 0
    else if (label === label) buffer[base + i * classes + label] = 1
  }
}

/** Weights a mean over the rows that have the label; returns how many have it. */
const fillLabelWeights = (
  feed: LabelFeed,
  table: Table,
  tasks: number,
  rows: Rows,
  lane: number,
  padded: number,
): number => {
  const { buffer, column } = feed
  const base = lane * padded
  let known = 0
  for (let i = 0; i < rows.count; i++) {
    const label = table.labels[rowAt(rows, i) * tasks + column]
    const has = label === label ? 1 : 0
    known += has
    buffer[base + i] = has
  }
  const share = known > 0 ? 1 / known : 0
  for (let i = 0; i < rows.count; i++) buffer[base + i] *= share
  if (rows.count < padded) buffer.fill(0, base + rows.count, base + padded)
  return known
}

/**
 * Puts one step's rows into one client's lane. `padded` is the number of rows that the graph has. `known[task]` becomes
 * the number of rows that have the task's label.
 */
export const fillRows = (
  feed: StepFeed,
  lane: number,
  padded: number,
  table: Table,
  tasks: number,
  rows: Rows,
  known: Int32Array,
): void => {
  const { categorical, fields, numeric, columns, weight } = feed
  if (categorical) gather(table.categorical, fields, rows, categorical, lane * padded * fields, padded)
  if (numeric) gather(table.numeric, columns, rows, numeric, lane * padded * columns, padded)
  if (weight) {
    weight.fill(1 / rows.count, lane * padded, lane * padded + rows.count)
    weight.fill(0, lane * padded + rows.count, (lane + 1) * padded)
  }
  for (const label of feed.labels) fillLabels(label, table, tasks, rows, lane, padded)
  for (const label of feed.labelWeights) {
    known[label.column] = fillLabelWeights(label, table, tasks, rows, lane, padded)
  }
}

/** Draws a step's dropout uniforms: one stream per (ordinal of the step in its job, draw). */
export const fillDraws = (feed: StepFeed, lane: number, plan: BatchPlan, ordinal: number): void => {
  for (const { buffer, draw, size } of feed.draws) {
    const stream = streams(plan.seed)(...plan.key, 'dropout', ordinal, draw)
    const end = (lane + 1) * size
    for (let i = lane * size; i < end; i++) {
      const u = stream()
      buffer[i] = u < belowOne ? u : belowOne
    }
  }
}
