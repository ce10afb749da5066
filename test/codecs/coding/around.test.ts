import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { deflateRawSync } from 'node:zlib'

import { inflateSync } from 'fflate'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ofPlanes, planesOf } from '../../../src/codecs/coding/around.js'
import { ByteWriter } from '../../../src/codecs/coding/byte-writer.js'
import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { codecLibraries } from '../../../src/codecs/libraries.js'
import { Malformed } from '../../../src/codecs/coding/malformed.js'
import { packageFolder } from '../../../src/package.js'
import { chain } from '../chains.js'
import { decoded, encoded } from '../codecs.js'
import { tryHostile } from '../hostile.js'

const kinds = ['deflate', 'zstd'] as const

/** Numbers of which some come again and again. */
const shapes = [[50, 8], [3]]
const draws = drawsOf([6, 7])
const values = Float32Array.from({ length: 403 }, () => (draws.unit() < 0.6 ? 0.5 : draws.unit() - 0.5))

describe.each(kinds)('%s', (kind) => {
  it.each([false, true])('gives back any numbers, bit for bit, planes: %s', (planes) => {
    const codec = chain({ kind: 'fp32' }, { kind, planes })
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.float(), fc.constant(1), fc.constantFrom(NaN, Infinity, -0)), { maxLength: 300 }), (list) => {
        const block = { shapes: [[list.length]], values: Float32Array.from(list) }
        const bytes = encoded(codec, block)
        expect(decoded(codec, bytes, block.shapes)).toEqual(block.values)
        expect(bytes.length).toBeLessThanOrEqual(codec.most(block.shapes))
      }),
    )
  })

  it('makes fewer bytes, and stores what would not shrink', () => {
    const packed = encoded(chain({ kind: 'fp32' }, { kind }), { shapes, values })
    expect(packed.length).toBeLessThan(1100)
    expect(packed[0] % 2).toBe(1)
    expect([...encoded(chain({ kind: 'fp32' }, { kind }), { shapes: [[1]], values: Float32Array.of(1) })]).toEqual([8, 0, 0, 128, 63])
    expect([...encoded(chain({ kind: 'fp32' }, { kind }), { shapes: [], values: new Float32Array() })]).toEqual([0])
  })

  it('packs planes of like bytes better', () => {
    const small = Float32Array.from({ length: 5000 }, () => 1 + draws.unit() / 2)
    const length = (planes: boolean): number => encoded(chain({ kind: 'fp32' }, { kind, planes }), { shapes: [[5000]], values: small }).length
    expect(length(true)).toBeLessThan(length(false))
  })

  it('stops a bomb where the shapes end', () => {
    const bomb = new ByteWriter()
    const packed = kind === 'zstd' ? zeros : deflateRawSync(Buffer.alloc(1 << 24))
    // A frame of 16 MiB of zeros, said to be as long as two numbers: of one shape that is the most, of the other too much.
    bomb.varint(2 * packed.length + 1)
    bomb.varint(8)
    bomb.bytes(packed)
    const codec = chain({ kind: 'fp32' }, { kind })
    expect(() => decoded(codec, bomb.written(), [[2]])).toThrow(Malformed)
    expect(() => decoded(codec, bomb.written(), [[10_000]])).toThrow(/do not unpack to 8/)
    const honest = new ByteWriter()
    honest.varint(2 * packed.length + 1)
    honest.varint(1 << 24)
    honest.bytes(packed)
    expect(() => decoded(codec, honest.written(), [[10_000]])).toThrow(Malformed)
    expect(decoded(codec, honest.written(), [[1 << 22]]).every((value) => value === 0)).toBe(true)
  })

  it('refuses bytes behind what was packed', () => {
    const codec = chain({ kind: 'fp32' }, { kind })
    const block = { shapes: [[300]], values: new Float32Array(300) }
    const [head, ...rest] = encoded(codec, block)
    expect(() => decoded(codec, Uint8Array.of(head + 2, ...rest, 0), block.shapes)).toThrow(Malformed)
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(chain({ kind: 'fp32' }, { kind }), { shapes, values })
    tryHostile(chain({ kind: 'rows' }, { kind, planes: true }), { shapes, values })
  })
})

/** 16 MiB of zeros as a zstd frame: the bytes between the heads of what the codec writes. */
const zeros = encoded(chain({ kind: 'fp32' }, { kind: 'zstd' }), { shapes: [[1 << 22]], values: new Float32Array(1 << 22) }).slice(6)

it('planes go apart and together', () => {
  expect([...planesOf(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 3, 7])
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(ofPlanes(planesOf(bytes))).toEqual(bytes)
    }),
  )
})

it('what deflate writes is read by another library', () => {
  const bytes = encoded(chain({ kind: 'fp32' }, { kind: 'deflate' }), { shapes, values })
  expect(inflateSync(bytes.subarray(4))).toEqual(new Uint8Array(values.buffer))
})

it('the libraries whose bytes travel are the ones that are installed, and pinned', () => {
  const manifest = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { version: string; dependencies?: Record<string, string> }
  const ours = manifest(join(packageFolder(), 'package.json'))
  for (const [name, version] of Object.entries(codecLibraries)) {
    expect(ours.dependencies?.[name]).toBe(version)
    let folder = dirname(createRequire(import.meta.url).resolve(name))
    while (!folder.endsWith(name)) folder = dirname(folder)
    expect(manifest(join(folder, 'package.json')).version).toBe(version)
  }
})
