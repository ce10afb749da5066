/** Rows of a chunk, as a power of two: few enough for a short flight, and enough that a long one has few chunks. */
const SHIFT = 8
const CHUNK = 2 ** SHIFT

/**
 * A table of numbers that only grows. What a flight writes down of every message lies here rather than in an object each:
 * the collector would walk over those again and again.
 */
export class Columns {
  readonly #chunks: Float64Array[] = []
  #length = 0

  /** `width`: numbers a row. */
  constructor(readonly width: number) {}

  get length(): number {
    return this.#length
  }

  /** One row more, of these numbers in the order of columns. */
  add(...numbers: readonly number[]): void {
    const row = this.#length++
    if (row % CHUNK === 0) this.#chunks.push(new Float64Array(CHUNK * this.width))
    const chunk = this.#chunks[row >>> SHIFT]
    const start = (row % CHUNK) * this.width
    for (let column = 0; column < numbers.length; column++) chunk[start + column] = numbers[column]
  }

  get(row: number, column: number): number {
    return this.#chunks[row >>> SHIFT][(row % CHUNK) * this.width + column]
  }

  set(row: number, column: number, value: number): void {
    this.#chunks[row >>> SHIFT][(row % CHUNK) * this.width + column] = value
  }
}
