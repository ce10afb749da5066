import type { Tensor } from 'onnxruntime-node'
import type { Sink, Source } from '../program/body.js'
import { bufferOf, type Buffers, type Values } from '../buffers.js'
import type { Port } from '../runtime.js'
import { sizeOf } from '../graph/shapes.js'

export type MakeTensor = (values: Values, dims: readonly number[]) => Tensor

/**
 * A port that travels by itself, with tensors over the caller's buffers. A buffer that comes again gets those it had.
 */
export class Slot {
  private readonly tensors = new WeakMap<Values, Map<string, Tensor>>()
  private readonly size: number

  constructor(
    readonly name: string,
    private readonly port: Port<Source | Sink>,
    private readonly alone: boolean,
    private readonly make: MakeTensor,
  ) {
    this.size = sizeOf(port.shape)
  }

  /** The tensor over clients `first` to `first + count - 1` of the port's buffer. */
  tensor(buffers: Buffers, first: number, count: number): Tensor {
    const [start, end] = [first * this.size, (first + count) * this.size]
    const buffer = bufferOf(buffers, this.port.name, end)
    let known = this.tensors.get(buffer)
    if (known === undefined) this.tensors.set(buffer, (known = new Map()))
    const key = `${first} ${count}`
    let tensor = known.get(key)
    if (tensor === undefined) {
      const values = start === 0 && buffer.length === end ? buffer : buffer.subarray(start, end)
      const dims = this.port.view ?? this.port.shape
      tensor = this.make(values, this.alone ? dims : [count, ...dims])
      known.set(key, tensor)
    }
    return tensor
  }
}

interface Stage {
  readonly tensor: Tensor
  /** One view per member. */
  readonly views: readonly Float32Array[]
}

/** Copying so few elements one by one is faster than making a view of them. */
const fewElements = 64

const copy = (from: Float32Array, start: number, to: Float32Array, at: number, length: number): void => {
  if (length <= fewElements) for (let i = 0; i < length; i++) to[at + i] = from[start + i]
  else to.set(start === 0 && from.length === length ? from : from.subarray(start, start + length), at)
}

/** The ports that travel in one tensor: all clients' values of the first, then of the next. */
export class JointSlot {
  private readonly stages = new Map<number, Stage>()
  private readonly sizes: readonly number[]

  constructor(
    readonly name: string,
    private readonly ports: readonly Port<Source | Sink>[],
    private readonly make: MakeTensor,
  ) {
    this.sizes = ports.map(({ shape }) => sizeOf(shape))
  }

  tensor(count: number): Tensor {
    return this.stage(count).tensor
  }

  /** Copies what the callers' buffers hold for clients `first` to `first + count - 1`. */
  collect(feeds: Buffers, first: number, count: number): void {
    const { views } = this.stage(count)
    for (let i = 0; i < views.length; i++) {
      const size = this.sizes[i]
      const buffer = bufferOf(feeds, this.ports[i].name, (first + count) * size)
      copy(buffer as Float32Array, first * size, views[i], 0, count * size)
    }
  }

  /** Copies results into the caller's buffers. */
  distribute(results: Readonly<Record<string, Float32Array>>, first: number, count: number): void {
    const { views } = this.stage(count)
    for (let i = 0; i < views.length; i++) {
      const size = this.sizes[i]
      const buffer = bufferOf(results, this.ports[i].name, (first + count) * size)
      copy(views[i], 0, buffer, first * size, count * size)
    }
  }

  private stage(count: number): Stage {
    const known = this.stages.get(count)
    if (known) return known
    const total = this.sizes.reduce((sum, size) => sum + size, 0)
    const values = new Float32Array(total * count)
    let start = 0
    const views = this.sizes.map((size) => values.subarray(start, (start += size * count)))
    const stage = { tensor: this.make(values, [values.length]), views }
    this.stages.set(count, stage)
    return stage
  }
}
