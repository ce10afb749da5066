import type { z } from 'zod'

import { told } from '../../entry.js'
import type { SelectionRule } from '../choice.js'
import type { OptionProblem } from '../rounds/round.js'

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>

/** Options of rounds that say how many are asked. */
export interface Asked {
  readonly select?: number | undefined
  readonly concurrency?: number | undefined
}

/**
 * A way to choose whom rounds ask, of the library: called with its options, it gives them as plain data, as a file would hold
 * them; its fields are what `windtunnel list`, the specification and the federation read.
 */
export interface SelectionEntry<Schema extends z.ZodType = z.ZodType> {
  (options?: Options<Schema>): { readonly kind: KindOf<Schema> } & Options<Schema>
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  /** Whether numbers of updates decide whom it chooses, and so the events of a flight. */
  readonly readsNumbers: boolean
  /** Undefined: the first of the drawn order, which costs no look at everybody. */
  rule(options: z.output<Schema>): SelectionRule | undefined
  /** What does not go with it among the options of rounds. */
  problems(rounds: Asked): readonly Pick<OptionProblem, 'rule' | 'advice'>[]
}

/** Makes the entry of a way to choose: one file of this folder, and one line of all.ts. */
export const selectionEntry = <Schema extends z.ZodType<{ readonly kind: string }>>(
  about: Pick<SelectionEntry<Schema>, 'kind' | 'sentence' | 'source' | 'schema' | 'rule'> &
    Partial<Pick<SelectionEntry<Schema>, 'readsNumbers' | 'problems'>>,
): SelectionEntry<Schema> => {
  const { kind, sentence, source, schema, rule, readsNumbers = false, problems = () => [] } = about
  const constructor = (options?: Options<Schema>) => ({ kind, ...options }) as { kind: KindOf<Schema> } & Options<Schema>
  return Object.assign(constructor, {
    kind, sentence, source, schema: told(schema, sentence, source), rule, readsNumbers, problems,
  })
}
