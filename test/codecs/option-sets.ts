import { codecEntries, codecEntryOf, buildCodec, stageSchema } from '../../src/codecs/registry.js'
import type { Codec, Traits } from '../../src/codecs/codec.js'

/** Options that a codec is tried with beside its defaults, by its kind. */
export const optionSets: Readonly<Record<string, readonly object[]>> = {
  int8: [{ rounding: 'stochastic' }, { per: 'row' }, { per: 'segment', rounding: 'stochastic' }, { per: 3 }],
  int4: [{ rounding: 'stochastic' }, { per: 'row' }, { per: 'segment', rounding: 'stochastic' }, { per: 3 }],
  int2: [{ rounding: 'stochastic' }, { per: 'row' }, { per: 'segment', rounding: 'stochastic' }, { per: 3 }],
  qsgd: [{ levels: 1, bucket: 8 }, { levels: 127, norm: 'max' }, { code: 'elias' }, { code: 'elias', levels: 127, norm: 'max', bucket: 3 }, { levels: 5, bucket: 4 }],
  eden: [{ bits: 1 }, { bits: 2 }, { bits: 3 }, { bits: 1.3 }, { bits: 2.5 }],
  ternary: [{ packing: 'bits' }, { clip: 0.5 }, { per: 'row' }, { per: 3, packing: 'bits', clip: 1 }],
  topK: [{ share: 0.2, feedback: false }, { count: 3, per: 'segment' }, { count: 2, per: 'segment', feedback: false }],
  randomK: [{ share: 0.3, unbiased: true }, { count: 4, per: 'segment', unbiased: true }],
  powerSgd: [{ rank: 1, feedback: false }, { rank: 3, warmStart: false }],
  errorBounded: [{ absolute: 1e-3 }, { relative: 1e-4 }],
  deflate: [{ level: 1, planes: true }],
  zstd: [{ level: 19, planes: true }],
  sign: [{ feedback: false }, { per: 'row', feedback: false }, { per: 3 }],
}

export interface Case {
  readonly name: string
  readonly codec: Codec
  readonly traits: Traits
}

/** Every codec of the library, with its defaults and with each set of options. */
export const everyCodec: readonly Case[] = codecEntries.flatMap(({ kind }) =>
  [{}, ...(optionSets[kind] ?? [])].map((options) => {
    const stage = stageSchema.parse({ kind, ...options })
    const name = Object.keys(options).length === 0 ? kind : `${kind} ${JSON.stringify(options)}`
    return { name, codec: buildCodec([stage]), traits: codecEntryOf(stage).traits(stage) }
  }),
)
