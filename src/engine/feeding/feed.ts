import { fillInput, type Moment } from '../../balancing/host-input.js'
import { DataError, SpecificationError } from '../../errors.js'
import { streams, uniformFloat } from '../../random/streams.js'
import type { Task } from '../../tasks/task.js'
import type { BatchPlan } from '../engine.js'
import type { Source } from '../program/body.js'
import type { BalanceRecipe, Recipe } from '../program/recipe.js'
import { drawMember, drawStranger } from './groups.js'
import { floatsOf, idsOf, type Lanes } from './lanes.js'
import { copyRows, matrixOf, rowAt, type Data, type Matrix, type Rows } from './rows.js'
import { asGiven, weightAt } from './weighing.js'

/** A label port. `classes` is 0 for a binary task. */
interface LabelFeed {
  readonly buffer: Float32Array
  readonly column: number
  readonly classes: number
}

/** A port of how much labels count. */
interface LabelWeightFeed extends Pick<LabelFeed, 'buffer' | 'column'> {
  readonly task: Task
  readonly byClass: readonly number[] | undefined
  readonly scale: 'mean' | 'given'
}

interface DrawFeed {
  readonly buffer: Float32Array
  readonly draw: number
  readonly size: number
}

interface SampleFeed {
  readonly buffer: Int32Array
  readonly what: Extract<Source, { readonly kind: 'sample' }>
}

interface ScalarFeed {
  readonly buffer: Float32Array
  readonly name: string
}

/** A port of what the host computes for the balancer. */
interface BalanceFeed extends ScalarFeed {
  readonly size: number
}

/** The ports of one step, resolved once so that a step costs loops over numbers and nothing else. */
export interface StepFeed {
  categorical?: Matrix
  fields: number
  numeric?: Matrix
  columns: number
  weight?: Float32Array
  labels: LabelFeed[]
  labelWeights: LabelWeightFeed[]
  draws: DrawFeed[]
  samples: SampleFeed[]
  scalars: ScalarFeed[]
  balance: BalanceFeed[]
}

const emptyFeed = (): StepFeed => ({
  fields: 0, columns: 0, labels: [], labelWeights: [], draws: [], samples: [], scalars: [], balance: [],
})

/** Sorts a session's input ports by step. */
export const stepFeedsOf = (
  lanes: Lanes, { tasks, weighting: { byClass = {}, scale = 'mean' } = {} }: Pick<Recipe, 'tasks' | 'weighting'>,
): readonly StepFeed[] => {
  const steps: StepFeed[] = []
  const column = (name: string): number => {
    const index = tasks.findIndex((task) => task.name === name)
    if (index < 0) throw new SpecificationError(`the graph reads labels of '${name}', which is no task of the program`)
    return index
  }
  for (const { kind, shape, size, buffer } of lanes.inputs) {
    if (!('step' in kind)) continue
    const step = (steps[kind.step] ??= emptyFeed())
    switch (kind.kind) {
      case 'categorical':
        step.categorical = matrixOf(buffer)
        step.fields = shape[1]
        break
      case 'numeric':
        step.numeric = matrixOf(buffer)
        step.columns = shape[1]
        break
      case 'weight':
        step.weight = floatsOf(buffer)
        break
      case 'label':
        step.labels.push({ buffer: floatsOf(buffer), column: column(kind.task), classes: shape[1] ?? 0 })
        break
      case 'label-weight':
        step.labelWeights.push({
          buffer: floatsOf(buffer), column: column(kind.task), task: tasks[column(kind.task)],
          byClass: byClass[kind.task] as readonly number[] | undefined, scale,
        })
        break
      case 'uniform':
        step.draws.push({ buffer: floatsOf(buffer), draw: kind.draw, size })
        break
      case 'sample':
        step.samples.push({ buffer: idsOf(buffer), what: kind })
        break
      case 'scalar':
        step.scalars.push({ buffer: floatsOf(buffer), name: kind.name })
        break
      case 'balance-input':
        step.balance.push({ buffer: floatsOf(buffer), name: kind.name, size })
        break
    }
  }
  return steps
}

const fillLabels = (feed: LabelFeed, data: Data, tasks: number, rows: Rows, lane: number, padded: number): void => {
  const { buffer, column, classes } = feed
  const { labels } = data
  const { count } = rows
  if (classes === 0) {
    const base = lane * padded
    for (let i = 0; i < padded; i++) {
      const label = i < count ? labels[rowAt(rows, i) * tasks + column] : 0
      buffer[base + i] = label === label ? label : 0
    }
    return
  }
  let at = lane * padded * classes
  for (let i = 0; i < padded; i++) {
    const label = i < count ? labels[rowAt(rows, i) * tasks + column] : NaN
    for (let c = 0; c < classes; c++) buffer[at++] = c === label ? 1 : 0
  }
}

/**
 * Weighs a mean over the rows that have the label: [batch] w / n, with n such rows in the batch and their weights w in
 * shares of the mean weight over all of the client's rows (1 where nothing weighs). Returns n; rows of weight 0 are none.
 */
const fillLabelWeights = (
  feed: LabelWeightFeed,
  data: Data,
  tasks: number,
  rows: Rows,
  lane: number,
  padded: number,
): number => {
  const { buffer, column, task, byClass, scale } = feed
  const { labels, weights } = data
  const { count } = rows
  const base = lane * padded
  let known = 0
  if (weights === undefined && byClass === undefined) {
    for (let i = 0; i < count; i++) {
      const label = labels[rowAt(rows, i) * tasks + column]
      const has = label === label ? 1 : 0
      known += has
      buffer[base + i] = has
    }
  } else {
    if (task.kind === 'alignment') throw new DataError(`rows of '${task.name}' cannot be weighed: its loss is one of pairs`)
    const { largest, mean } = scale === 'given' ? asGiven : data.unit(tasks, column, byClass)
    for (let i = 0; i < count; i++) {
      const weight = weightAt(data, rowAt(rows, i) * tasks + column, byClass)
      known += weight > 0 ? 1 : 0
      buffer[base + i] = weight / largest / mean
    }
  }
  const share = known > 0 ? 1 / known : 0
  for (let i = 0; i < count; i++) buffer[base + i] *= share
  for (let i = count; i < padded; i++) buffer[base + i] = 0
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
  data: Data,
  tasks: number,
  rows: Rows,
  known: Int32Array,
): void => {
  const { categorical, fields, numeric, columns, weight } = feed
  if (categorical) copyRows(data.categorical, fields, rows, categorical, lane * padded * fields, padded)
  if (numeric) copyRows(data.numeric, columns, rows, numeric, lane * padded * columns, padded)
  if (weight) {
    const share = 1 / rows.count
    const base = lane * padded
    for (let i = 0; i < padded; i++) weight[base + i] = i < rows.count ? share : 0
  }
  for (const label of feed.labels) fillLabels(label, data, tasks, rows, lane, padded)
  for (const label of feed.labelWeights) {
    known[label.column] = fillLabelWeights(label, data, tasks, rows, lane, padded)
  }
}

/** Draws a step's dropout uniforms: one stream per (ordinal of the step in its job, draw). */
export const fillDraws = (feed: StepFeed, lane: number, plan: BatchPlan, ordinal: number): void => {
  for (const { buffer, draw, size } of feed.draws) {
    const stream = streams(plan.seed)(...plan.key, 'dropout', ordinal, draw)
    const end = (lane + 1) * size
    for (let i = lane * size; i < end; i++) buffer[i] = uniformFloat(stream)
  }
}

/** Draws a step's samples: one stream per (ordinal of the step in its job, draw), one draw per row. */
export const fillSamples = (
  feed: StepFeed,
  lane: number,
  padded: number,
  data: Data,
  rows: Rows,
  plan: BatchPlan,
  ordinal: number,
): void => {
  const fields = data.rows === 0 ? 0 : data.categorical.values.length / data.rows
  const ids = data.categorical.values
  for (const { buffer, what } of feed.samples) {
    const { of, within, member, size, draw } = what
    const stream = streams(plan.seed)(...plan.key, 'sample', ordinal, draw)
    const groups = data.groups(of, within)
    const base = lane * padded
    for (let i = 0; i < rows.count; i++) {
      const row = rowAt(rows, i) * fields
      const group = ids[row + within]
      buffer[base + i] = member
        ? drawMember(groups, group, ids[row + of], stream)
        : drawStranger(groups, group, size, stream)
    }
    buffer.fill(0, base + rows.count, base + padded)
  }
}

/** Computes what the balancer needs at a step; its draws come from one stream per input and ordinal of the step. */
export const fillBalance = (
  feed: StepFeed,
  lane: number,
  { inputs }: BalanceRecipe,
  moment: Omit<Moment, 'stream'>,
  plan: BatchPlan,
  ordinal: number,
): void => {
  const stream: Moment['stream'] = (name) => streams(plan.seed)(...plan.key, 'balance', name, ordinal)
  for (const { buffer, name, size } of feed.balance) {
    const input = inputs.find((each) => each.name === name)!
    fillInput(input, { ...moment, stream }, buffer, lane * size)
  }
}
