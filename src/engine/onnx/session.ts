import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Sink, Source } from '../body.js'
import type { Compiled, Port, Session } from '../runtime.js'
import { sizeOf } from '../shapes.js'

type Values = Float32Array | Int32Array
type Buffers = Readonly<Record<string, Values>>

/** How a session computes. None of these choices changes a bit of a result. */
export interface SessionOptions {
  /** Writes a profile of every node to files whose names start so. */
  readonly profile?: string
}

/** One port's tensors over the caller's buffers. A buffer that comes again gets the tensor that it had. */
class Slot {
  private readonly tensors = new WeakMap<Values, Map<string, Tensor>>()
  private readonly dims: readonly number[]
  private readonly size: number

  constructor(
    readonly name: string,
    private readonly port: Port<Source | Sink>,
    private readonly alone: boolean,
    private readonly make: (values: Values, dims: readonly number[]) => Tensor,
  ) {
    this.dims = port.view ?? port.shape
    this.size = sizeOf(port.shape)
  }

  /** The tensor over clients `first` to `first + count - 1` of the port's buffer. */
  tensor(buffers: Buffers, first: number, count: number): Tensor {
    const buffer = buffers[this.port.name] as Values | undefined
    if (buffer === undefined) throw new RangeError(`no buffer for '${this.port.name}'; give one for every port`)
    let known = this.tensors.get(buffer)
    if (known === undefined) this.tensors.set(buffer, (known = new Map()))
    const key = `${first} ${count}`
    let tensor = known.get(key)
    if (tensor === undefined) {
      const start = first * this.size
      const length = count * this.size
      if (buffer.length < start + length) {
        throw new RangeError(`buffer of ${buffer.length} elements for '${this.port.name}', which needs ${start + length}`)
      }
      const values = start === 0 && buffer.length === length ? buffer : buffer.subarray(start, start + length)
      tensor = this.make(values, this.alone ? this.dims : [count, ...this.dims])
      known.set(key, tensor)
    }
    return tensor
  }
}

/**
 * Loads a compiled program into ONNX Runtime, on one thread: a product that several threads share adds up in another order.
 * Buffers must not be over shared memory, which the runtime refuses.
 */
export const openOnnx = async (compiled: Compiled, { profile }: SessionOptions = {}): Promise<Session> => {
  const { InferenceSession: sessions, Tensor: tensors } = await import('onnxruntime-node')
  const session: InferenceSession = await sessions.create(compiled.bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  })
  const { inputs, outputs, alone = false } = compiled
  const slotsOf = (ports: readonly Port<Source | Sink>[], prefix: string): Slot[] =>
    ports.map((port, i) => new Slot(`${prefix}${i}`, port, alone, (values, dims) =>
      port.dtype === 'float32'
        ? new tensors('float32', values as Float32Array, dims)
        : new tensors('int32', values as Int32Array, dims),
    ))
  const [from, to] = [slotsOf(inputs, 'in'), slotsOf(outputs, 'out')]
  const runOnce = async (feeds: Buffers, results: Buffers, first: number, count: number): Promise<void> => {
    const given: Record<string, Tensor> = {}
    for (const slot of from) given[slot.name] = slot.tensor(feeds, first, count)
    const wanted: Record<string, Tensor> = {}
    for (const slot of to) wanted[slot.name] = slot.tensor(results, first, count)
    await session.run(given, wanted)
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
