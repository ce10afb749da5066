import { z } from 'zod'

import type { Draws } from '../random/draws.js'
import type { Reader } from '../record/flight-recorder.js'
import { durationSchema } from '../time/duration.js'
import type { Micros } from '../time/micros.js'
import { type Repeat, repeatSchema, type Trigger, triggerSchema, untilSchema } from './trigger.js'

/** When a fault is on. What is absent does not restrict. */
export interface When {
  readonly rounds?: readonly [number, number]
  readonly from?: Micros
  /** A time, or what it stops at. */
  readonly until?: Micros | Trigger
  /** Off until that happens, then on for so long. */
  readonly when?: Trigger
  readonly lasts?: Micros
  readonly repeat?: Repeat
}

export const roundsField = z
  .tuple([z.int().min(1), z.int().min(1)])
  .refine(([first, last]) => first <= last, 'the first round must not come after the last')
  .describe('First and last round, both included')

/** Fields of a fault that is on in these rounds, and in [from, until) of virtual time. */
export const windowFields = {
  rounds: roundsField.optional(),
  from: durationSchema.optional().describe('Virtual time at which it begins'),
  until: untilSchema.optional().describe('Virtual time, or the event, at which it is over; with `repeat`, until it comes again'),
  when: triggerSchema.optional().describe('Off until this happens'),
  lasts: durationSchema.optional().describe('With `when`: how long it is on then; to the end when absent'),
  repeat: repeatSchema.optional().describe('With `when`: at how many such events it goes on (without `every`)'),
}

/** The rule that goes with `windowFields`: `.refine(ordered, orderedRule)`. */
export const ordered = ({ from = 0, until, when, lasts, repeat }: When): boolean =>
  (typeof until !== 'number' || from < until) &&
  (when !== undefined || (lasts === undefined && repeat === undefined)) && repeat?.every === undefined
export const orderedRule = {
  error: '`from` must come before `until`; `lasts` and `repeat` (without `every`) go with `when`', path: ['until'],
}

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

/** The time at which it is over, where one is set. */
export const endOf = ({ until }: Pick<When, 'until'>): Micros | undefined => (typeof until === 'number' ? until : undefined)

/** The event at which it is over, where it waits for one. */
export const stopOf = ({ until }: Pick<When, 'until'>): Trigger | undefined => (typeof until === 'object' ? until : undefined)

/** By its times; events are judged apart. */
export const inTime = (when: When, at: Micros): boolean => {
  const end = endOf(when)
  return (when.from === undefined || at >= when.from) && (end === undefined || at < end)
}

/** Of a fault whose hooks are not told the time: whether it is in its times, by the time of the latest event, which its reader sees. */
export const lately = (when: When): { readonly isIn: () => boolean; readonly reader?: Reader } => {
  if (when.from === undefined && endOf(when) === undefined) return { isIn: () => true }
  let now: Micros = 0
  return { isIn: () => inTime(when, now), reader: { see: ({ at }) => void (now = at) } }
}

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
