import * as tf from '@tensorflow/tfjs'
import { bufferOf, type Buffers } from '../buffers.js'
import { sizeOf } from '../graph/shapes.js'
import type { Sink, Source } from '../program/body.js'
import type { Compiled, Port, Session } from '../runtime.js'
import { savedModel } from './cache.js'
import { bindingOf, loadNative, type SavedModel } from './native.js'

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

/** A port, and what the graph calls it. */
interface Terminal {
  readonly port: Port<Source | Sink>
  /** Elements for one client. */
  readonly size: number
}

const terminals = (ports: readonly Port<Source | Sink>[]): Terminal[] =>
  ports.map((port) => ({ port, size: sizeOf(port.shape) }))

const namesOf = (prefix: 'in' | 'out', ports: readonly unknown[]): string =>
  ports.map((_, i) => `${prefix}${i}:0`).join(',')

/**
 * Loads a compiled program into TensorFlow, through a SavedModel in the cache. `run` computes in the calling thread,
 * before it returns. It goes to the addon directly: tensors of TensorFlow.js would cost as much as a small step.
 */
export const openTensorflow = async ({ bytes, inputs, outputs, alone = false }: Compiled): Promise<Session> => {
  const model = await load(await savedModel(bytes))
  const binding = bindingOf()
  const [from, to] = [terminals(inputs), terminals(outputs)]
  const [inputNames, outputNames] = [namesOf('in', inputs), namesOf('out', outputs)]

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

  const runOnce = (
    feeds: Buffers, results: Readonly<Record<string, Float32Array>>, first: number, count: number,
  ): void => {
    const given: number[] = []
    try {
      for (const terminal of from) given.push(tensor(terminal, feeds, first, count))
      const made = binding.runSavedModel(model.sessionId, given, inputNames, outputNames)
      try {
        for (const [i, { port, size }] of to.entries()) {
          bufferOf(results, port.name, (first + count) * size).set(binding.tensorDataSync(made[i].id), first * size)
        }
      } finally {
        for (const { id } of made) binding.deleteTensor(id)
      }
    } finally {
      for (const id of given) binding.deleteTensor(id)
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
