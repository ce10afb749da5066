import { Malformed } from './malformed.js'

/** Reads a message in order. What is not there throws `Malformed`. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next `count` bytes: a view of them. */
  take(count: number): Uint8Array {
    const at = this.#pass(count)
    return this.#bytes.subarray(at, at + count)
  }

  /** All bytes that are left, without passing them: for what finds its own end, and then takes as many as it has read. */
  ahead(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }

  u8(): number {
    return this.#bytes[this.#pass(1)]
  }

  u32(): number {
    return this.#view.getUint32(this.#pass(4), true)
  }

  f32(): number {
    return this.#view.getFloat32(this.#pass(4), true)
  }

  /** What `ByteWriter.varint` wrote, in no more bytes than it needs; `most`: the greatest that makes sense. */
  varint(most: number): number {
    let value = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.u8()
      value += (byte & 0x7f) * unit
      if (value > most) throw new Malformed(`a number above ${most}`)
      if (byte < 0x80) {
        if (byte === 0 && unit > 1) throw new Malformed('a number in more bytes than it needs')
        return value
      }
      if (unit >= 2 ** 49) throw new Malformed('a number without an end')
    }
  }

  /** Fills `into` with numbers as they lie. */
  floats(into: Float32Array): void {
    const bytes = this.take(into.byteLength)
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes)
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) throw new Malformed(`${this.left} bytes too many`)
  }

  #pass(count: number): number {
    const at = this.#at
    if (count > this.#bytes.length - at) throw new Malformed(`${count} bytes, of which ${this.left} are there`)
    this.#at = at + count
    return at
  }
}
