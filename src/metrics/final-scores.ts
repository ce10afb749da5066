import type { Table } from '../data/table.js'
import type { Task } from '../tasks/task.js'
import { groupedAuc } from './auc.js'
import { averagePrecision } from './average-precision.js'
import { calibration } from './calibration.js'
import { calibrationError } from './calibration-error.js'
import type { Score } from './scores.js'

/**
 * What is measured on test at the selected and at the last round alone, of binary tasks: calibration and its error, the
 * area under the precision-recall curve, and the AUC per user where users are known. `scores` is per task [rows] logits.
 */
export const finalScoresOf = (
  { rows, labels, user }: Pick<Table, 'rows' | 'labels' | 'user'>,
  tasks: readonly Task[],
  scores: readonly Float32Array[],
): Score[] =>
  tasks.flatMap((task, t) => {
    if (task.kind !== 'binary') return []
    const own = new Float32Array(rows)
    for (let row = 0; row < rows; row++) own[row] = labels[row * tasks.length + t]
    if (own.every((label) => Number.isNaN(label))) return []
    return [
      ...(user ? [{ task: task.name, metric: 'group-auc', value: groupedAuc(scores[t], own, user) }] : []),
      { task: task.name, metric: 'calibration', value: calibration(scores[t], own) },
      { task: task.name, metric: 'average-precision', value: averagePrecision(scores[t], own) },
      { task: task.name, metric: 'calibration-error', value: calibrationError(scores[t], own) },
    ]
  })
