import type { Tensor } from 'onnxruntime-common'
import type { Sink, Source } from '../program/body.js'
import type { Compiled, Port, Session } from '../runtime.js'
import type { Buffers } from '../buffers.js'
import { JointSlot } from '../joint-slot.js'
import { loadRuntime } from './runtime.js'
import { Slot, type MakeTensor } from './slot.js'

/** How a session computes. None of these choices changes a bit of a result. */
export interface SessionOptions {
  /** Writes a profile of every node to files whose names start so. */
  readonly profile?: string
}

interface Slots {
  readonly own: readonly Slot[]
  readonly joint?: JointSlot<Tensor>
}

/** The slots of one side of a program; names as the emitter gave them. */
const slotsOf = (
  ports: readonly Port<Source | Sink>[],
  prefix: 'in' | 'out',
  together: readonly string[],
  alone: boolean,
  make: MakeTensor,
): Slots => {
  const joint = new Set(together)
  const own = ports.flatMap((port, i) => (joint.has(port.name) ? [] : [new Slot(`${prefix}${i}`, port, alone, make)]))
  if (joint.size === 0) return { own }
  const named = new Map(ports.map((port) => [port.name, port] as const))
  return { own, joint: new JointSlot(`${prefix}s`, together.map((name) => named.get(name)!), make) }
}

/**
 * Loads a compiled program into ONNX Runtime, on one thread: a product that several threads share adds up in another
 * order. Buffers must not be over shared memory, which the runtime refuses. Runs of one session must not overlap.
 */
export const openOnnx = async (compiled: Compiled, { profile }: SessionOptions = {}): Promise<Session> => {
  const runtime = loadRuntime()
  const session = await runtime.InferenceSession.create(compiled.bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  })
  const { inputs, outputs, alone = false, joint = { inputs: [], outputs: [] } } = compiled
  const make: MakeTensor = (values, dims) =>
    values instanceof Float32Array
      ? new runtime.Tensor('float32', values, dims)
      : new runtime.Tensor('int32', values, dims)
  const from = slotsOf(inputs, 'in', joint.inputs, alone, make)
  const to = slotsOf(outputs, 'out', joint.outputs, alone, make)
  const runOnce = async (
    feeds: Buffers, results: Readonly<Record<string, Float32Array>>, first: number, count: number,
  ): Promise<void> => {
    const given: Record<string, Tensor> = {}
    for (const slot of from.own) given[slot.name] = slot.tensor(feeds, first, count)
    from.joint?.collect(feeds, first, count)
    if (from.joint) given[from.joint.name] = from.joint.tensor(count)
    const wanted: Record<string, Tensor> = {}
    for (const slot of to.own) wanted[slot.name] = slot.tensor(results, first, count)
    if (to.joint) wanted[to.joint.name] = to.joint.tensor(count)
    await session.run(given, wanted)
    to.joint?.distribute(results, first, count)
  }
  return {
    inputs,
    outputs,
    async run(clients, feeds, results) {
      if (!alone) return runOnce(feeds, results, 0, clients)
      for (let client = 0; client < clients; client++) await runOnce(feeds, results, client, 1)
    },
    async close() {
      if (profile !== undefined) session.endProfiling()
      await session.release()
    },
  }
}
