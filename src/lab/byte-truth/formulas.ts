import { rowsOf, sizeOf, type Block, type Shape } from '../../codecs/codec.js'
import { howMany, type HowMany, partsOf } from '../../codecs/coding/how-many.js'
import type { Stage } from '../../codecs/registry.js'

/** How other code, or a paper, counts the bits of a codec that it does not pack. */
export interface Formula<Options = Readonly<Record<string, unknown>>> {
  /** In words, for people. */
  readonly formula: string
  /** Where it was read: the code's repository and path, or the paper. */
  readonly formulaSource: string
  /**
   * Bits of a block. `inner`: those of what it leaves to the next of the chain; 32 a value where nothing follows. Fractions are
   * left as the formula gives them.
   */
  readonly bits: (block: Block, options: Options, inner: (block: Block) => number) => number
}

/** A codec's formulas, the one of the table first; or why nobody has one. */
export type Counted = { readonly formulas: readonly [Formula, ...Formula[]] } | { readonly none: string }

const grace = (path: string): string => `sands-lab/grace grace_dl/dist/compressor/${path}.py`
const fedjax = 'google/fedjax fedjax/aggregators/compression.py'
const dasha = 'adap/flower baselines/dasha/dasha/compressors.py'
const felisat = 'felisat/federated-learning compression_utils.py'
const powerSgdCode = 'epfml/powersgd gradient_reducers.py'

const each = (bits: number, formulaSource: string): Formula => ({
  formula: `${bits} bits a value`, formulaSource, bits: ({ values }) => bits * values.length,
})

/** FedJAX's quantisers: log2 of the levels a value, and two floats a tensor. */
const levelled = (levels: number, quantiser: string): Formula => ({
  formula: `log2(${levels}) bits a value, 64 a tensor`,
  formulaSource: `${fedjax}, ${quantiser}`,
  bits: ({ shapes, values }) => Math.log2(levels) * values.length + 64 * shapes.length,
})

/** How many numbers are sent of a block, and out of how many each time. */
const chosen = (shapes: readonly Shape[], options: unknown): { readonly count: number; readonly of: number }[] =>
  partsOf(shapes, options as HowMany).map((of) => ({ count: howMany(of, options as HowMany), of }))

/** As many numbers, of which the formulas of what comes next ask nothing else. */
const numbers = (count: number): Block => ({ shapes: [[count]], values: new Float32Array(count) })

const sent = (position: number, formula: string, formulaSource: string): Formula => ({
  formula, formulaSource,
  bits: ({ shapes }, options, inner) =>
    chosen(shapes, options).reduce((sum, { count }) => sum + position * count + inner(numbers(count)), 0),
})

/** Golomb codes of the gaps between k of n places: b* + 1 / (1 - (1 - q)^(2^b*)) bits each, q = (k + 1) / (n + 1). */
const golomb = ({ count, of }: { readonly count: number; readonly of: number }): number => {
  const q = (count + 1) / (of + 1)
  if (q === 1 || count === 0) return 0
  const b = 1 + Math.floor(Math.log2(Math.log((Math.sqrt(5) - 1) / 2) / Math.log(1 - q)))
  return count * (b + 1 / (1 - (1 - q) ** (2 ** b)) + 1)
}

const positionsByGolomb: Formula = {
  formula: 'the value and b + 1 + 1 / (1 - (1 - q)^(2^b)) bits each that is sent (Golomb), q: the share sent',
  formulaSource: `${felisat}, get_bits (stc, approx)`,
  bits: ({ shapes }, options, inner) =>
    chosen(shapes, options).reduce((sum, part) => sum + golomb(part) + inner(numbers(part.count)), 0),
}

const changes: Formula = {
  formula: 'as what follows: a change has as many numbers',
  formulaSource: 'Konecny et al., Federated Learning: Strategies for Improving Communication Efficiency (2016), section 1',
  bits: (block, _, inner) => inner(block),
}

const low: Formula<{ readonly rank: number }> = {
  formula: '32 (rows + width) rank bits a matrix, 32 a value of vectors',
  formulaSource: `${powerSgdCode}, RankKReducer`,
  bits: ({ shapes }, { rank }) =>
    shapes.reduce((sum, shape) => {
      const { rows, width } = rowsOf(shape)
      return sum + 32 * (shape.length < 2 ? sizeOf([shape]) : Math.min(rank, rows, width) * (rows + width))
    }, 0),
}

const touched: Formula = {
  formula: 'an int32 and the values of each row that is not 0, vectors whole',
  formulaSource: 'horovod/horovod horovod/tensorflow/__init__.py, allreduce of IndexedSlices',
  bits: ({ shapes, values }, _, inner) => {
    let at = 0
    return shapes.reduce((sum, shape) => {
      const { rows, width } = rowsOf(shape)
      if (shape.length < 2) {
        at += width
        return sum + inner(numbers(width))
      }
      let count = 0
      for (let row = 0; row < rows; row++, at += width) if (values.subarray(at, at + width).some((value) => value !== 0)) count++
      return sum + 32 * count + inner(numbers(count * width))
    }, 0)
  },
}

const bucketed: Formula<{ readonly bucket: number; readonly levels: number }> = {
  formula: '8 bits a value (16 from 128 levels), 32 a bucket',
  formulaSource: grace('qsgd'),
  bits: ({ shapes, values }, { bucket, levels }) =>
    (levels < 128 ? 8 : 16) * values.length + 32 * shapes.reduce((sum, shape) => sum + Math.ceil(sizeOf([shape]) / bucket), 0),
}

const rotated: Formula<{ readonly bits: number }> = {
  formula: 'its bits a value of the vector padded to a power of 2, 32 for the scale',
  formulaSource: 'amitport/EDEN-Distributed-Mean-Estimation torch/eden.py',
  bits: ({ values }, { bits }) => (values.length === 0 ? 0 : bits * 2 ** Math.ceil(Math.log2(values.length)) + 32),
}

const ternaryBytes: Formula = {
  formula: '8 bits a value, 32 a tensor',
  formulaSource: grace('terngrad'),
  bits: ({ shapes, values }) => 8 * values.length + 32 * shapes.length,
}

const signBytes: Formula = { ...ternaryBytes, formulaSource: grace('efsignsgd') }

const signBits: Formula = {
  formula: '1 bit a value, 32 a tensor',
  formulaSource: `${powerSgdCode}, SignAndNormReducer`,
  bits: ({ shapes, values }) => values.length + 32 * shapes.length,
}

const packedBytes = 'what reports it reports the length of its output, as the column beside does'

/** By kind. A codec that is not here is told by a test. */
export const countedBy: Readonly<Record<string, Counted>> = {
  fp32: { formulas: [each(32, grace('none'))] },
  fp16: { formulas: [each(16, grace('fp16'))] },
  bf16: { formulas: [each(16, 'pytorch/pytorch torch/distributed/algorithms/ddp_comm_hooks/default_hooks.py, bf16_compress_hook')] },
  int8: { formulas: [levelled(256, 'uniform_stochastic_quantizer')] },
  int4: { formulas: [levelled(16, 'uniform_stochastic_quantizer')] },
  int2: { formulas: [levelled(4, 'uniform_stochastic_quantizer')] },
  ternary: { formulas: [ternaryBytes, levelled(3, 'terngrad_quantizer')] },
  sign: { formulas: [signBytes, signBits] },
  qsgd: { formulas: [bucketed as Formula] },
  eden: { formulas: [rotated as Formula] },
  topK: {
    formulas: [
      sent(32, 'the value and an int32 each that is sent', `${grace('topk')}; ${dasha} (64 bits each)`),
      sent(16, 'the value and 16 bits each that is sent', `${felisat}, get_bits (dgc)`),
      positionsByGolomb,
    ],
  },
  randomK: {
    formulas: [
      sent(0, 'the value each that is sent, positions by a common seed', grace('randomk')),
      sent(32, 'the value and an int32 each that is sent', `${dasha}, RandKCompressor and estimate_size`),
    ],
  },
  rows: { formulas: [touched] },
  delta: { formulas: [changes] },
  powerSgd: { formulas: [low as unknown as Formula] },
  errorBounded: { none: `its size follows from the numbers: ${packedBytes} (SZ, FedSZ)` },
  deflate: { none: `lossless: ${packedBytes}` },
  zstd: { none: `lossless: ${packedBytes}` },
}

/**
 * Bits of a chain that a paper counts as one, by Sattler et al. (sparse ternary compression): positions in Golomb codes and a
 * bit for the sign each, nothing for the mean.
 */
export const sparseTernary: Formula = {
  formula: 'b + 2 + 1 / (1 - (1 - q)^(2^b)) bits each that is sent (Golomb and a sign), q: the share sent',
  formulaSource: `${felisat}, get_bits (stc, approx)`,
  bits: ({ shapes }, options) => chosen(shapes, options).reduce((sum, part) => sum + golomb(part) + part.count, 0),
}

/**
 * Bits of a block by the first formula of each stage of a chain; undefined where one of them has none. Of what one
 * that chooses leaves to the next, the numbers count and not their values.
 */
export const bitsByFormula = (chain: readonly Stage[], block: Block): number | undefined => {
  const [stage, ...rest] = chain
  if (stage === undefined) return 32 * block.values.length
  const counted = countedBy[stage.kind]
  if (counted === undefined || 'none' in counted || rest.some(({ kind }) => !hasFormula(kind))) return undefined
  return counted.formulas[0].bits(block, stage, (left) => bitsByFormula(rest, left)!)
}

const hasFormula = (kind: string): boolean => {
  const counted = countedBy[kind]
  return counted !== undefined && 'formulas' in counted
}
