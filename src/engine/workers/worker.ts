import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { openOnnx } from '../onnx/session.js'
import type { Compiled, Session } from '../runtime.js'
import { Hand } from './hand.js'
import { transferOf } from './handover.js'
import { NativeGate } from './native-gate.js'
import type { Order } from './orders.js'

/*
 * The entry of a worker thread. Its tables are over shared memory. No user code is ever loaded here, and no
 * TensorFlow.js.
 */

const cells: unknown = workerData
if (!(cells instanceof Int32Array)) throw new TypeError('a worker needs the cells of its gate as workerData')
const gate = new NativeGate(cells)
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

const hand = new Hand(openGated, () => process.exit(1))

/** Called by piscina for each order. Errors travel as answers, so a rejected task can only mean a dead worker. */
export default async (order: Order): Promise<unknown> => {
  const answer = await hand.take(() => order)
  if (answer.kind !== 'done') return answer
  return move({ [transferableSymbol]: transferOf(answer.results), [valueSymbol]: answer })
}
