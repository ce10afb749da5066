import { bufferOf, type Buffers } from './buffers.js'
import { sizeOf } from './graph/shapes.js'
import type { Sink, Source } from './program/body.js'
import type { Port } from './runtime.js'

interface Stage<Tensor> {
  readonly tensor: Tensor
  readonly values: Float32Array
  /** One view per member. */
  readonly views: readonly Float32Array[]
}

/** Copying so few elements one by one is faster than making a view of them. */
const fewElements = 64

const copy = (from: Float32Array, start: number, to: Float32Array, at: number, length: number): void => {
  if (length <= fewElements) for (let i = 0; i < length; i++) to[at + i] = from[start + i]
  else to.set(start === 0 && from.length === length ? from : from.subarray(start, start + length), at)
}

/**
 * The ports that travel in one tensor of a runtime: all clients' values of the first, then of the next. For every
 * number of clients there is a stage of its own, whose tensor is made once, over values that change.
 */
export class JointSlot<Tensor> {
  private readonly stages = new Map<number, Stage<Tensor>>()
  private readonly sizes: readonly number[]

  constructor(
    readonly name: string,
    private readonly ports: readonly Port<Source | Sink>[],
    private readonly make: (values: Float32Array, dims: readonly number[]) => Tensor,
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

  private stage(count: number): Stage<Tensor> {
    const known = this.stages.get(count)
    if (known) return known
    const total = this.sizes.reduce((sum, size) => sum + size, 0)
    const values = new Float32Array(total * count)
    let start = 0
    const views = this.sizes.map((size) => values.subarray(start, (start += size * count)))
    const stage = { tensor: this.make(values, [values.length]), values, views }
    this.stages.set(count, stage)
    return stage
  }
}
