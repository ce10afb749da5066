import * as tf from '@tensorflow/tfjs'
import { nameOf, type Body, type DType, type Inputs, type Sink, type Source } from './body.js'
import type { Port, Session } from './runtime.js'

/** The ports of a body that is run as it is. */
export interface Ports {
  readonly inputs: readonly Port<Source>[]
  readonly outputs: readonly Port<Sink>[]
}

/**
 * A body that is evaluated eagerly, kernel by kernel, on TensorFlow.js's plain JavaScript backend: slow, and the
 * reference for every other engine. One client a run, no cohort axis. An input that the recorded graph lacks
 * influences nothing and reads as zeros. Leaves no tensor behind and puts back the backend that was active.
 */
export const openTfjs = (body: Body, { inputs, outputs }: Ports): Session => ({
  inputs,
  outputs,
  async run(cohort, feeds, results) {
    if (cohort !== 1) throw new RangeError(`the tfjs session runs one client at a time, not ${cohort}`)
    const before = tf.getBackend()
    if (before !== 'cpu') tf.setBackend('cpu')
    try {
      tf.tidy(() => {
        for (const { sink, tensor } of body(reading(feeds))) results[nameOf(sink)]?.set(tensor.dataSync() as Float32Array)
      })
    } finally {
      if (before !== 'cpu') tf.setBackend(before)
    }
  },
  async close() {},
})

/** Copies feeds into tensors: the buffers are filled again while a body may still hold the tensor. */
const reading = (feeds: Readonly<Record<string, Float32Array | Int32Array>>): Inputs => {
  const read = new Map<string, tf.Tensor>()
  return {
    read(source: Source, shape: readonly number[], dtype: DType = 'float32') {
      const name = nameOf(source)
      const known = read.get(name)
      if (known) return known
      const values = feeds[name]
      const tensor = values ? tf.tensor(values.slice(), [...shape], dtype) : tf.zeros([...shape], dtype)
      read.set(name, tensor)
      return tensor
    },
  }
}
