import { auc } from '../metrics/auc.js'
import type { Table } from '../data/table.js'
import type { World } from '../data/world.js'
import { chained, featuresOf, labelsOf, valuesOf, type Feature } from './column.js'

/** How well one feature by itself tells a binary task's label. */
export interface Alone {
  readonly feature: string
  readonly task: string
  /** AUC on rows that do not train, averaged over scenarios with their rows as weights. */
  readonly auc: number
  /** Rows of either label that it is over. */
  readonly positives: number
  readonly negatives: number
}

/** Pseudo-rows at the overall rate that a word's rate is smoothed with. */
const prior = 10

/** From this AUC on, a feature is as good as the label. Honest features of click logs are far below it. */
export const tellsAll = 0.95

/**
 * What each feature alone says of each binary label: a numeric one by its value, in the direction that training rows
 * have; a categorical one by the label's rate among training rows of its word. Scored on validation and test rows.
 * Sequences and regression or multiclass tasks are left out.
 */
export const aloneOf = (world: World): Alone[] =>
  world.tasks.flatMap((task, t) =>
    task.kind !== 'binary'
      ? []
      : featuresOf(world).filter(({ columns }) => columns.length === 1).flatMap((feature): Alone[] => {
          let [weight, sum, positives, negatives] = [0, 0, 0, 0]
          for (const { train, validation, test } of world.scenarios) {
            const scores = scored(train, [validation, test], feature, t)
            const labels = chained(labelsOf(validation, t), labelsOf(test, t))
            const value = auc(scores, labels)
            if (value === null) continue
            labels.forEach((label) => {
              positives += Number(label === 1)
              negatives += Number(label === 0)
            })
            weight += scores.length
            sum += scores.length * value
          }
          return weight === 0 ? [] : [{ feature: feature.name, task: task.name, auc: sum / weight, positives, negatives }]
        }),
  )

const scored = (train: Table, [a, b]: readonly Table[], feature: Feature, t: number): Float64Array => {
  const labels = labelsOf(train, t)
  const values = valuesOf(train, feature)
  const later = chained(valuesOf(a, feature), valuesOf(b, feature))
  if (feature.kind === 'numeric') {
    const rising = (auc(values, labels) ?? 0.5) >= 0.5
    return rising ? later : later.map((value) => -value)
  }
  const [seen, hits] = [new Float64Array(feature.size), new Float64Array(feature.size)]
  let [rows, positives] = [0, 0]
  labels.forEach((label, row) => {
    if (Number.isNaN(label)) return
    rows++
    positives += label
    seen[values[row]]++
    hits[values[row]] += label
  })
  const rate = rows === 0 ? 0 : positives / rows
  return later.map((id) => (hits[id] + prior * rate) / (seen[id] + prior))
}
