import { z } from 'zod'

import type { Draws } from '../../codecs/coding/draws.js'
import type { Name } from '../../roster/participant.js'
import { shareUp } from '../../shares.js'
import { durationSchema, type DurationInput } from '../../time/duration.js'
import { type Micros, minutes } from '../../time/micros.js'
import type { PartTemplate } from '../parts.js'
import type { Strategy } from '../strategies/strategy.js'
import type { FixedPoint } from './fixed-point.js'

/** The word `secureAggregation` of a specification, with its defaults. */
export interface SecureAggregation {
  readonly threshold: number
  readonly range: number
  readonly ring: number
  readonly bits?: number | undefined
  readonly patience?: Micros | undefined
}

/** The same as one writes it. */
export type SecureAggregationInput = Partial<Omit<SecureAggregation, 'patience'> & { readonly patience: DurationInput }>

/** A share of those who are asked, or a number of clients. */
const isThreshold = (threshold: number): boolean => threshold <= 1 || Number.isInteger(threshold)

export const secureAggregationSchema: z.ZodType<SecureAggregation, SecureAggregationInput> = z
  .strictObject({
    threshold: z
      .number()
      .positive()
      .refine(isThreshold, 'give a share of those who are asked, above 0 and at most 1, or a whole number of clients from 2 on')
      .prefault(2 / 3)
      .describe('Without shares of so many clients nothing is unmasked, and the round aborts: a share of those who are asked, rounded up, or from 2 on their number'),
    range: z
      .number()
      .positive()
      .max(1e9)
      .prefault(8)
      .describe('Largest size of a number of an input: what a client has moved it by, times its share of the largest weight. What is beyond is cut off, and said'),
    ring: z.int().min(2).max(32).prefault(32).describe('Bits of each number of a masked input on the wire; sums are taken modulo 2 to that'),
    bits: z
      .int()
      .min(2)
      .max(32)
      .optional()
      .describe('Bits of a number before it is masked, with its sign; as many as sums of all clients leave room for in the ring, when absent'),
    patience: durationSchema
      .optional()
      .describe('How long an owner waits in each step for clients that are missing; half of what is left of the round (for unmasking, of all of it), or 1 min where it has no end, when absent'),
  })
  .describe('Secure aggregation by pairwise masks, with recovery of dropouts: owners see sums of updates, and no single one; none when absent')

/** What all actors of one federation have agreed on about it. */
export interface SecureAggregationTerms {
  readonly fixedPoint: FixedPoint
  readonly threshold: number
  readonly patience: Micros | undefined
  /** The largest number of rows of a client: what the weight 1 stands for; undefined: all count alike. */
  readonly mostRows: number | undefined
  /** A client's number in the protocol, from 1. */
  numberOf(client: Name): number
  /** Draws of a client's keys or of its shares, for a part and a round, in one of its lives. */
  draws(what: 'keys' | 'shares', part: string, round: number, client: Name, life: number): Draws
}

/** Without shares of how many nothing is unmasked, of so many who are asked: 2 at least, for a sum of one is that one's. */
export const thresholdOf = ({ threshold }: Pick<SecureAggregation, 'threshold'>, asked: number): number =>
  Math.max(2, threshold <= 1 ? shareUp(threshold, asked) : threshold)

/** How long a step waits where nothing else says how long. */
const usualPatience: Micros = minutes(1)

/** When a cohort's round was opened, and when it ends by itself, if at any time. */
export interface RoundTimes {
  readonly opened: Micros
  readonly deadline: Micros | undefined
}

/**
 * How long a step waits that begins now: half of what is left of the round, so that something is left for the next; and for unmasking, which
 * comes after its end, half of all of it.
 */
export const patienceOf = (
  { patience }: Pick<SecureAggregation, 'patience'>, { opened, deadline }: RoundTimes, now: Micros, unmasks: boolean,
): Micros => {
  if (patience !== undefined) return patience
  return deadline === undefined ? usualPatience : Math.ceil(Math.max(0, deadline - (unmasks ? opened : now)) / 2)
}

/** What says which parts are summed under masks. */
interface Federation {
  readonly secure?: SecureAggregationTerms | undefined
  readonly strategy: Pick<Strategy, 'sends'>
  /** The trunk first, which is always sent. */
  readonly parts: readonly Pick<PartTemplate, 'name'>[]
}

/** Whether a part is summed under masks in a round: it is where any of it is sent. */
export const isMasked = ({ secure, strategy, parts }: Federation, { length, name }: Pick<PartTemplate, 'length' | 'name'>, round: number): boolean =>
  secure !== undefined && length > 0 && (name === parts[0].name || strategy.sends(round, name))
