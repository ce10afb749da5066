import { createHash } from 'node:crypto'

import type { ClientState } from '../federation/client.js'
import type { PartState, Template, Vectors } from '../federation/strategies/strategy.js'
import type { Segment } from '../models/layout.js'

/** The `numbers` half of a digest: a hash of parameters and metrics, in an order that nothing real decides. */
export class Numbers {
  readonly #hash = createHash('sha256')

  /** What the owner of a part holds: common values, each client's own, the strategy's memory. */
  state({ values, personal, memory }: PartState): void {
    this.#vector(values)
    for (const [, own] of [...personal].sort(([a], [b]) => (a < b ? -1 : 1))) this.#vector(own)
    this.#all(memory)
  }

  /** What a client alone holds. All else it was sent, or sent itself. */
  client({ personal, kept }: ClientState, segments: readonly Segment[], template: Template): void {
    this.#all(kept)
    for (const segment of segments) {
      if (template(segment) !== 'private') continue
      this.#vector(personal.subarray(segment.offset, segment.offset + segment.size))
    }
  }

  metrics(digest: Parameters<ReturnType<typeof createHash>['update']>[0]): void {
    this.#hash.update(digest)
  }

  /** Hexadecimal; afterwards nothing can be added. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  #all(vectors: Vectors): void {
    for (const name of Object.keys(vectors).sort()) this.#vector(vectors[name])
  }

  #vector({ buffer, byteOffset, byteLength }: Float32Array): void {
    this.#hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
}
