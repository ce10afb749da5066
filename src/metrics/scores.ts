import type { Table } from '../data/table.js'
import type { Task } from '../tasks/task.js'
import { accuracy } from './accuracy.js'
import { auc } from './auc.js'
import { logLoss, logLossMulticlass } from './log-loss.js'
import { meanSquaredError, rootMeanSquaredError } from './squared-error.js'

/** One number about one task. */
export interface Score {
  readonly task: string
  readonly metric: string
  readonly value: number | null
}

/**
 * Every metric that a task's kind has, over the rows in its sample space (label not NaN): AUC and log-loss for binary,
 * MSE and RMSE for regression, accuracy and log-loss for multiclass. `scores` is what an engine gives: per task [rows]
 * logits or numbers, or [rows, classes] logits.
 */
export const scoresOf = (
  table: Pick<Table, 'rows' | 'labels'>,
  tasks: readonly Task[],
  scores: readonly Float32Array[],
): Score[] =>
  tasks.flatMap((task, t) => {
    const width = task.kind === 'multiclass' ? task.classes : 1
    const rows: number[] = []
    for (let row = 0; row < table.rows; row++) {
      if (!Number.isNaN(table.labels[row * tasks.length + t])) rows.push(row)
    }
    if (rows.length === 0) return []
    const labels = Float32Array.from(rows, (row) => table.labels[row * tasks.length + t])
    const own = new Float32Array(rows.length * width)
    rows.forEach((row, i) => {
      for (let c = 0; c < width; c++) own[i * width + c] = scores[t][row * width + c]
    })
    const about = (metric: string, value: number | null): Score => ({ task: task.name, metric, value })
    switch (task.kind) {
      case 'binary':
        return [about('auc', auc(own, labels)), about('log-loss', logLoss(own, labels))]
      case 'regression':
        return [about('mse', meanSquaredError(own, labels)), about('rmse', rootMeanSquaredError(own, labels))]
      case 'ranking':
      case 'alignment':
        // Judged by full ranking, not row by row.
        return []
      case 'multiclass':
        return [
          about('accuracy', accuracy(own, labels, width)),
          about('log-loss', logLossMulticlass(own, labels, width)),
        ]
    }
  })
