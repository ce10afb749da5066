import type { z } from 'zod'

import { told } from '../../entry.js'
import type { Layout } from '../../models/layout.js'
import type { Name, Participant } from '../../roster/participant.js'
import type { AnyLife } from '../life.js'
import type { Cut } from '../parts.js'
import type { Terms } from '../terms.js'

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>

/** Who is there besides servers, and what model they train. */
export interface Population {
  /** In the order of their names, with where they are. */
  readonly clients: readonly Participant[]
  readonly layout: Layout
}

/**
 * A topology of the library: who owns which part of the model, and who sends to whom. Called with its options, it gives them as
 * plain data, as a file would hold them; its fields are what `windtunnel list`, the specification and a flight read.
 */
export interface TopologyEntry<Schema extends z.ZodType = z.ZodType> {
  (options?: Options<Schema>): { readonly kind: KindOf<Schema> } & Options<Schema>
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  /** Everybody but the clients, the aggregator first where there is one. */
  servers(options: z.output<Schema>, population: Population): Participant[]
  /** How the model is cut into parts. */
  cuts(options: z.output<Schema>, layout: Layout): Cut[]
  /** How everybody lives: by name. */
  lives(options: z.output<Schema>, terms: Terms, participants: readonly Participant[]): ReadonlyMap<Name, AnyLife>
}

/** Makes the entry of a topology: one file of this folder, and one line of all.ts. */
export const topologyEntry = <Schema extends z.ZodType<{ readonly kind: string }>>(
  about: Pick<TopologyEntry<Schema>, 'kind' | 'sentence' | 'source' | 'schema' | 'servers' | 'cuts' | 'lives'>,
): TopologyEntry<Schema> => {
  const { kind, sentence, source, schema, servers, cuts, lives } = about
  const constructor = (options?: Options<Schema>) => ({ kind, ...options }) as { kind: KindOf<Schema> } & Options<Schema>
  return Object.assign(constructor, { kind, sentence, source, schema: told(schema, sentence, source), servers, cuts, lives })
}
