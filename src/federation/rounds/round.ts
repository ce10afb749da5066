import type { z } from 'zod'

import type { Dials } from '../../dials/dial.js'
import { told } from '../../entry.js'
import type { Instructions } from '../../network/frame.js'
import type { Fate } from '../../record/message.js'
import type { RoundRow } from '../../record/rows.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { SelectionRule } from '../choice.js'
import type { StaleUpdate } from '../strategies/stale-updates.js'
import type { FoldContext, PartState, Strategy } from '../strategies/strategy.js'

/** How a round ends, and so what an update is that comes after its end. */
export interface Ending {
  readonly outcome: 'closed' | 'aborted'
  /** For people: `all answered`, `deadline`. */
  readonly reason: string
  readonly after: Extract<Fate, 'late' | 'surplus' | 'aborted'>
  /** Clients that have not answered are told to stop, by a message to each; by default they go on. */
  readonly stop?: boolean
}

/** What has happened that a round machine may answer to. */
export type Moment =
  /** Round `situation.round` may begin: the flight begins, or the round before has closed. */
  | { readonly kind: 'begin' }
  /** As many of the clients that were wanted were asked as were there. */
  | { readonly kind: 'asked'; readonly clients: number }
  /** Fewer were there than had to be: nobody was asked. */
  | { readonly kind: 'short'; readonly there: number }
  /** An update of the trunk was taken in. */
  | { readonly kind: 'answered'; readonly client: Name; readonly round: number; readonly staleness: number }
  /** A client has answered with an update that is not finite: it counts for nothing, and no other will come. */
  | { readonly kind: 'refused'; readonly client: Name; readonly round: number }
  /** Somebody may be there who was not, or a client at work is waited for no longer: it was overdue, or cannot answer. */
  | { readonly kind: 'available' }
  /** A timer of this round that the machine has set. */
  | { readonly kind: 'timer'; readonly name: string }

/** How things stand, as the aggregator knows them. */
export interface Situation {
  readonly now: Micros
  /** Number of the round that is open, or that comes next, from 1. */
  readonly round: number
  /** Clients of the federation. */
  readonly clients: number
  /** When the round before closed, or the flight began. */
  readonly since: Micros
  /** When this round opened; undefined while nobody was asked. */
  readonly opened: Micros | undefined
  /** Clients asked in this round. */
  readonly asked: number
  /** Clients that were asked, in this round or before it, and have neither answered nor been given up. */
  readonly atWork: number
  /** Folds of the trunk since the oldest model was sent that a client is at work on; undefined: nobody is. */
  readonly stalest: number | undefined
  /** Updates of the trunk that wait for the fold. */
  readonly answers: number
  /** Answers that were refused, as not finite, since the round before closed. */
  readonly refused: number
  /** Clients that were at work and cannot answer, as the aggregator was told or found out since the round before closed. */
  readonly excused: number
  /** Why the round that is open cannot be folded whatever comes: too few have come through a step of secure aggregation. */
  readonly broken?: string | undefined
  /** The next instant at which a client may be there that is not, as far as the aggregator can tell. */
  readonly nextReturn: Micros | undefined
  /** Whether an event may bring a client back, nobody knows when. No more once nothing is left to happen. */
  readonly mayReturn: boolean
  /** All rounds before this one. */
  readonly past: readonly RoundRow[]
}

/** What a machine wants done, in this order. What is absent is not done. */
export interface Decision<State> {
  /** What the machine wants to know next time: plain data, which dies with the aggregator unless it is checkpointed. */
  readonly state: State
  /**
   * Asks so many more clients, of those that are there, are not at work and were not asked in this round: they are sent
   * the model as it is now. The first asking opens the round. With fewer than `atLeast` there, nobody is asked.
   */
  readonly ask?: Asking
  /** Sets timers of this round; one that is set already is set anew. All end with the round. */
  readonly timers?: readonly { readonly name: string; readonly at: Micros }[]
  /** Looks at this instant whether somebody is there: the moment `available`. */
  readonly lookAt?: Micros
  /**
   * Looks again, by the moment `available`, whenever an event has brought somebody back; and once more, with `mayReturn` false,
   * if nothing is left to happen that could.
   */
  readonly awaits?: boolean
  /** Closes the round: it folds what is there, or aborts. */
  readonly close?: Ending
  /** With `close`: this was the last round. */
  readonly done?: boolean
}

/** Whom a machine wants asked, and what they are told: see `Instructions`. */
export interface Asking extends Partial<Instructions> {
  readonly clients: number
  /** Default 1. */
  readonly atLeast?: number
  /** How long each is waited for before its place goes to another; undefined: without end. */
  readonly timeout?: Micros | undefined
}

/**
 * When rounds open and close: pure. Called for each moment, with the state that it gave last (undefined at the very
 * first). One that decides nothing gives its state back alone.
 */
export type RoundMachine<State = unknown> = (
  state: State | undefined,
  moment: Moment,
  situation: Situation,
) => Decision<State>

/** An update at its owner's, whole and of its part. */
export interface Arrived {
  /** The round whose model it was made from. */
  readonly round: number
  /** The round that is open at the owner, or was last; that of the next fold, where rounds overlap. */
  readonly open: number
  /** How round `round` ended here; undefined: it has not. */
  readonly ending: Ending | undefined
  /** The last round of which an update of this client was taken in; 0: none. */
  readonly answered: number
  /** Folds of the part since that model was sent. */
  readonly staleness: number
  /** After the last fold. */
  readonly over: boolean
}

/** Which updates an owner takes in. */
export interface Admission {
  /**
   * Whether models of several rounds are at work at once by design: a notice of an older round then still counts, and
   * what is held outlives a round that aborts.
   */
  readonly overlapping: boolean
  /** Folds since an update's model was sent, above which it is refused; 0 in common rounds. */
  readonly maxStaleness: number
  /** The fate of an update that is not taken in; undefined: it is. */
  refuses(update: Arrived): Fate | undefined
}

/** How updates enter a part: in the order of client names, at least one. Pure. */
export type FoldRule = (
  strategy: Strategy,
  state: PartState,
  updates: readonly StaleUpdate[],
  about: FoldContext,
) => PartState

/** All that differs between one kind of rounds and another. */
export interface RoundRules {
  /** A `RoundMachine`; what it remembers is its own affair. */
  next(state: unknown, moment: Moment, situation: Situation): Decision<unknown>
  readonly admission: Admission
  readonly fold: FoldRule
  /** Whom its rounds ask, where that is a rule of its own. */
  readonly selection?: SelectionRule
  /** What to do where a round can never close, for people. */
  readonly advice: string
  /** Where rounds overlap: how long a client holds its place that does not answer; absent: without end. */
  readonly holds?: Micros | undefined
}

/** What is wrong with options, and what to do: `field` is one of theirs. */
export interface OptionProblem {
  readonly field: string
  readonly rule: string
  readonly advice: string
}

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>

/**
 * A kind of rounds of the library: called with its options, it gives them as plain data, as a file would hold them; its
 * fields are what `windtunnel list`, the specification and the federation read.
 */
export interface RoundEntry<Schema extends z.ZodType = z.ZodType> {
  (options: Options<Schema>): { readonly kind: KindOf<Schema> } & Options<Schema>
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  /** How its options can be turned, but for `count`: what explores draws it by. One without is never drawn. */
  readonly dials?: Dials
  rules(options: z.output<Schema>): RoundRules
  /** What does not go together in its options; with `clients`, what does not go with so many. */
  problems(options: z.output<Schema>, clients?: number): readonly OptionProblem[]
  /** Why a round may never close when an update is lost for good, and what follows; undefined: it always does. */
  stalls(options: z.output<Schema>): readonly [without: string, then: string] | undefined
  /** Whether numbers of updates decide whom rounds ask, and so the events of a flight. */
  readsNumbers(options: z.output<Schema>): boolean
}

/** Makes the entry of a kind of rounds: one file of this folder, and one line of all.ts. */
export const roundEntry = <Schema extends z.ZodType<{ readonly kind: string }>>(
  about: Pick<RoundEntry<Schema>, 'kind' | 'sentence' | 'source' | 'schema' | 'rules'> &
    Partial<Pick<RoundEntry<Schema>, 'dials' | 'problems' | 'stalls' | 'readsNumbers'>>,
): RoundEntry<Schema> => {
  const { kind, sentence, source, schema, dials, rules, problems = () => [] } = about
  const { stalls = () => undefined, readsNumbers = () => false } = about
  const constructor = (options: Options<Schema>) => ({ kind, ...options }) as { kind: KindOf<Schema> } & Options<Schema>
  return Object.assign(constructor, {
    kind, sentence, source, schema: told(schema, sentence, source), dials, rules, problems, stalls, readsNumbers,
  })
}
