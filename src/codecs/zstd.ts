import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { z } from 'zod'

import { around, type Packer } from './coding/around.js'
import { codecEntry, plain } from './entry.js'

/** What of WebAssembly is used: its types are in those of browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => object
}

/** What of the library's module is used: functions on addresses in its memory. */
interface Library {
  calledRun?: boolean
  instantiateWasm?: (imports: object, receive: (instance: object) => void) => void
  readonly HEAPU8: Uint8Array
  init(bytes: Uint8Array): void
  _malloc(length: number): number
  _free(address: number): void
  _ZSTD_isError(code: number): number
  _ZSTD_compressBound(length: number): number
  _ZSTD_compress(to: number, room: number, from: number, length: number, level: number): number
  _ZSTD_decompress(to: number, room: number, from: number, length: number): number
}

/**
 * Opens the library at once, where its own `init` would have to be waited for. Its functions are taken as they are, since its
 * `decompress` makes room for whatever a frame says that it holds.
 */
const opened = (): Library => {
  const entry = createRequire(import.meta.url).resolve('@bokuweb/zstd-wasm')
  const { Module: library } = createRequire(entry)('./module.js') as { readonly Module: Library }
  if (library.calledRun === true) return library
  const module = new WebAssembly.Module(readFileSync(join(dirname(entry), 'zstd.wasm')))
  library.instantiateWasm = (imports, receive) => {
    receive(new WebAssembly.Instance(module, imports))
  }
  library.init(new Uint8Array())
  return library
}

/** What a function of the library makes of bytes, in `room` bytes at most; undefined: it says that they are wrong. */
const through = (
  library: Library,
  bytes: Uint8Array,
  room: number,
  run: (to: number, from: number) => number,
): Uint8Array | undefined => {
  // As long as 1 where there is nothing, so that an address is never that of no memory.
  const to = library._malloc(Math.max(1, room))
  const from = library._malloc(Math.max(1, bytes.length))
  try {
    if (to === 0 || from === 0) throw new RangeError(`zstd has no memory for ${bytes.length} and ${room} bytes`)
    library.HEAPU8.set(bytes, from)
    const length = run(to, from)
    return library._ZSTD_isError(length) === 0 ? library.HEAPU8.slice(to, to + length) : undefined
  } finally {
    library._free(from)
    library._free(to)
  }
}

const packer = (level: number): Packer => {
  const library = opened()
  return {
    pack: (bytes) => {
      const room = library._ZSTD_compressBound(bytes.length)
      const packed = through(library, bytes, room, (to, from) => library._ZSTD_compress(to, room, from, bytes.length, level))
      if (packed === undefined) throw new Error(`zstd cannot pack ${bytes.length} bytes at level ${level}`)
      return packed
    },
    unpack: (packed, length) =>
      through(library, packed, length, (to, from) => library._ZSTD_decompress(to, length, from, packed.length)),
  }
}

/** Zstandard around all that the chain has made: lossless. Its bytes are bound to the library's version (libraries.ts). */
export const zstd = codecEntry({
  kind: 'zstd',
  sentence: 'Lossless: Zstandard around all that the codecs before have made.',
  source: 'Collet and Kucherawy, Zstandard Compression and the application/zstd Media Type (RFC 8878), by @bokuweb/zstd-wasm',
  schema: z.strictObject({
    kind: z.literal('zstd'),
    level: z.int().min(1).max(19).default(3).describe('1: fast, 19: small.'),
    planes: z.boolean().default(false).describe('Whether the first bytes of all numbers of 4 bytes are packed first, then the second ones, and so on.'),
  }),
  makes: 'bytes',
  traits: () => ({ ...plain, readsNumbers: true, sums: false }),
  build: ({ level, planes }, inner) => around(inner, packer(level), planes),
})
