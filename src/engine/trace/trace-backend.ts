import * as tf from '@tensorflow/tfjs'
import type { DataType, TensorInfo } from '@tensorflow/tfjs'
import { GraphBuilder } from '../graph/graph-builder.js'
import type { Node } from '../graph/graph.js'
import { kernels } from './kernels.js'
import { dtypeOf, type KernelAttributes, type KernelInputs, type Recorder } from './recorder.js'
import { traceError } from './trace-error.js'

type Values = ArrayLike<number>

const unread = (): Error =>
  traceError(
    'A value was read while the model was being recorded, and there are no values yet',
    'Compute with tensors only (`tf.where` instead of `if`), and leave printing to eager runs.',
  )

/**
 * The TensorFlow.js backend `trace`: its kernels compute nothing and record nodes. One instance per TensorFlow.js,
 * which itself knows one current backend only; between recordings it holds nothing.
 */
export class TraceBackend extends tf.KernelBackend implements Recorder {
  private recording?: { readonly builder: GraphBuilder; readonly nodes: WeakMap<object, number> }

  get builder(): GraphBuilder {
    if (!this.recording) {
      throw traceError(
        "A tensor of a recording, or the backend 'trace', was used outside of it", 'Use another backend.',
      )
    }
    return this.recording.builder
  }

  /** Runs `body` with a fresh graph; recordings may nest. */
  record<Result>(body: (builder: GraphBuilder) => Result): Result {
    const outer = this.recording
    const builder = new GraphBuilder()
    this.recording = { builder, nodes: new WeakMap() }
    try {
      return body(builder)
    } finally {
      this.recording = outer
    }
  }

  /** A tensor that stands for a node. */
  tensorOf(id: number): TensorInfo {
    const { shape, dtype } = this.builder.node(id)
    return { dataId: this.remember(id), shape: [...shape], dtype }
  }

  node(tensor: TensorInfo): Node {
    const { builder } = this
    const known = this.recording!.nodes.get(tensor.dataId)
    if (known !== undefined) return builder.node(known)
    const info = tf.engine().state.tensorInfo.get(tensor.dataId)
    if (info === undefined || info.backend === this) {
      throw traceError(
        'A tensor of another recording was used in this one', 'Make it inside the body, or read it as an input.',
      )
    }
    // The values stay where they are: the caller may still want them.
    const values = info.backend.readSync(tensor.dataId) as unknown as Values
    const id = builder.constant(values, tensor.shape, dtypeOf(tensor))
    this.recording!.nodes.set(tensor.dataId, id)
    return builder.node(id)
  }

  override write(values: unknown, shape: number[], dtype: DataType): object {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw traceError(`A constant of type '${dtype}' cannot be recorded`, 'Use float32, int32 or bool.')
    }
    return this.remember(this.builder.constant(values as Values, shape, dtype))
  }

  override readSync(): never {
    throw unread()
  }

  override read(): Promise<never> {
    return Promise.reject(unread())
  }

  override disposeData(): boolean {
    return true
  }

  override refCount(): number {
    return 1
  }

  override incRef(): void {}

  override numDataIds(): number {
    return 0
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override timerAvailable(): boolean {
    return false
  }

  override dispose(): void {}

  private remember(id: number): object {
    const dataId = {}
    void this.builder
    this.recording!.nodes.set(dataId, id)
    return dataId
  }
}

const register = (backend: TraceBackend): void => {
  tf.registerBackend('trace', () => backend, 0)
  for (const [kernelName, rule] of Object.entries(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName: 'trace',
      kernelFunc: ({ inputs, attrs }) => {
        const made = rule(backend, inputs as KernelInputs, (attrs ?? {}) as KernelAttributes)
        return Array.isArray(made) ? made.map((id) => backend.tensorOf(id)) : backend.tensorOf(made)
      },
    })
  }
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    if (kernelName in kernels) continue
    tf.registerKernel({
      kernelName,
      backendName: 'trace',
      kernelFunc: () => {
        throw traceError(`The operation '${kernelName}' cannot be recorded`, 'Write it with other operations.')
      },
    })
  }
}

/** The backend, registered when first asked for. */
export const traceBackend = (): TraceBackend => {
  if (tf.findBackendFactory('trace') === null || tf.findBackendFactory('trace') === undefined) {
    register(new TraceBackend())
  }
  return tf.findBackendFactory('trace')() as TraceBackend
}
