import * as tf from '@tensorflow/tfjs'
import { bufferOf, type Buffers } from '../buffers.js'
import { sizeOf } from '../graph/shapes.js'
import { JointSlot } from '../joint-slot.js'
import type { Sink, Source } from '../program/body.js'
import type { Compiled, Port, Session } from '../runtime.js'
import { savedModel } from './cache.js'
import { bindingOf, loadNative, type Handle, type SavedModel } from './native.js'

type Results = Readonly<Record<string, Float32Array>>

/** Loads a SavedModel; TensorFlow.js lets only its current backend do that. */
const load = async (folder: string): Promise<SavedModel> => {
  const native = loadNative()
  const before = tf.getBackend()
  void tf.setBackend('tensorflow')
  // The backend is looked at before the first wait.
  const loading = native.node.loadSavedModel(folder)
  void tf.setBackend(before)
  return loading
}

/** A port that travels by itself. */
interface Terminal {
  readonly name: string
  readonly port: Port<Source | Sink>
  /** Elements for one client. */
  readonly size: number
}

/** One side of a program: what travels alone, and what travels jointly after it. */
interface Side {
  readonly own: readonly Terminal[]
  readonly joint?: JointSlot<Float32Array>
  /** Everything's name in the graph, separated by commas. */
  readonly names: string
}

const sideOf = (prefix: 'in' | 'out', ports: readonly Port<Source | Sink>[], together: readonly string[]): Side => {
  const own = ports.flatMap((port, i) =>
    together.includes(port.name) ? [] : [{ name: `${prefix}${i}`, port, size: sizeOf(port.shape) }])
  const names = own.map(({ name }) => name)
  const named = new Map(ports.map((port) => [port.name, port] as const))
  const members = together.map((name) => named.get(name)!)
  const joint = members.length > 0 ? new JointSlot(`${prefix}s`, members, (values) => values) : undefined
  return {
    own,
    ...(joint && { joint }),
    names: [...names, ...(joint ? [joint.name] : [])].map((name) => `${name}:0`).join(','),
  }
}

/**
 * Loads a compiled program into TensorFlow, through a SavedModel in the cache. `run` computes in the calling thread,
 * before it returns. It goes to the addon directly: tensors of TensorFlow.js would cost as much as a small step.
 */
export const openTensorflow = async (compiled: Compiled): Promise<Session> => {
  const { bytes, inputs, outputs, alone = false, joint = { inputs: [], outputs: [] } } = compiled
  const model = await load(await savedModel(bytes))
  const binding = bindingOf()
  const [from, to] = [sideOf('in', inputs, joint.inputs), sideOf('out', outputs, joint.outputs)]

  const tensor = ({ port, size }: Terminal, feeds: Buffers, first: number, count: number): number => {
    const [start, end] = [first * size, (first + count) * size]
    const buffer = bufferOf(feeds, port.name, end)
    const dims = port.view ?? port.shape
    return binding.createTensor(
      alone ? dims : [count, ...dims],
      port.dtype === 'float32' ? binding.TF_FLOAT : binding.TF_INT32,
      start === 0 && buffer.length === end ? buffer : buffer.subarray(start, end),
    )
  }

  /** Tensors over the feeds, appended to `given` one by one, so that those made before an error can be deleted. */
  const give = (given: number[], feeds: Buffers, first: number, count: number): void => {
    for (const terminal of from.own) given.push(tensor(terminal, feeds, first, count))
    if (!from.joint) return
    from.joint.collect(feeds, first, count)
    const values = from.joint.tensor(count)
    given.push(binding.createTensor([values.length], binding.TF_FLOAT, values))
  }

  const take = (made: readonly Handle[], results: Results, first: number, count: number): void => {
    for (const [i, { port, size }] of to.own.entries()) {
      bufferOf(results, port.name, (first + count) * size).set(binding.tensorDataSync(made[i].id), first * size)
    }
    if (!to.joint) return
    to.joint.tensor(count).set(binding.tensorDataSync(made[to.own.length].id))
    to.joint.distribute(results, first, count)
  }

  const runOnce = (feeds: Buffers, results: Results, first: number, count: number): void => {
    const given: number[] = []
    let made: readonly Handle[] = []
    try {
      give(given, feeds, first, count)
      made = binding.runSavedModel(model.sessionId, given, from.names, to.names)
      take(made, results, first, count)
    } finally {
      for (const id of given) binding.deleteTensor(id)
      for (const { id } of made) binding.deleteTensor(id)
    }
  }

  return {
    inputs,
    outputs,
    async run(clients, feeds, results) {
      if (!alone) return runOnce(feeds, results, 0, clients)
      for (let client = 0; client < clients; client++) runOnce(feeds, results, client, 1)
    },
    async close() {
      model.dispose()
    },
  }
}
