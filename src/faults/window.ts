import { z } from 'zod'

import type { Draws } from '../random/draws.js'
import { durationSchema } from '../time/duration.js'
import type { Micros } from '../time/micros.js'

/** When a fault is on. What is absent does not restrict. */
export interface When {
  readonly rounds?: readonly [number, number]
  readonly from?: Micros
  readonly until?: Micros
}

export const roundsField = z
  .tuple([z.int().min(1), z.int().min(1)])
  .refine(([first, last]) => first <= last, 'the first round must not come after the last')
  .describe('First and last round, both included')

/** Fields of a fault that is on in these rounds, and in [from, until) of virtual time. */
export const windowFields = {
  rounds: roundsField.optional(),
  from: durationSchema.optional().describe('Virtual time at which it begins'),
  until: durationSchema.optional().describe('Virtual time at which it is over'),
}

/** The rule that goes with `windowFields`: `.refine(ordered, orderedRule)`. */
export const ordered = (fault: { from?: number; until?: number }): boolean =>
  fault.until === undefined || (fault.from ?? 0) < fault.until
export const orderedRule = { error: '`from` must come before `until`', path: ['until'] }

/** By how much something is slower or narrower; beyond, sums of times would leave the numbers. */
export const factorField = z.number().min(1e-9).max(1e9)

export const chance = z.number().min(0).max(1)
export const perClientRound = chance.optional().describe('A coin per client and round; 1 when absent')
export const perEnvelope = chance.prefault(1).describe('A coin per envelope, copies included')

export const idField = z
  .string()
  .min(1)
  .optional()
  .describe('Names the fault, and its random draws: keep it while the intensity changes, and the same ones are hit')

export const inRounds = ({ rounds }: When, round: number): boolean =>
  rounds === undefined || (round >= rounds[0] && round <= rounds[1])

export const inTime = ({ from, until }: When, at: Micros): boolean =>
  (from === undefined || at >= from) && (until === undefined || at < until)

/** A coin that is only tossed when its outcome is open. */
export const hits = (probability: number | undefined, toss: () => number): boolean =>
  probability === undefined || probability >= 1 || (probability > 0 && toss() < probability)

/** A coin that is not the fault's own, of each client: its bias, and whose it is. */
export interface Coin {
  readonly probability: number
  /** Clients with one name toss one coin. */
  readonly name: string
}

/** Does a fault with a coin per (client, round) strike this client in this round? Windows of time are judged apart. */
export const strikes = (
  fault: When & { readonly probability?: number },
  draws: Draws,
  client: string,
  round: number,
  { probability, name }: Partial<Coin> = fault,
): boolean => inRounds(fault, round) && hits(probability, () => draws.visit(name ?? client, round, 0))
