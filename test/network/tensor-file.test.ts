import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decodeTensorFile, encodeTensorFile, type FiledTensor } from '../../src/network/tensor-file.js'

const tensor: fc.Arbitrary<FiledTensor> = fc
  .record({ name: fc.string({ minLength: 1 }).map((text) => `t/${text}`), shape: fc.array(fc.nat(4), { maxLength: 3 }), whole: fc.boolean() })
  .chain(({ name, shape, whole }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = whole
      ? fc.array(fc.integer(), { minLength: size, maxLength: size }).map((all) => Int32Array.from(all))
      : fc.array(fc.float(), { minLength: size, maxLength: size }).map((all) => Float32Array.from(all))
    return values.map((own): FiledTensor => ({ name, dtype: whole ? 'I32' : 'F32', shape, values: own }))
  })
const file = fc.record({
  tensors: fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 }),
  metadata: fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'), fc.string(), { noNullPrototype: true }),
})

describe('a file of tensors', () => {
  it('is read as it was written, at any place in memory', () => {
    fc.assert(fc.property(file, fc.nat(7), ({ tensors, metadata }, shift) => {
      const bytes = encodeTensorFile(tensors, metadata)
      const moved = new Uint8Array(bytes.length + shift)
      moved.set(bytes, shift)
      const read = decodeTensorFile(moved.subarray(shift))!
      expect(read.metadata).toEqual(metadata)
      expect([...read.tensors.values()]).toEqual(tensors)
      expect((8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))) % 8).toBe(0)
    }))
  })

  it('is nothing, or within its bytes, whatever was done to them', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) })
    fc.assert(fc.property(file, fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(), ({ tensors, metadata }, changes, cut) => {
      const bytes = encodeTensorFile(tensors, metadata)
      for (const { at, to } of changes) bytes[at % bytes.length] = to
      for (const hostile of [bytes, bytes.subarray(0, cut % bytes.length)]) {
        for (const { shape, values } of decodeTensorFile(hostile)?.tensors.values() ?? []) {
          expect(values.byteLength).toBeLessThanOrEqual(hostile.length)
          expect(values.length).toBe(shape.reduce((a, b) => a * b, 1))
        }
      }
    }), { numRuns: 1000 })
    for (const text of ['', '[]', 'null', '{"a":1}', '{"__metadata__":{"a":1}}', '{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}']) {
      const json = new TextEncoder().encode(text)
      const block = new Uint8Array(24 + json.length)
      new DataView(block.buffer).setBigUint64(0, BigInt(json.length), true)
      block.set(json, 8)
      expect(decodeTensorFile(block), text).toBeUndefined()
    }
  })
})
