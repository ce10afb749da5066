import type { Body } from '../../src/engine/program/body.js'
import { cohort } from '../../src/engine/graph/cohort.js'
import type { Graph } from '../../src/engine/graph/graph.js'
import * as onnx from '../../src/engine/onnx/emit.js'
import type { Compiled } from '../../src/engine/runtime.js'
import * as tensorflow from '../../src/engine/tensorflow/emit.js'
import { loadNative } from '../../src/engine/tensorflow/native.js'
import { trace } from '../../src/engine/trace/trace.js'

/** One of the runtimes that recorded graphs are emitted for. */
export interface Runtime {
  readonly name: Compiled['runtime']
  /** The names of the operations that it has an emitter for. */
  readonly emitted: readonly string[]
  /** Emits a graph as it is. */
  readonly emit: (graph: Graph) => Compiled
  /** Records a body, gives it the cohort axis, and emits it. */
  readonly compile: (body: Body) => Compiled
  /** Why it cannot run here. */
  readonly missing?: string
}

/** Where this is set, a missing runtime is a failure and no reason to skip. */
const required = process.env.WINDTUNNEL_REQUIRE_NATIVE === '1'

const obstacle = (): string | undefined => {
  try {
    loadNative()
    return undefined
  } catch (error) {
    if (required) throw error
    const reason = error instanceof Error ? error.message : String(error)
    process.stdout.write(`skipped: tests in TensorFlow. ${reason}\n`)
    return reason
  }
}

const runtime = (name: Runtime['name'], emitters: object, emit: Runtime['emit'], missing?: string): Runtime => ({
  name,
  emitted: Object.keys(emitters),
  emit,
  compile: (body) => emit(cohort(trace(body))),
  ...(missing !== undefined && { missing }),
})

/** All runtimes. Asking for them loads TensorFlow, or prints why it cannot be had. */
export const runtimes: readonly Runtime[] = [
  runtime('onnx', onnx.emitters, (graph) => onnx.emitOnnx(graph)),
  runtime('tensorflow', tensorflow.emitters, (graph) => tensorflow.emitTensorflow(graph), obstacle()),
]
