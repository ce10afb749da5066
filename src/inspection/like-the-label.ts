import { chained, featuresOf, labelsOf, valuesOf, type Feature } from './column.js'
import { auc } from '../metrics/auc.js'
import type { Table } from '../data/table.js'
import type { World } from '../data/world.js'
import { tellsAll } from './alone.js'
import { ranks } from './partial.js'

/** A feature that by itself is as good as a label. */
export interface Like {
  readonly feature: string
  readonly task: string
  /** 1 where it tells all. `auc`: of the label, or the mean over classes, each against the others. */
  readonly measure: 'auc' | 'rank correlation'
  readonly score: number
  /** `train` where the rows that do not train have not both labels, so that the training rows themselves had to do. */
  readonly on: 'later' | 'train'
}

/** A numeric feature with more values in training rows is taken by its value alone. */
const mostValues = 1_000

/** Per class of a task, a label of 1 and 0; the label itself for a regression. */
const targetsOf = ({ tasks }: World, t: number, labels: Float64Array): Float64Array[] => {
  const task = tasks[t]
  if (task.kind !== 'multiclass') return [labels]
  const classes = [...new Set(labels)].filter((label) => !Number.isNaN(label)).sort((a, b) => a - b)
  return classes.map((own) => labels.map((label) => (Number.isNaN(label) ? NaN : Number(label === own))))
}

/** The mean of a target by value among training rows, for each later value; the overall mean for one never seen. */
const byWord = (values: Float64Array, target: Float64Array, later: Float64Array): Float64Array => {
  const [sums, rows] = [new Map<number, number>(), new Map<number, number>()]
  let [sum, count] = [0, 0]
  target.forEach((label, row) => {
    if (Number.isNaN(label)) return
    sums.set(values[row], (sums.get(values[row]) ?? 0) + label)
    rows.set(values[row], (rows.get(values[row]) ?? 0) + 1)
    sum += label
    count++
  })
  const mean = count === 0 ? 0 : sum / count
  return later.map((value) => (rows.has(value) ? (sums.get(value) as number) / (rows.get(value) as number) : mean))
}

const correlation = (scores: Float64Array, labels: Float64Array): number | null => {
  const known = Array.from(labels.keys()).filter((row) => !Number.isNaN(labels[row]))
  if (known.length < 5) return null
  const [x, y] = [scores, labels].map((values) => ranks(Float64Array.from(known, (row) => values[row])))
  const middle = (known.length - 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < known.length; i++) {
    xy += (x[i] - middle) * (y[i] - middle)
    xx += (x[i] - middle) ** 2
    yy += (y[i] - middle) ** 2
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy)
}

/** How well the feature orders one target, at its best: by its value, either way up, or as words. */
const best = (
  feature: Feature, values: Float64Array, target: Float64Array, later: Float64Array, labels: Float64Array, words: boolean,
  judge: (scores: Float64Array, labels: Float64Array) => number | null, turn: (score: number) => number,
): number | null => {
  const found: number[] = []
  if (feature.kind === 'numeric') {
    const score = judge(later, labels)
    if (score !== null) found.push(score, turn(score))
  }
  const score = words ? judge(byWord(values, target, later), labels) : null
  if (score !== null) found.push(score)
  return found.length === 0 ? null : Math.max(...found)
}

/** One feature and task in one scenario: the mean over classes, and whether the training rows had to do. */
const inScenario = (
  world: World, feature: Feature, t: number, { train, validation, test }: { train: Table; validation: Table; test: Table },
): { readonly score: number; readonly rows: number; readonly on: Like['on'] } | null => {
  const regression = world.tasks[t].kind === 'regression'
  const values = valuesOf(train, feature)
  const words = feature.kind === 'categorical' ||
    (!regression && new Set(values.subarray(0, 100_000)).size <= mostValues)
  const of = (later: Float64Array, laterLabels: Float64Array): number | null => {
    const trained = targetsOf(world, t, labelsOf(train, t))
    const classes = [...new Set(labelsOf(train, t))].filter((label) => !Number.isNaN(label)).sort((a, b) => a - b)
    const scores = trained.map((target, c) => {
      const labels = world.tasks[t].kind === 'multiclass'
        ? laterLabels.map((label) => (Number.isNaN(label) ? NaN : Number(label === classes[c]))) : laterLabels
      return regression
        ? best(feature, values, target, later, labels, words, correlation, (score) => -score)
        : best(feature, values, target, later, labels, words, auc, (score) => 1 - score)
    }).filter((score) => score !== null)
    return scores.length === 0 ? null : scores.reduce((a, b) => a + b, 0) / scores.length
  }
  const held = chained(labelsOf(validation, t), labelsOf(test, t))
  const score = of(chained(valuesOf(validation, feature), valuesOf(test, feature)), held)
  if (score !== null) return { score, rows: held.length, on: 'later' }
  // On its own training rows a word of one row tells all: only values that come again count there.
  const repeated = new Set(values).size * 2 <= values.length
  const own = repeated || feature.kind === 'numeric' ? of(values, labelsOf(train, t)) : null
  return own === null ? null : { score: own, rows: train.rows, on: 'train' }
}

/**
 * Features that by themselves are as good as the label of a task, of whatever kind: the label in disguise, or known only
 * after it. By value either way up, or by the label's mean for each word among training rows; scored on validation and
 * test rows. Sequences and ranking tasks are left out.
 */
export const likeTheLabelOf = (world: World): Like[] =>
  world.tasks.flatMap((task, t) =>
    task.kind === 'ranking' || task.kind === 'alignment' ? []
      : featuresOf(world).filter(({ columns }) => columns.length === 1).flatMap((feature): Like[] => {
          const found = world.scenarios.map((scenario) => inScenario(world, feature, t, scenario)).filter((one) => one !== null)
          const rows = found.reduce((sum, one) => sum + one.rows, 0)
          if (rows === 0) return []
          const score = found.reduce((sum, one) => sum + one.rows * one.score, 0) / rows
          return score < tellsAll ? [] : [{
            feature: feature.name, task: task.name, score, measure: task.kind === 'regression' ? 'rank correlation' : 'auc',
            on: found.some(({ on }) => on === 'later') ? 'later' : 'train',
          }]
        })).sort((a, b) => b.score - a.score)
