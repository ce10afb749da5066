import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { Executor } from './executor.js'
import { Gate } from './gate.js'
import { openOnnx } from '../onnx/session.js'
import { transferOf, type Answer, type Missing, type Order } from './parcel.js'
import type { Part } from '../program/recipe.js'
import type { Compiled, Session } from '../runtime.js'

/*
 * The entry of a worker thread. It holds what it was sent (recipes, graphs, tables over shared memory) and executes
 * cohorts. No user code is ever loaded here, and no TensorFlow.js.
 */

const graphs = new Map<string, Compiled>()
const keyOf = (program: string, part: Part): string => `${program}/${part}`
const cells: unknown = workerData
if (!(cells instanceof Int32Array)) throw new TypeError('a worker needs the cells of its gate as workerData')
const gate = new Gate(cells)
process.once('exit', () => gate.leaveAll())

/** A session whose native calls go through the gate. */
const openGated = async (compiled: Compiled): Promise<Session> => {
  const session = await gate.through(() => openOnnx(compiled))
  const { inputs, outputs } = session
  return {
    inputs,
    outputs,
    run: (...run) => gate.through(() => session.run(...run)),
    close: () => gate.through(() => session.close()),
  }
}

const executor = new Executor((program, part) => openGated(graphs.get(keyOf(program, part))!))

const missing = ({ work, parts }: Order): Missing | undefined => {
  const program = !executor.knowsProgram(work.program)
  const lacking = parts.filter((part) => !graphs.has(keyOf(work.program, part)))
  const handles = new Set(work.jobs.map((job) => job.data))
  const tables = [...handles].filter((handle) => !executor.knowsTable(handle))
  if (!program && lacking.length + tables.length === 0) return undefined
  return { kind: 'missing', program, parts: lacking, tables }
}

const execute = async (order: Order): Promise<Answer> => {
  for (const recipe of order.supplies?.recipes ?? []) executor.learn(recipe)
  for (const { program, part, compiled } of order.supplies?.parts ?? []) graphs.set(keyOf(program, part), compiled)
  for (const { handle, table } of order.supplies?.tables ?? []) executor.register(handle, table)
  const lacking = missing(order)
  if (lacking) return lacking
  if (order.delay > 0) await new Promise((resolve) => setTimeout(resolve, order.delay))
  const results = executor.execute(order.work)
  if (order.die) {
    await new Promise((resolve) => setImmediate(resolve))
    process.exit(1)
  }
  return { kind: 'done', results: await results }
}

/** Called by piscina for each order. Errors travel as answers, so a rejected task can only mean a dead worker. */
export default async (order: Order): Promise<unknown> => {
  try {
    const answer = await execute(order)
    if (answer.kind !== 'done') return answer
    return move({ [transferableSymbol]: transferOf(answer.results), [valueSymbol]: answer })
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    return { kind: 'failed', message, stack } satisfies Answer
  }
}
