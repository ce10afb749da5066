import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../src/codecs/coding/byte-writer.js'
import { sizeOf, type Block, type Codec, type Memory, type Shape } from '../../src/codecs/codec.js'
import { drawsOf, type Seed } from '../../src/codecs/coding/draws.js'
import { codecEntries } from '../../src/codecs/registry.js'
import { decoded, encoded } from './codecs.js'
import { everyCodec, optionSets } from './option-sets.js'

/** Tensors of every kind. */
const tensors: readonly (readonly Shape[])[] = [
  [], [[]], [[0]], [[1]], [[2]], [[7]], [[0, 4]], [[4, 0]], [[5, 8]], [[2, 3, 4]], [[3, 5], [], [0], [17], [2, 1]], [[300, 7], [64], [513]],
]

/** Roughly normal, of mean 0 and variance 1. */
const normal = (size: number, seed: Seed = [21, 22]): Float32Array => {
  const draws = drawsOf(seed)
  return Float32Array.from({ length: size }, () => 2 * (draws.unit() + draws.unit() + draws.unit() - 1.5))
}

/** Numbers of every kind, as many as are wanted. */
const kinds: Readonly<Record<string, (size: number) => Float32Array>> = {
  ordinary: (size) => normal(size),
  'tiny as 1e-30': (size) => normal(size).map((value) => value * 1e-30),
  'great as 1e30': (size) => normal(size).map((value) => value * 1e30),
  subnormal: (size) => normal(size).map((value) => value * 1e-42),
  'the least there are': (size) => normal(size).map((value) => Math.sign(value) * 2 ** -149),
  zeros: (size) => new Float32Array(size),
  'zeros below 0': (size) => new Float32Array(size).fill(-0),
  'all equal': (size) => new Float32Array(size).fill(-0.3),
  'one huge': (size) => normal(size).map((value, i) => (i === size >> 1 ? 1e30 : value * 1e-3)),
  'mostly 0': (size) => normal(size).map((value, i) => (i % 9 === 4 ? value : 0)),
  'whole numbers': (size) => normal(size).map((value) => Math.round(value * 20)),
  'of all scales': (size) => normal(size).map((value, i) => value * 10 ** ((i % 61) - 30)),
}

const blocks: readonly (Block & { readonly name: string })[] = tensors.flatMap((shapes) =>
  Object.entries(kinds).map(([name, make]) => ({ name: `${name}, ${JSON.stringify(shapes)}`, shapes, values: make(sizeOf(shapes)) })),
)

const bits = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

it('options are those of codecs that there are', () => {
  const known = new Set<string>(codecEntries.map(({ kind }) => kind))
  expect(Object.keys(optionSets).filter((kind) => !known.has(kind))).toEqual([])
})

/** What is wrong with what a codec makes of a block, if anything: thousands of blocks are tried, and `expect` is slow. */
const wrongWith = (codec: Codec, { shapes, values }: Block): string | undefined => {
  const before = values.slice()
  const bytes = encoded(codec, { shapes, values })
  if (Buffer.compare(bits(values), bits(before)) !== 0) return 'the numbers have changed'
  if (bytes.length > codec.most(shapes)) return `${bytes.length} bytes, above ${codec.most(shapes)}`
  const got = decoded(codec, bytes, shapes)
  const again = new Float32Array(values.length).fill(12345)
  codec.decode(new ByteReader(bytes), shapes, again)
  if (Buffer.compare(bits(got), bits(again)) !== 0) return 'a place is not written'
  const bounds = codec.bound({ shapes, values })
  if (bounds !== undefined && bounds.length !== values.length) return 'a bound is missing'
  for (const [i, value] of values.entries()) {
    const bound = bounds?.[i]
    if (bound === undefined ? !Number.isFinite(got[i]) : bound < Infinity && !(Math.abs(got[i] - value) <= bound)) {
      return `${value} at ${i} became ${got[i]}, with a bound of ${bound}`
    }
  }
  return undefined
}

describe.each(everyCodec)('$name', ({ codec, traits }) => {
  it('decodes numbers and tensors of every kind within its bound, at every place, in no more bytes than it says', () => {
    for (const { name, ...block } of blocks) {
      const wrong = wrongWith(codec, block)
      if (wrong !== undefined) expect.fail(`${name}: ${wrong}`)
    }
  })

  it('makes the same bytes of the same seed, wherever they come to lie', () => {
    for (const { name, ...block } of blocks) {
      const out = new ByteWriter(1)
      out.bytes(Uint8Array.of(1, 2, 3))
      codec.encode(block, out, { draws: drawsOf([1, 2]), memory: new Map() })
      if (Buffer.compare(out.written().subarray(3), encoded(codec, block)) !== 0) expect.fail(name)
    }
  })

  if (!traits.readsNumbers) it('makes as many bytes of any numbers', () => {
    for (const shapes of tensors) {
      const sizes = blocks.filter((block) => block.shapes === shapes).map((block) => encoded(codec, block).length)
      expect([...new Set(sizes)]).toHaveLength(1)
    }
  })

  it('hides no number that is not finite', () => {
    for (const shapes of tensors) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        let start = 0
        for (const [i, shape] of shapes.entries()) {
          const end = start + sizeOf([shape])
          for (const place of new Set([start, (start + end) >> 1, end - 1].filter((at) => at >= start && at < end))) {
            const values = normal(sizeOf(shapes))
            values[place] = bad
            const bytes = encoded(codec, { shapes, values })
            if (bytes.length > codec.most(shapes)) expect.fail(`${bytes.length} bytes, above ${codec.most(shapes)}`)
            const got = decoded(codec, bytes, shapes).subarray(start, end)
            if (got.every(Number.isFinite)) expect.fail(`${bad} at ${place} of tensor ${i} of ${JSON.stringify(shapes)}`)
          }
          start = end
        }
      }
    }
  })

  it('keeps memory if it says so, without changing what a checkpoint holds', () => {
    const shapes = [[5, 8], [30]]
    const memory: Memory = new Map()
    encoded(codec, { shapes, values: normal(70) }, [1, 2], memory)
    expect(memory.size > 0).toBe(traits.remembers)
    const held = new Map(memory)
    const copies = new Map([...memory].map(([name, values]) => [name, values.slice()]))
    encoded(codec, { shapes, values: normal(70, [5, 6]) }, [3, 4], memory)
    expect(held).toEqual(copies)
    for (const values of memory.values()) expect(values.every(Number.isFinite)).toBe(true)
  })

  if (traits.unbiased) it('decodes on average what was encoded, over the draws', () => {
    const seeds = 3000
    const shapes = [[4, 6], [9]]
    // Each is a good part of the greatest, so that it is met often enough to be counted.
    const values = normal(33).map((value) => Math.sign(value) * (0.1 + Math.abs(value)))
    const sums = new Float64Array(33)
    const squares = new Float64Array(33)
    for (let seed = 0; seed < seeds; seed++) {
      const got = decoded(codec, encoded(codec, { shapes, values }, [seed, 77]), shapes)
      for (const [i, value] of got.entries()) {
        const error = value - values[i]
        sums[i] += error
        squares[i] += error * error
      }
    }
    let all = 0
    for (const [i, value] of values.entries()) {
      const deviation = Math.sqrt(squares[i] / seeds)
      const mean = sums[i] / seeds
      // Floats are rounded to nearest, which no draws even out.
      const standardError = deviation / Math.sqrt(seeds) + Math.abs(value) * 2 ** -22
      if (Math.abs(mean) > 5 * standardError) expect.fail(`${value} at ${i} is ${mean} off, of a standard error of ${standardError}`)
      all += (mean / standardError) ** 2
    }
    expect(all).toBeLessThan(33 + 5 * Math.sqrt(66))
  })
})
