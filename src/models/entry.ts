import { z } from 'zod'
import { initialised, initOption, type Init } from './init.js'
import type { Model } from './model.js'

/** A model's options: a zod schema for each, every one with a sentence. */
type Shape = Readonly<Record<string, z.ZodType>>

type Schema<Kind extends string, S extends Shape> = z.ZodObject<
  { readonly kind: z.ZodLiteral<Kind> } & S,
  z.core.$strict
>
type Options<S extends Shape> = z.input<z.ZodObject<S>>

/**
 * A model of the library: called, it gives the model as plain data, as a file would hold it; its fields are what
 * `windtunnel list`, the specification and the federation read.
 */
export interface ModelEntry<Kind extends string = string, S extends Shape = Shape> {
  (options: Options<S>): { readonly kind: Kind } & Options<S>
  readonly kind: Kind
  /** What it is, in one sentence for people. */
  readonly sentence: string
  /** The paper, with equation numbers. */
  readonly source: string
  /** Its options as data, `kind` among them. */
  readonly schema: Schema<Kind, S>
  build(options: z.output<z.ZodObject<S>>): Model
}

/** Options of every model, which its own `build` is not told. */
const common = { init: initOption }
type Common = typeof common

/** Makes a model's entry, from the schemas of its options and what builds a model of them. */
export const modelEntry = <const Kind extends string, S extends Shape>({
  kind,
  sentence,
  source,
  options,
  build,
}: {
  readonly kind: Kind
  readonly sentence: string
  readonly source: string
  readonly options: S
  readonly build: (options: z.output<z.ZodObject<S>>) => Model
}): ModelEntry<Kind, S & Common> => {
  type All = S & Common
  const schema = z.strictObject({ kind: z.literal(kind), ...options, ...common }) as unknown as Schema<Kind, All>
  const whole = (chosen: z.output<z.ZodObject<All>>): Model => {
    const { init, ...own } = chosen as unknown as z.output<z.ZodObject<S>> & { readonly init?: Init }
    return initialised(build(own as unknown as z.output<z.ZodObject<S>>), init)
  }
  return Object.assign((given: Options<All>) => ({ kind, ...given }), {
    kind, sentence, source, schema, build: whole,
  })
}
