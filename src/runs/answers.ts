import { join } from 'node:path'

import { StorageError } from '../errors.js'
import type { TestAnswers } from '../flight/flight.js'
import { encodeTensorFile, type FiledTensor } from '../network/tensor-file.js'
import type { Disk } from './disk.js'

/** Every test row of a run with its labels, its user and its scores: what any test can be recomputed from. */
export const answersFile = 'answers.safetensors'

/** `user/NL`, `labels/NL`, `score/selected/NL/ctr`: names in the file, each part percent-encoded. */
const nameOf = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join('/')

const tensorsOf = (answers: readonly TestAnswers[]): FiledTensor[] => {
  const tables = answers.filter(({ scenario }, i) => answers.findIndex((other) => other.scenario === scenario) === i)
  return [
    ...tables.flatMap(({ scenario, tasks, rows, labels, user }): FiledTensor[] => [
      { name: nameOf('labels', scenario), dtype: 'F32', shape: [rows, tasks.length], values: labels },
      ...(user ? [{ name: nameOf('user', scenario), dtype: 'I32' as const, shape: [rows], values: user }] : []),
    ]),
    ...answers.flatMap(({ which, scenario, tasks, rows, scores }) =>
      tasks.map((task, t): FiledTensor => ({
        name: nameOf('score', which, scenario, task),
        dtype: 'F32',
        shape: scores[t].length === rows ? [rows] : [rows, scores[t].length / rows],
        values: scores[t],
      }))),
  ]
}

/**
 * Answers as a safetensors block (the specification in huggingface/safetensors): `labels/SCENARIO` [rows, tasks],
 * `user/SCENARIO` [rows] where known, `score/selected/SCENARIO/TASK` and `score/last/SCENARIO/TASK` [rows]: logits, since
 * float32 keeps the order of rare events' logits and not that of their probabilities. The metadata holds the tasks' names,
 * the two rounds, and that scores are logits.
 */
export const encodeAnswers = (answers: readonly TestAnswers[]): Uint8Array => {
  const rounds = Object.fromEntries(answers.map(({ which, round }) => [which, String(round)]))
  const tasks = JSON.stringify(answers[0]?.tasks ?? [])
  return encodeTensorFile(tensorsOf(answers), { ...rounds, scores: 'logits', tasks })
}

type Header = Record<string, { readonly dtype: string; readonly data_offsets: readonly [number, number] }>

/**
 * Reads what `encodeAnswers` wrote; undefined if the run has none. A file that is cut off, or whose scores
 * are the probabilities of an earlier version, is a `StorageError`.
 */
export const readAnswers = (folder: string, disk: Pick<Disk, 'exists' | 'readBytes'>): TestAnswers[] | undefined => {
  const file = join(folder, answersFile)
  if (!disk.exists(file)) return undefined
  const block = disk.readBytes(file)
  try {
    return decodeAnswers(block)
  } catch (cause) {
    if (cause instanceof StorageError) throw new StorageError(`${file} ${cause.message}`, { cause })
    throw new StorageError(`${file} is not what a run writes. Fly it again.`, { cause })
  }
}

const decodeAnswers = (block: Uint8Array): TestAnswers[] => {
  const length = Number(new DataView(block.buffer, block.byteOffset).getBigUint64(0, true))
  const text = new TextDecoder().decode(block.subarray(8, 8 + length))
  const { __metadata__: about, ...entries } = JSON.parse(text) as Header & { __metadata__: never }
  const { tasks: named, scores: scale, ...rounds } = about as Record<string, string>
  if (scale !== 'logits') {
    throw new StorageError('is of an earlier version, whose scores are probabilities and no logits. Fly it again.')
  }
  const tasks = JSON.parse(named) as string[]
  const bytes = (name: string): ArrayBuffer => {
    const [from, to] = entries[name].data_offsets
    const own = block.slice(8 + length + from, 8 + length + to)
    if (own.length !== to - from) throw new RangeError(`${name} is cut off`)
    return own.buffer
  }
  const scenarios = Object.keys(entries).flatMap((name) => (name.startsWith('labels/') ? [name.slice(7)] : []))
  return scenarios.flatMap((scenario) => {
    const labels = new Float32Array(bytes(`labels/${scenario}`))
    const user = entries[`user/${scenario}`] ? new Int32Array(bytes(`user/${scenario}`)) : undefined
    return (['selected', 'last'] as const)
      .filter((which) => which in rounds)
      .map((which) => ({
        which, round: Number(rounds[which]), scenario: decodeURIComponent(scenario), tasks,
        rows: labels.length / tasks.length, labels, user,
        scores: tasks.map((task) => new Float32Array(bytes(`score/${which}/${scenario}/${encodeURIComponent(task)}`))),
      }))
  })
}
