import type { Codec } from '../../src/codecs/codec.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'

/** The codec of a chain, as a file would write it. */
export const chain = (...stages: readonly { readonly kind: string; readonly [option: string]: unknown }[]): Codec =>
  buildCodec(stages.map((stage) => stageSchema.parse(stage)))
