/**
 * Impressions in typed columns, over shared memory so that every worker reads the same bytes. Row-major matrices.
 * A label of NaN means that the row does not belong to that task's sample space.
 */
export interface Table {
  readonly rows: number
  /** [rows, fields]; ids run from 0 (unknown or out of vocabulary) to the field's size - 1. */
  readonly categorical: Int32Array
  /** [rows, numeric], scaled. */
  readonly numeric: Float32Array
  /** [rows, tasks]; 0 or 1 for binary, any number for regression, the class number for multiclass, NaN where the task does not apply. */
  readonly labels: Float32Array
  /**
   * [rows, tasks] how much a training row counts in each task's loss, 0 or more; not read where there is no label. A row
   * of weight 0 is for that task as one without a label. Absent: all count alike.
   */
  readonly weights?: Float32Array
  /** [rows] who saw the impression, if known: for user-level metrics. Never a feature. */
  readonly user?: Int32Array
  /** [rows] milliseconds since 1970, if known. */
  readonly time?: Float64Array
}

/** Bytes of a block: the tables of some hundred small scenarios, and no more than the system gives at once anyway. */
const blockBytes = 256 * 1024

/**
 * Typed arrays over shared memory for many small tables: cut from common blocks, since a shared buffer of its own costs an
 * array of twenty numbers ten times their size. Large ones have a buffer of their own. A block lives as long as any of it.
 */
export class SharedMemory {
  #block = new SharedArrayBuffer(0)
  #used = 0

  floats = (length: number): Float32Array => this.#take(length, 4, (...at) => new Float32Array(...at), sharedFloats)
  ints = (length: number): Int32Array => this.#take(length, 4, (...at) => new Int32Array(...at), sharedInts)
  doubles = (length: number): Float64Array => this.#take(length, 8, (...at) => new Float64Array(...at), sharedDoubles)

  #take<A>(
    length: number, each: number, view: (block: SharedArrayBuffer, from: number, length: number) => A, alone: (length: number) => A,
  ): A {
    const bytes = length * each
    if (bytes > blockBytes / 8) return alone(length)
    if (this.#used + bytes > this.#block.byteLength) {
      this.#block = new SharedArrayBuffer(blockBytes)
      this.#used = 0
    }
    const array = view(this.#block, this.#used, length)
    this.#used += Math.ceil(bytes / 8) * 8
    return array
  }
}

/** A typed array over shared memory. */
export const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(length * 4))
export const sharedInts = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4))
export const sharedDoubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8))
