import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { nameOf, type Body, type Inputs } from '../program/body.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { Graph } from '../graph/graph.js'
import { sameShape } from '../graph/shapes.js'
import { traceBackend, type TraceBackend } from './trace-backend.js'
import { traceError } from './trace-error.js'

/** Inputs without values; `tensors` holds those that were read. */
const symbols = (backend: TraceBackend, builder: GraphBuilder, tensors: Map<string, Tensor>): Inputs => ({
  read(source, shape, dtype = 'float32') {
    const name = nameOf(source)
    const known = tensors.get(name)
    if (known) {
      if (sameShape(known.shape, shape) && known.dtype === dtype) return known
      throw traceError(
        `The input '${name}' was read as ${dtype}[${shape}] after ${known.dtype}[${known.shape}]`,
        'Read it with one shape and type.',
      )
    }
    if (dtype === 'bool') throw traceError(`The input '${name}' is bool`, 'Read int32 and cast it.')
    const info = backend.tensorOf(builder.input(source, shape, dtype))
    // Kept, because a body may read an input inside a scope of its own and again after it.
    const tensor = tf.keep(tf.engine().makeTensorFromTensorInfo(info))
    tensors.set(name, tensor)
    return tensor
  },
})

/**
 * Records a body as a graph: runs it once on the backend `trace`, whose tensors have shapes and no values. The backend
 * that was current before is current again afterwards, and no tensor stays behind.
 *
 * Throws `TraceError` where the body reads a value or uses an operation that cannot be recorded, with the body's line.
 */
export const trace = (body: Body): Graph => {
  const backend = traceBackend()
  // Asking for the engine's backend makes TensorFlow.js choose its default, so that there is one to go back to.
  void tf.engine().backend
  const before = tf.getBackend()
  void tf.setBackend('trace')
  const tensors = new Map<string, Tensor>()
  let graph: Graph | undefined
  try {
    backend.record((builder) => {
      tf.tidy(() => {
        const outputs = body(symbols(backend, builder, tensors))
        graph = builder.finish(outputs.map(({ sink, tensor }) => ({ sink, node: backend.node(tensor).id })))
      })
    })
  } finally {
    for (const tensor of tensors.values()) tensor.dispose()
    void tf.setBackend(before)
  }
  return graph!
}
