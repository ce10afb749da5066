import { describe, expect, it } from 'vitest'

import type { Block } from '../../../src/codecs/codec.js'
import { codecEntries, type StageInput, stageSchema } from '../../../src/codecs/registry.js'
import { namedChains } from '../../../src/lab/byte-truth/chains.js'
import { bitsByFormula, countedBy, type Formula, sparseTernary } from '../../../src/lab/byte-truth/formulas.js'

/** A matrix [4, 3] with two rows that are 0, and a vector of 2: 14 values. */
const block: Block = { shapes: [[4, 3], [2]], values: Float32Array.of(1, 0, 0, 0, 0, 0, 2, 2, 2, 0, 0, 0, 5, 6) }

const bits = (...chain: readonly (StageInput | { readonly kind: string; readonly [option: string]: unknown })[]): number | undefined =>
  bitsByFormula(chain.map((stage) => stageSchema.parse(stage)), block)

const formulasOf = (kind: string): readonly Formula[] => {
  const counted = countedBy[kind]
  return 'none' in counted ? [] : counted.formulas
}

it('every codec of the library has a formula with its source, or says why it has none', () => {
  for (const { kind } of codecEntries) {
    const counted = countedBy[kind]
    expect(counted, `${kind}: add it to src/lab/byte-truth/formulas.ts`).toBeDefined()
    if ('none' in counted) expect(counted.none).not.toBe('')
    else for (const { formula, formulaSource } of counted.formulas) expect([formula, formulaSource, kind]).not.toContain('')
  }
})

it('every codec of the library has a row in the table', () => {
  const alone = namedChains().filter(({ chain }) => chain.length === 1).map(({ chain: [{ kind }] }) => kind)
  expect(alone).toEqual(expect.arrayContaining(codecEntries.map(({ kind }) => kind)))
  expect(new Set(namedChains().map(({ name }) => name)).size).toBe(namedChains().length)
})

describe('by hand', () => {
  it.each([
    [32 * 14, [{ kind: 'fp32' }]],
    [16 * 14, [{ kind: 'fp16' }]],
    [16 * 14, [{ kind: 'bf16' }]],
    // Two tensors, two floats each.
    [8 * 14 + 128, [{ kind: 'int8' }]],
    [4 * 14 + 128, [{ kind: 'int4' }]],
    [2 * 14 + 128, [{ kind: 'int2' }]],
    [8 * 14 + 64, [{ kind: 'ternary' }]],
    [8 * 14 + 64, [{ kind: 'sign' }]],
    // Buckets of 5 within tensors: three and one.
    [8 * 14 + 4 * 32, [{ kind: 'qsgd', bucket: 5 }]],
    // 3 of all 14.
    [3 * 64, [{ kind: 'topK', count: 3 }]],
    // Half of each tensor: 6 and 1.
    [7 * 64, [{ kind: 'topK', share: 0.5, per: 'segment' }]],
    [3 * (32 + 16), [{ kind: 'topK', count: 3 }, { kind: 'fp16' }]],
    [3 * 32, [{ kind: 'randomK', count: 3 }]],
    // Two rows of three that are not 0, with an int32 each, and the vector.
    [2 * 32 + 2 * 96 + 64, [{ kind: 'rows' }]],
    // The same, and two floats for each of three messages of what is left.
    [2 * 32 + 6 * 8 + 64 + 2 * 8 + 64, [{ kind: 'rows' }, { kind: 'int8' }]],
    // (4 + 3) of rank 1, and the vector; of rank 3 at most, since the matrix has no more.
    [32 * 7 + 64, [{ kind: 'powerSgd', rank: 1 }]],
    [32 * 21 + 64, [{ kind: 'powerSgd', rank: 9 }]],
    [32 * 14, [{ kind: 'delta' }]],
    [8 * 14 + 128, [{ kind: 'delta' }, { kind: 'int8' }]],
    [undefined, [{ kind: 'zstd' }]],
    [undefined, [{ kind: 'int8' }, { kind: 'deflate' }]],
    [undefined, [{ kind: 'errorBounded' }]],
  ])('%s bits: %j', (expected, chain) => {
    expect(bits(...chain)).toBe(expected)
  })

  it('EDEN: bits of the vector padded to a power of 2, and a scale', () => {
    expect(formulasOf('eden')[0].bits(block, { bits: 2.5 }, () => NaN)).toBe(2.5 * 16 + 32)
  })

  it('FedJAX counts log2 of 3 a ternary value, Golomb codes of 1 % take 8.2 bits with the sign', () => {
    const [, fedjax] = formulasOf('ternary')
    expect(fedjax.bits(block, {}, () => NaN)).toBeCloseTo(1.584_962_5 * 14 + 128, 5)
    // q = 1,001 / 100,001: b = 1 + floor(log2(ln .618 / ln .98999)) = 6, so 6 + 1 / (1 - .98999^64) + 1 + 1 for the sign.
    const many: Block = { shapes: [[100_000]], values: new Float32Array(100_000) }
    expect(sparseTernary.bits(many, { share: 0.01, per: 'message' }, () => NaN) / 1_000).toBeCloseTo(6 + 1 / (1 - (1 - 1001 / 100_001) ** 64) + 2, 9)
  })
})
