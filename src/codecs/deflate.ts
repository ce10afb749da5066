import { inflateRawSync, type ZlibOptions } from 'node:zlib'

import { deflateSync } from 'fflate'
import { z } from 'zod'

import { around, type Packer } from './coding/around.js'
import { codecEntry, plain } from './entry.js'

type Level = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
type Memory = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** A hash table of as many entries as there are bytes, from 2^12 to 2^20: the library's own choice takes a logarithm. */
const memoryFor = (length: number): Memory => Math.max(0, Math.min(8, 20 - Math.clz32(length))) as Memory

/**
 * Packed by a library in plain JavaScript: node's own zlib hashes with what the processor offers, and where it is a
 * distribution's it is another zlib, so that its output is bound to the machine. What unpacks is not: that is node's.
 */
const packer = (level: Level): Packer => ({
  pack: (bytes) => deflateSync(bytes, { level, mem: memoryFor(bytes.length) }),
  unpack: (packed, length) => {
    const options: ZlibOptions = { maxOutputLength: Math.max(1, length), chunkSize: Math.max(64, length), info: true }
    try {
      const { buffer, engine } = inflateRawSync(packed, options) as unknown as {
        readonly buffer: Uint8Array
        readonly engine: { readonly bytesWritten: number }
      }
      return engine.bytesWritten === packed.length ? buffer : undefined
    } catch (error) {
      // Both of node's: data that is none (Z_...), and more of it than may be (ERR_BUFFER_TOO_LARGE).
      const { code } = error as { code?: unknown }
      if (typeof code === 'string' && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(code)) return undefined
      throw error
    }
  },
})

/** DEFLATE around all that the chain has made: lossless. */
export const deflate = codecEntry({
  kind: 'deflate',
  sentence: 'Lossless: LZ77 and Huffman codes around all that the codecs before have made.',
  source: 'Deutsch, DEFLATE Compressed Data Format Specification version 1.3 (RFC 1951), by fflate',
  schema: z.strictObject({
    kind: z.literal('deflate'),
    level: z.int().min(1).max(9).default(6).describe('1: fast, 9: small.'),
    planes: z.boolean().default(false).describe('Whether the first bytes of all numbers of 4 bytes are packed first, then the second ones, and so on.'),
  }),
  makes: 'bytes',
  traits: () => ({ ...plain, readsNumbers: true, sums: false }),
  build: ({ level, planes }, inner) => around(inner, packer(level as Level), planes),
})
