/** Just under the size from which allocators ask the system for fresh pages, which costs more than all the rest. */
const BLOCK = 120 * 1024

/**
 * Memory for frames that live briefly, such as the updates of a round: small ones are cut from common blocks, because
 * for the collector one block is one piece of memory. A block lives as long as any of its frames.
 */
export class FrameMemory {
  #block = new ArrayBuffer(0)
  #used = 0

  /** `size` bytes on an 8-byte boundary, not cleared. */
  readonly take = (size: number): Uint8Array => {
    if (size > BLOCK / 4) return alone(size)
    if (this.#used + size > this.#block.byteLength) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK).buffer
      this.#used = 0
    }
    const frame = new Uint8Array(this.#block, this.#used, size)
    this.#used += Math.ceil(size / 8) * 8
    return frame
  }
}

/** A frame with memory of its own, not cleared. */
export const alone = (size: number): Uint8Array => {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(size)
  return new Uint8Array(buffer, byteOffset, size)
}
