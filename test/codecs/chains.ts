import type { Codec } from '../../src/codecs/codec.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'

export interface Link {
  readonly kind: string
  readonly [option: string]: unknown
}

/** The codec of a chain, as a file would write it. */
export const chain = (...stages: readonly Link[]): Codec =>
  buildCodec(stages.map((stage) => stageSchema.parse(stage)))
