import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../../src/codecs/coding/byte-writer.js'
import { pack, unpack } from '../../../src/codecs/coding/packing.js'

describe('packed codes', () => {
  it('are the bits of all of them one after the other, the lowest first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(255), { maxLength: 40 }), (bits, numbers) => {
        const codes = Uint8Array.from(numbers, (number) => number % 2 ** bits)
        const out = new ByteWriter(1)
        pack(codes, bits, out)
        const written = [...codes].flatMap((code) => Array.from({ length: bits }, (_, bit) => (code >> bit) & 1))
        const read = [...out.written()].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1))
        expect(out.length).toBe(Math.ceil(written.length / 8))
        expect(read.slice(0, written.length)).toEqual(written)
        expect(read.slice(written.length).includes(1)).toBe(false)
        expect([...unpack(new ByteReader(out.written()), codes.length, bits)]).toEqual([...codes])
      }),
    )
  })

  it('end with bits that are 0', () => {
    expect(() => unpack(new ByteReader(Uint8Array.of(0b1000)), 1, 3)).toThrow('bits after the last code')
  })
})
