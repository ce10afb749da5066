import type { z } from 'zod'

import { told } from '../entry.js'
import { chained, type Chained } from './chain.js'
import type { Codec, Traits } from './codec.js'

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>

/**
 * A codec of the library: called with its options, it gives them as plain data, as a file would hold them; its fields are
 * what `windtunnel list`, the specification and the wire read.
 */
export interface CodecEntry<Schema extends z.ZodType = z.ZodType> {
  (options?: Options<Schema>): Chained<{ readonly kind: KindOf<Schema> } & Options<Schema>>
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  /**
   * `numbers`: makes numbers into bytes, and ends a chain of codecs. `choice`: makes numbers into fewer or other numbers,
   * which the next codec of the chain codes. `bytes`: makes bytes into fewer bytes, after one that ends in bytes.
   */
  readonly makes: 'numbers' | 'choice' | 'bytes'
  traits(options: z.output<Schema>): Traits
  /**
   * Builds it. `inner`: what comes after it in the chain (of a `choice`), or what it is laid around (of `bytes`); plain fp32
   * where nothing does, and for `numbers`, which have no use for it. `place`: what its names in `memory` begin with.
   */
  build(options: z.output<Schema>, inner: Codec, place: string): Codec
}

/** Makes the entry of a codec: one file of this folder, and one line of all.ts. */
export const codecEntry = <Schema extends z.ZodType<{ readonly kind: string }>>(
  about: Pick<CodecEntry<Schema>, 'kind' | 'sentence' | 'source' | 'schema' | 'makes' | 'traits' | 'build'>,
): CodecEntry<Schema> => {
  const { kind, sentence, source, schema, makes, traits, build } = about
  const constructor = (options?: Options<Schema>) => chained({ kind, ...options } as { kind: KindOf<Schema> } & Options<Schema>)
  return Object.assign(constructor, { kind, sentence, source, schema: told(schema, sentence, source), makes, traits, build })
}

/** Numbers as they are, of no memory, changed by nothing. */
export const plain: Traits = { unbiased: true, readsNumbers: false, sums: true, remembers: false, of: 'values' }
