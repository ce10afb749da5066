import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { nameOf, type Body, type Source } from '../../src/engine/program/body.js'
import { cohort } from '../../src/engine/graph/cohort.js'
import type { Graph } from '../../src/engine/graph/graph.js'
import { emitOnnx } from '../../src/engine/onnx/emit.js'
import { openOnnx } from '../../src/engine/onnx/session.js'
import type { Compiled, Session } from '../../src/engine/runtime.js'
import { openTensorflow } from '../../src/engine/tensorflow/session.js'
import { sizeOf } from '../../src/engine/graph/shapes.js'
import { trace } from '../../src/engine/trace/trace.js'
import { streams } from '../../src/random/streams.js'

/* Runs one body in two ways: eagerly on plain tfjs, and recorded, emitted and run by a runtime for many clients. */

export type Values = Float32Array | Int32Array

/** Makes the values of one client's input. Deterministic: asked twice, it gives the same. */
export type Fill = (source: Source, size: number, client: number) => Values

/** Uniform in [low, high). */
export const between = (low: number, high: number): Fill => (source, size, client) => {
  const draw = streams('values')(nameOf(source), client)
  return Float32Array.from({ length: size }, () => low + (high - low) * draw())
}

/** Every output of a body for one client, by plain tfjs. */
export const eagerly = (body: Body, fill: Fill, client: number): Record<string, Float32Array> => {
  void tf.setBackend('cpu')
  return tf.tidy(() => {
    const known = new Map<string, Tensor>()
    const outputs = body({
      read(source, shape, dtype = 'float32') {
        const name = nameOf(source)
        if (!known.has(name)) known.set(name, tf.tensor(fill(source, sizeOf(shape), client), [...shape], dtype))
        return known.get(name)!
      },
    })
    return Object.fromEntries(outputs.map(({ sink, tensor }) => [nameOf(sink), Float32Array.from(tensor.dataSync())]))
  })
}

/** Every output of a loaded program for each of the clients, which share one run. */
export const flyIn = async (
  session: Session, fill: Fill, clients: readonly number[],
): Promise<Record<string, Float32Array>[]> => {
  const feeds: Record<string, Values> = {}
  const results: Record<string, Float32Array> = {}
  for (const { name, kind, shape, dtype } of session.inputs) {
    const size = sizeOf(shape)
    feeds[name] = new (dtype === 'float32' ? Float32Array : Int32Array)(clients.length * size)
    clients.forEach((client, i) => feeds[name].set(fill(kind, size, client), i * size))
  }
  for (const { name, shape } of session.outputs) {
    results[name] = new Float32Array(clients.length * sizeOf(shape)).fill(NaN)
  }
  await session.run(clients.length, feeds, results)
  return clients.map((_, i) =>
    Object.fromEntries(session.outputs.map(({ name, shape }) => {
      const size = sizeOf(shape)
      return [name, results[name].slice(i * size, (i + 1) * size)]
    })),
  )
}

/** Loads a compiled program into the runtime that it was made for. */
export const open = (compiled: Compiled): Promise<Session> =>
  compiled.runtime === 'onnx' ? openOnnx(compiled) : openTensorflow(compiled)

/** Every output of a compiled program for each of the clients, which share one run. */
export const fly = async (
  compiled: Compiled, fill: Fill, clients: readonly number[],
): Promise<Record<string, Float32Array>[]> => {
  const session = await open(compiled)
  try {
    return await flyIn(session, fill, clients)
  } finally {
    await session.close()
  }
}

export const compile = (body: Body): Compiled => emitOnnx(cohort(trace(body)))

/** The largest difference, relative where values are larger than 1. */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const apart = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]))
    worst = apart > worst || Number.isNaN(apart) ? (Number.isNaN(apart) ? Infinity : apart) : worst
  }
  return worst
}

export const bits = (values: Float32Array): string => Buffer.from(values.slice().buffer).toString('hex')

/** `id op(inputs) [shape]` per node, for literal traces of small graphs. */
export const listing = (graph: Graph): string[] =>
  graph.nodes.map(({ id, op, inputs, shape }) => `${id} ${op}(${inputs}) [${shape}]`)
