import { describe, expect, it } from 'vitest'

import { drawsOf } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { type CodedTensor, type MessageCodec, messageCodec, UnknownReference } from '../../src/codecs/message-codec.js'
import type { Chain } from '../../src/codecs/routes.js'
import { stageSchema } from '../../src/codecs/registry.js'

const chain = (...stages: readonly object[]): Chain => stages.map((stage) => stageSchema.parse(stage))
const half = chain({ kind: 'fp16' })
const change = chain({ kind: 'delta' }, { kind: 'fp16' })

/** Tensor 5 is a matrix of 2 by 2, tensor 7 three numbers, and behind them lies a further tensor of one. */
const tensors = (first: Chain | undefined, second: Chain | undefined, extra?: Chain): CodedTensor[] => [
  { index: 5, shape: [2, 2], offset: 0, size: 4, chain: first, extra: false },
  { index: 7, shape: [3], offset: 4, size: 3, chain: second, extra: false },
  { index: 9, shape: [1], offset: 7, size: 1, chain: extra, extra: true },
]

const values = Float32Array.of(1, 2, 3, 4, 0.5, 0.25, -1, 77)
const encode = (codec: MessageCodec, reference?: { round: number; values: Float32Array }, of = values) => {
  const { bytes, shares } = codec.encode(of, reference, { draws: drawsOf([1, 2]), memory: new Map() })
  return { bytes: bytes.slice(), shares }
}
const nothing = (): undefined => undefined

describe('a coded message', () => {
  it('is, byte for byte: which tensors, what was agreed on, no model, then what each codec makes', () => {
    const codec = messageCodec(tensors(half, undefined), false)
    const { bytes, shares } = encode(codec)
    expect([...bytes.subarray(0, 4)]).toEqual([3, 5, 7, 9])
    // 1, 2, 3, 4 in binary16, then .5, .25, -1 and 77 in binary32, little-endian.
    expect(Buffer.from(bytes.subarray(8)).toString('hex')).toBe('00003c0040004200440000003f0000803e000080bf00009a42')
    expect(shares).toEqual({ names: 9, fp16: 8, fp32: 16 })
    expect(codec.decode(bytes, nothing)).toEqual({ values, reference: undefined })
    expect(bytes.length).toBeLessThanOrEqual(codec.most)
  })

  it('holds tensors that are coded alike as one block, wherever they lie', () => {
    const topK = chain({ kind: 'topK', count: 1, feedback: false })
    const codec = messageCodec([{ ...tensors(topK, undefined)[0] }, { ...tensors(undefined, undefined)[1] }, { index: 8, shape: [2], offset: 7, size: 2, chain: topK, extra: false }], false)
    const of = Float32Array.of(1, 2, 3, 4, 0, 0, 0, -9, 5)
    const reference = { round: 1, values: new Float32Array(9) }
    expect([...codec.decode(encode(codec, reference, of).bytes, () => reference.values).values]).toEqual([0, 0, 0, 0, 0, 0, 0, -9, 0])
  })

  it('names the model that it is a change of, by its round and its numbers, and is read with that one only', () => {
    const codec = messageCodec(tensors(change, undefined), false)
    const before = Float32Array.of(1, 2, 3, 3, 9, 9, 9)
    const { bytes } = encode(codec, { round: 4, values: before })
    const asked: number[] = []
    const read = codec.decode(bytes, (round) => {
      asked.push(round)
      return before
    })
    expect(asked).toEqual([4])
    expect(read).toEqual({ values, reference: 4 })
    expect(() => codec.decode(bytes, nothing)).toThrow(UnknownReference)
    expect(() => codec.decode(bytes, () => Float32Array.of(1, 2, 3, 3, 9, 9, 8))).toThrow(UnknownReference)
    expect(() => codec.decode(bytes, () => before.subarray(1))).toThrow(UnknownReference)
  })

  it('goes whole where there is no such model: to the bit', () => {
    const codec = messageCodec(tensors(change, change), false)
    const of = values.map((value) => value / 3)
    expect(codec.decode(encode(codec, undefined, of).bytes, nothing).values).toEqual(of)
  })

  it('takes no further tensor for a change', () => {
    const codec = messageCodec(tensors(undefined, undefined, chain({ kind: 'topK', count: 1, feedback: false })), false)
    expect(codec.changes).toBe(false)
    expect(codec.decode(encode(codec, { round: 2, values: new Float32Array(7) }).bytes, nothing).values).toEqual(values)
  })

  it('names a model that nothing is a change of, where its sender is to say what it has', () => {
    const before = new Float32Array(7)
    const codec = messageCodec(tensors(undefined, undefined), true)
    expect(codec.decode(encode(codec, { round: 3, values: before }).bytes, () => before).reference).toBe(3)
    expect(() => messageCodec(tensors(undefined, undefined), false).decode(encode(codec, { round: 3, values: before }).bytes, () => before)).toThrow(Malformed)
  })

  it('is refused by who has agreed on other tensors, shapes or codecs', () => {
    const { bytes } = encode(messageCodec(tensors(half, undefined), false))
    const others = [
      tensors(undefined, half), tensors(chain({ kind: 'bf16' }), undefined), tensors(half, undefined).slice(0, 2),
      tensors(half, undefined).map((tensor) => ({ ...tensor, index: tensor.index + 1 })),
      tensors(half, undefined).map((tensor, i) => (i === 0 ? { ...tensor, shape: [4] } : tensor)),
    ]
    for (const other of others) expect(() => messageCodec(other, false).decode(bytes, nothing)).toThrow(Malformed)
  })

  it('is refused, or read whole, whatever its bytes have become', () => {
    const draws = drawsOf([7, 7])
    const before = new Float32Array(7)
    for (const codec of [messageCodec(tensors(half, change), true), messageCodec(tensors(chain({ kind: 'rows' }, { kind: 'topK', share: 0.5 }, { kind: 'zstd' }), undefined), false)]) {
      const { bytes } = encode(codec, { round: 1, values: before })
      let refused = 0
      for (let i = 0; i < 2000; i++) {
        const damaged = bytes.slice(0, i % 3 === 0 ? draws.next() % (bytes.length + 1) : bytes.length)
        if (damaged.length > 0) damaged[draws.next() % damaged.length] ^= 1 << (draws.next() % 8)
        try {
          expect(codec.decode(damaged, () => before).values).toHaveLength(8)
        } catch (error) {
          if (!(error instanceof Malformed) && !(error instanceof UnknownReference)) throw error
          refused++
        }
      }
      expect(refused).toBeGreaterThan(1000)
    }
  })
})
