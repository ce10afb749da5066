import type { z } from 'zod'

import { type Definition, defineStrategy } from './define.js'
import type { Strategy } from './strategy.js'

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>
/** A strategy without options takes none: `{}` as a type would take anything. */
type Arguments<O> =
  keyof O extends never ? [options?: Record<string, never>] : Record<never, never> extends O ? [options?: O] : [options: O]

/**
 * A strategy of the library: called, it gives the strategy as plain data, as a file would hold it; its fields are what
 * `windtunnel list`, the specification and the federation read.
 */
export interface StrategyEntry<Schema extends z.ZodType = z.ZodType> {
  (...options: Arguments<Options<Schema>>): { readonly kind: KindOf<Schema> } & Options<Schema>
  readonly kind: KindOf<Schema>
  /** What it does, in one sentence for people. */
  readonly sentence: string
  /** The paper, with equation or algorithm numbers. */
  readonly source: string
  /** Its options as data, `kind` among them. */
  readonly schema: Schema
  build(options: z.output<Schema>): Strategy
}

/** Makes a strategy's entry. `define` gives what differs from FedAvg; name and source are the entry's. */
export const strategyEntry = <Schema extends z.ZodType<{ readonly kind: string }>>({
  kind,
  sentence,
  source,
  schema,
  define,
}: {
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  readonly define: (options: z.output<Schema>) => Omit<Definition, 'name'> & { readonly name?: string }
}): StrategyEntry<Schema> => {
  const constructor = (...[options]: Arguments<Options<Schema>>) =>
    ({ kind, ...options }) as { kind: KindOf<Schema> } & Options<Schema>
  return Object.assign(constructor, {
    kind,
    sentence,
    source,
    schema,
    build: (options: z.output<Schema>) => defineStrategy({ name: kind, source, ...define(options) }),
  })
}
