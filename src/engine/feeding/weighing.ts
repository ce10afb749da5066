import type { Table } from '../../data/table.js'
import { DataError } from '../../errors.js'

/**
 * What a client's weights of one task are counted in: they are divided by the largest, and then by the mean of what comes
 * out. In two steps, so that weights that are all equal become 1 exactly, whatever they are, and none of them overflows.
 */
export interface Unit {
  readonly largest: number
  /** Of the weights above 0, in shares of the largest. */
  readonly mean: number
}

/** Weights as they are. */
export const asGiven: Unit = { largest: 1, mean: 1 }

/** Throws where rows have weights that no loss can be made of: one that is missing, negative or not finite at a label. */
export const checkWeights = (data: string, { labels, weights }: Table): void => {
  if (weights === undefined) return
  if (weights.length !== labels.length) {
    throw new DataError(`data '${data}' has ${weights.length} weights for ${labels.length} labels: give one for each, [rows, tasks]`)
  }
  const wrong = weights.findIndex((weight, at) => !Number.isNaN(labels[at]) && !(weight >= 0 && weight < Infinity))
  if (wrong < 0) return
  throw new DataError(`data '${data}' has the weight ${weights[wrong]} at place ${wrong} of [rows, tasks]: give a finite number, 0 or more`)
}

/** What a row's weights are found by. */
type Weighed = Pick<Table, 'rows' | 'labels'> & { readonly weights: Float32Array | undefined }

/** How much the label at place `at` of [rows, tasks] counts: the row's weight times that of its class; 0 without a label. */
export const weightAt = (
  { labels, weights }: Pick<Weighed, 'labels' | 'weights'>, at: number, byClass: readonly number[] | undefined,
): number => {
  const label = labels[at]
  if (label !== label) return 0
  return (weights === undefined ? 1 : weights[at]) * (byClass === undefined ? 1 : byClass[label])
}

/** The unit of a task's weights, over all rows of a table. */
export const unitOf = (table: Weighed, tasks: number, column: number, byClass: readonly number[] | undefined): Unit => {
  let largest = 0
  for (let row = 0; row < table.rows; row++) largest = Math.max(largest, weightAt(table, row * tasks + column, byClass))
  let [sum, count] = [0, 0]
  for (let row = 0; row < table.rows; row++) {
    const weight = weightAt(table, row * tasks + column, byClass)
    if (weight === 0) continue
    sum += weight / largest
    count++
  }
  return count === 0 ? asGiven : { largest, mean: sum / count }
}
