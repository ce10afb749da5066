import { describe, expect, it } from 'vitest'

import { sizeOf, type Memory } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { codecEntries } from '../../src/codecs/registry.js'
import { chain, type Link } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

const kindsOf = (makes: string): string[] => codecEntries.filter((entry) => entry.makes === makes).map(({ kind }) => kind)

const shapes = [[40, 6], [12], []]

/** Changes of a table of which a third of the rows was touched, of a vector and of a number. */
const changes = (seed: number): Float32Array => {
  const draws = drawsOf([seed, 5])
  const values = new Float32Array(sizeOf(shapes))
  for (let row = 0; row < 40; row++) if (draws.unit() < 0.3) for (let i = 0; i < 6; i++) values[6 * row + i] = draws.unit() - 0.5
  for (let i = 240; i < values.length; i++) values[i] = draws.unit() - 0.5
  return values
}

/** Every choice before every other, before every kind of numbers; and with every packing around. */
const chains: readonly (readonly Link[])[] = kindsOf('choice').flatMap((first): Link[][] => [
  ...kindsOf('numbers').map((kind) => [{ kind: first }, { kind }]),
  ...kindsOf('choice').map((second) => [{ kind: first }, { kind: second }]),
  ...kindsOf('bytes').map((kind) => [{ kind: first }, { kind: 'errorBounded' }, { kind, planes: true }]),
])

const all = [
  ...chains,
  [{ kind: 'rows' }, { kind: 'topK', share: 0.1 }, { kind: 'errorBounded', relative: 1e-3 }, { kind: 'zstd' }],
  [{ kind: 'rows' }, { kind: 'topK', share: 0.1 }, { kind: 'fp16' }, { kind: 'zstd' }],
  [{ kind: 'topK', share: 0.5 }, { kind: 'powerSgd' }, { kind: 'randomK', share: 0.5 }, { kind: 'deflate' }, { kind: 'zstd' }],
].map((stages: readonly Link[]) => ({ name: stages.map(({ kind }) => kind).join(' '), stages, codec: chain(...stages) }))

describe.each(all)('$name', ({ codec, stages }) => {
  it('fills every place from no more bytes than it says, whatever comes message after message', () => {
    const memory: Memory = new Map()
    for (let t = 0; t < 12; t++) {
      // Now and then nothing has changed, and all of it.
      const values = t % 5 === 3 ? new Float32Array(sizeOf(shapes)) : t % 5 === 4 ? changes(t).map((value) => value + 1) : changes(t)
      const bytes = encoded(codec, { shapes, values }, [t, 1], memory)
      expect(bytes.length).toBeLessThanOrEqual(codec.most(shapes))
      expect(decoded(codec, bytes, shapes).every(Number.isFinite)).toBe(true)
    }
  })

  it('hides nothing that is not finite', () => {
    for (const [tensor, at, from, to] of [[0, 0, 0, 240], [0, 100, 0, 240], [1, 245, 240, 252], [2, 252, 252, 253]]) {
      const values = changes(3)
      values[at] = tensor === 1 ? -Infinity : NaN
      const got = decoded(codec, encoded(codec, { shapes, values }), shapes).subarray(from, to)
      expect(got.every(Number.isFinite), `tensor ${tensor}`).toBe(false)
    }
  })

  const owed = stages.findIndex(({ kind }) => kind === 'topK' || kind === 'randomK' || kind === 'powerSgd')
  it.runIf(owed >= 0)('loses nothing over all messages: what is owed lies in the memory of the first that chooses', () => {
    const memory: Memory = new Map()
    const given = new Float64Array(sizeOf(shapes))
    const got = new Float64Array(sizeOf(shapes))
    for (let t = 0; t < 30; t++) {
      const values = changes(t)
      for (const [i, value] of values.entries()) given[i] += value
      for (const [i, value] of decoded(codec, encoded(codec, { shapes, values }, [t, 1], memory), shapes).entries()) got[i] += value
    }
    // `delta` leaves all of it to the next.
    const owing = owed === 0 ? '0.error' : stages[0].kind === 'delta' ? `${owed}.error` : `0>${owed}.error`
    const left = memory.get(owing) ?? new Float32Array()
    for (const [i, value] of given.entries()) expect(got[i] + left[i]).toBeCloseTo(value, 3)
    expect([...memory.keys()].filter((name) => name.endsWith('.error'))).toEqual([owing])
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(codec, { shapes, values: changes(2) }, 200)
  })
})

it('sends a random 1 % with 16 bits each in 24.2 bits a number: 132 times fewer', () => {
  const draws = drawsOf([3, 3])
  const values = Float32Array.from({ length: 500_000 }, () => draws.unit() - draws.unit())
  const bytes = encoded(chain({ kind: 'topK' }, { kind: 'fp16' }), { shapes: [[500_000]], values })
  expect((4 * values.length) / bytes.length).toBeGreaterThan(132)
})
