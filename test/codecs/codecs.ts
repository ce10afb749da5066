import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../src/codecs/coding/byte-writer.js'
import { type Block, type Codec, type Memory, type Shape, sizeOf } from '../../src/codecs/codec.js'
import { drawsOf, type Seed } from '../../src/codecs/coding/draws.js'

/** The bytes of a block. */
export const encoded = (codec: Codec, block: Block, seed: Seed = [1, 2], memory: Memory = new Map()): Uint8Array => {
  const out = new ByteWriter()
  codec.encode(block, out, { draws: drawsOf(seed), memory })
  return out.written().slice()
}

/** What all of the bytes say; places that are not written stay NaN. */
export const decoded = (codec: Codec, bytes: Uint8Array, shapes: readonly Shape[]): Float32Array => {
  const into = new Float32Array(sizeOf(shapes)).fill(NaN)
  const reader = new ByteReader(bytes)
  codec.decode(reader, shapes, into)
  reader.end()
  return into
}
