import { z } from 'zod'

import type { Draws } from '../../codecs/coding/draws.js'
import type { Name } from '../../roster/participant.js'

/** The word `privacy` of a specification, with its defaults. */
export interface Privacy {
  readonly clip: number
  readonly noise: number
  readonly where: 'server' | 'client'
  readonly delta: number
  readonly per: 'update' | 'part'
  readonly cap?: number | undefined
}

/** The same as one writes it. */
export type PrivacyInput = Pick<Privacy, 'clip' | 'noise'> & Partial<Privacy>

/** What a federation promises each client: differential privacy, by noise that hides what any one of them has added. */
export const privacySchema: z.ZodType<Privacy, PrivacyInput> = z
  .strictObject({
    clip: z.number().positive().describe('C: what a client has learnt is shortened to this Euclidean length before it is sent'),
    noise: z.number().min(0).max(1e6).describe('Standard deviation of the noise in the sum of all updates, on every number, as a multiple of `clip`; 0: none, and nothing is promised'),
    where: z
      .enum(['server', 'client'])
      .prefault('server')
      .describe('Who adds it: owners to the sum (server), or each client its share, so that as many as a round wants make up all of it (client)'),
    delta: z.number().gt(0).lt(1).prefault(1e-5).describe('The delta at which epsilon is told; below one in the number of clients'),
    per: z
      .enum(['update', 'part'])
      .prefault('update')
      .describe('What is shortened: all that a client sends in a round to C (update), or each of P parts to C / sqrt(P) (part)'),
    cap: z
      .int()
      .min(1)
      .optional()
      .describe('Clients count by their rows, up to so many: weight min(1, rows / cap); all alike when absent'),
  })
  .describe('Differential privacy of clients: what each has learnt is clipped, the sum gets Gaussian noise, and epsilon is told; none when absent')

/** What all actors of one federation have agreed on about its noise. */
export interface PrivacyTerms extends Pick<Privacy, 'clip' | 'noise' | 'where' | 'per' | 'cap'> {
  /** P: parts that travel. */
  readonly parts: number
  /** Clients whose updates a round wants: so many shares make up the noise. */
  readonly wanted: number
  /**
   * What sums are divided by: the weight of so many clients on average, fixed before the flight, so that nobody's coming
   * changes what another one counts (McMahan et al. 2018, the estimator f of their section 3).
   */
  readonly divisor: number
  /** Draws of the noise of a part in a round; by whom, and in which life of theirs. `who` is empty for the owner. */
  draws(part: string, round: number, who: Name, life: number): Draws
}

/** The greatest length of what a client sends of one part. */
export const boundOf = ({ clip, per, parts }: Pick<PrivacyTerms, 'clip' | 'per' | 'parts'>): number =>
  per === 'part' ? clip / Math.sqrt(parts) : clip

/** How much a client with so many rows counts. */
export const weightOf = ({ cap }: Pick<Privacy, 'cap'>, rows: number): number => (cap === undefined ? 1 : Math.min(1, rows / cap))
