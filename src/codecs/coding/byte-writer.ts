/** Bytes of one message, in order; room is made as they come. Numbers are little-endian and lie at any place. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0
  /** Who writes now, where that began, and what was written by each before. */
  #writer = ''
  #since = 0
  readonly #written = new Map<string, number>()

  constructor(room = 256) {
    this.#bytes = new Uint8Array(room)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** Room for `count` bytes, which are written: fill in all of them before anything else is written. They are not cleared. */
  take(count: number): Uint8Array {
    const at = this.#grow(count)
    return this.#bytes.subarray(at, at + count)
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
  }

  u8(value: number): void {
    const at = this.#grow(1)
    this.#bytes[at] = value
  }

  u32(value: number): void {
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
  }

  f32(value: number): void {
    const at = this.#grow(4)
    this.#view.setFloat32(at, value, true)
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first (LEB128). */
  varint(value: number): void {
    let left = value
    while (left > 0x7f) {
      this.u8((left % 0x80) | 0x80)
      left = Math.floor(left / 0x80)
    }
    this.u8(left)
  }

  /** Numbers as they lie in memory. */
  floats(values: Float32Array): void {
    this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  /** What was written: a view, until more is. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** From here on the bytes are counted as those of `writer`. Returns who wrote before. */
  by(writer: string): string {
    const before = this.#writer
    if (this.#length > this.#since) this.#written.set(before, (this.#written.get(before) ?? 0) + this.#length - this.#since)
    this.#writer = writer
    this.#since = this.#length
    return before
  }

  /** Bytes by who wrote them. */
  shares(): Readonly<Record<string, number>> {
    this.by(this.#writer)
    return Object.fromEntries(this.#written)
  }

  /** Forgets what was written, and keeps the room. */
  clear(): void {
    this.#length = 0
    this.#since = 0
    this.#writer = ''
    this.#written.clear()
  }

  #grow(count: number): number {
    const at = this.#length
    const length = at + count
    if (length > this.#bytes.length) {
      const more = new Uint8Array(Math.max(length, 2 * this.#bytes.length))
      more.set(this.#bytes.subarray(0, at))
      this.#bytes = more
      this.#view = new DataView(more.buffer)
    }
    this.#length = length
    return at
  }
}
