import * as tf from '@tensorflow/tfjs'
import { nameOf, type Body, type DType, type Inputs, type Sink, type Source } from '../program/body.js'
import type { Port, Session } from '../runtime.js'

/** The ports of a body that is run as it is. */
export interface Ports {
  readonly inputs: readonly Port<Source>[]
  readonly outputs: readonly Port<Sink>[]
}

/**
 * A body that is evaluated eagerly, kernel by kernel, on a backend of TensorFlow.js. The plain JavaScript one, `cpu`, is
 * slow, and the reference for every other engine. One client a run, no cohort axis. An input that the recorded graph lacks
 * influences nothing and reads as zeros. Leaves no tensor behind and puts back the backend that was active.
 */
export const openTfjs = (body: Body, { inputs, outputs }: Ports, backend = 'cpu'): Session => ({
  inputs,
  outputs,
  async run(cohort, feeds, results) {
    // Otherwise its first use prints an advertisement for the native backend to standard error.
    if (!tf.env().getBool('PROD')) tf.enableProdMode()
    if (cohort !== 1) throw new RangeError(`the tfjs session runs one client at a time, not ${cohort}`)
    // Asking for the backend makes TensorFlow.js choose its default, so that there is one to go back to.
    void tf.engine().backend
    const before = tf.getBackend()
    if (before !== backend) void tf.setBackend(backend)
    const read = new Map<string, tf.Tensor>()
    try {
      tf.tidy(() => {
        for (const { sink, tensor } of body(reading(feeds, read))) {
          results[nameOf(sink)]?.set(tensor.dataSync())
        }
      })
    } finally {
      for (const tensor of read.values()) tensor.dispose()
      if (before !== backend) void tf.setBackend(before)
    }
  },
  async close() {},
})

/**
 * Copies feeds into tensors, since buffers are filled again while a kernel may have kept the values. They are kept
 * until the run ends, because a body may read an input inside a scope of its own and again after it.
 */
const reading = (
  feeds: Readonly<Record<string, Float32Array | Int32Array>>,
  read: Map<string, tf.Tensor>,
): Inputs => ({
  read(source: Source, shape: readonly number[], dtype: DType = 'float32') {
    const name = nameOf(source)
    const known = read.get(name)
    if (known) return known
    const values = feeds[name]
    const tensor = tf.keep(values ? tf.tensor(values.slice(), [...shape], dtype) : tf.zeros([...shape], dtype))
    read.set(name, tensor)
    return tensor
  },
})
