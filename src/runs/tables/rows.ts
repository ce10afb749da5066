import { join } from 'node:path'

import { StorageError } from '../../errors.js'
import { readAnswers } from '../answers.js'
import type { Disk } from '../disk.js'
import type { Manifest } from '../manifest.js'
import { runTables, type TableName } from './tables.js'

type Row = Readonly<Record<string, unknown>>

/** Bytes that are read at once. */
const piece = 1 << 22

/** The whole lines of a file, piece by piece: a file of events may be longer than a text can be. */
const linesOf = function* (path: string, disk: Pick<Disk, 'readPiece'>): Generator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for (let from = 0; ; from += piece) {
    const bytes = disk.readPiece(path, from, piece)
    if (bytes.length === 0) return
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    yield* lines
  }
}

const rowsOfFile = function* (path: string, disk: Disk): Generator<Row> {
  if (!disk.exists(path)) return
  let number = 0
  for (const line of linesOf(path, disk)) {
    number++
    try {
      yield JSON.parse(line) as Row
    } catch (cause) {
      throw new StorageError(`${path}:${number} is not JSON. Fly the run again.`, { cause })
    }
  }
}

/** Rows of scores, one for each class where there are several. */
const predictions = function* (folder: string, disk: Disk): Generator<Row> {
  for (const { which, round, scenario, tasks, rows, labels, user, scores } of readAnswers(folder, disk) ?? []) {
    for (const [t, task] of tasks.entries()) {
      const width = scores[t].length / rows
      for (let row = 0; row < rows; row++) {
        const label = labels[row * tasks.length + t]
        const about = { which, round, scenario, task, row, user: user?.[row], label: Number.isNaN(label) ? null : label }
        for (let cls = 0; cls < width; cls++) yield { ...about, class: width === 1 ? null : cls, score: scores[t][row * width + cls] }
      }
    }
  }
}

/** The rows of a table of a run, from its files, one at a time. */
export const tableRows = (table: TableName, folder: string, { faults = [] }: Pick<Manifest, 'faults'>, disk: Disk): Iterable<Row> => {
  const { file } = runTables[table]
  if (file !== undefined) return rowsOfFile(join(folder, file), disk)
  return table === 'faults' ? faults.map((fault) => ({ ...fault })) : predictions(folder, disk)
}
