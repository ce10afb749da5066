import type { Tensor } from 'onnxruntime-common'
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
