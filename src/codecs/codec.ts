import type { ByteReader } from './coding/byte-reader.js'
import type { ByteWriter } from './coding/byte-writer.js'
import type { Draws } from './coding/draws.js'

/** Sizes of a tensor's axes; of a scalar none. Rows lie along the last axis. */
export type Shape = readonly number[]

/** Numbers to code: tensors one after the other. */
export interface Block {
  readonly shapes: readonly Shape[]
  /** All of them, as many as the shapes have room for. */
  readonly values: Float32Array
}

/**
 * What a sender keeps between its messages about one part to one receiver (what was left out so far, factors to begin
 * with), by name. It belongs to the actor that sends, and dies with it where no checkpoint holds it: codecs keep nothing.
 */
export type Memory = Map<string, Float32Array>

/** What one message is encoded with. */
export interface Sending {
  /** Draws of this message alone. What the receiver must draw as well begins with a seed that travels. */
  readonly draws: Draws
  readonly memory: Memory
}

/**
 * How numbers become bytes. Pure, but for `memory`: the same block, draws and memory are the same bytes on every machine.
 *
 * A number that is not finite is never hidden: what is decoded of its tensor holds one that is not finite.
 */
export interface Codec {
  /** Appends the block. */
  encode(block: Block, out: ByteWriter, sending: Sending): void
  /**
   * Reads what `encode` has written of tensors of these shapes, to every place of `into`. Throws `Malformed` for bytes that
   * no encoder has written, as soon as it sees it, and never asks for more memory than the shapes justify.
   */
  decode(bytes: ByteReader, shapes: readonly Shape[], into: Float32Array): void
  /** The greatest absolute error of each value that may come of coding the block; undefined: none is promised. */
  bound(block: Block): Float64Array | undefined
  /** No block of these shapes becomes more bytes than this. */
  most(shapes: readonly Shape[]): number
}

/** What is true of a codec whatever it is given. */
export interface Traits {
  /** Whether the expected value of what is decoded is what was encoded, over the draws. */
  readonly unbiased: boolean
  /** Whether the number of its bytes depends on the numbers, and with it when messages arrive. */
  readonly readsNumbers: boolean
  /** Whether sums of what it makes of several vectors can be taken without decoding each: what secure aggregation needs. */
  readonly sums: boolean
  /** Whether it keeps memory between messages. */
  readonly remembers: boolean
  /** What it is made for: numbers as they are, or changes against what the receiver has, which are small and mostly near 0. */
  readonly of: 'values' | 'changes'
}

/** Values that tensors of these shapes hold together. */
export const sizeOf = (shapes: readonly Shape[]): number =>
  shapes.reduce((sum, shape) => sum + shape.reduce((product, axis) => product * axis, 1), 0)

/** Rows of a tensor and the values in each; what has fewer than two axes is one row. */
export const rowsOf = (shape: Shape): { readonly rows: number; readonly width: number } => {
  const width = shape.length === 0 ? 1 : shape[shape.length - 1]
  return { rows: shape.slice(0, -1).reduce((product, axis) => product * axis, 1), width }
}
