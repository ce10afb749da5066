import { DataError } from '../errors.js'
import { numberColumns } from './csv.js'

/**
 * Relative speeds of real phones, sorted, with the median at 1. CSV of AI-Benchmark scores; `cpu_float_score` is the
 * column to take for training on a CPU (other scores measure accelerators, and quantised inference).
 * With `seen`, only phones that FLASH's users owned (column `seen_in_flash_traces`).
 */
export const parseDeviceSpeeds = (text: string, column: string, seen: boolean, file: string): Float64Array => {
  const [all, owned] = numberColumns(text, seen ? [column, 'seen_in_flash_traces'] : [column], file)
  const scores = all.filter((_, i) => !seen || owned[i] > 0).sort()
  if (scores.length === 0 || scores[0] <= 0) {
    throw new DataError(`${file}: column '${column}' must hold scores above 0, and at least one.`)
  }
  const middle = (scores[(scores.length - 1) >> 1] + scores[scores.length >> 1]) / 2
  return scores.map((score) => score / middle)
}
