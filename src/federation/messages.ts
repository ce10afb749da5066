import type { Computed, Interrupted, Message } from '../actors/actor.js'
import type { Table } from '../data/table.js'
import type { ScoreJob, TrainJob, TrainResult } from '../engine/engine.js'
import type { Envelope } from '../network/envelope.js'
import type { Instructions } from '../network/frame.js'
import type { MessageKind } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import type { Ending } from './rounds/round.js'
import type { StepTimer } from './secure-aggregation/unmasking.js'

/** What the network hands to a handler: the envelope with the bytes as they arrived. */
export interface Arrival extends Message {
  readonly kind: 'arrival'
  readonly envelope: Envelope
}

/** Body of `open`: whom the expert networks send their part to. */
export interface OpenNotice {
  readonly selected: readonly Name[]
}

/** Body of `close`. `final`: where rounds overlap, nothing is folded any more. */
export interface CloseNotice extends Ending {
  readonly final?: true
}

type Loose<T> = { readonly [Field in keyof T]?: unknown }

const isGroup = (body: unknown): body is object => typeof body === 'object' && body !== null

const isNames = (value: unknown): value is readonly Name[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

/** Is what came as `open` one? */
export const isOpenNotice = (body: unknown): body is OpenNotice => {
  if (!isGroup(body)) return false
  const { selected } = body as Loose<OpenNotice>
  return isNames(selected)
}

const outcomes: readonly unknown[] = ['closed', 'aborted'] satisfies Ending['outcome'][]
const afters: readonly unknown[] = ['late', 'surplus', 'aborted'] satisfies Ending['after'][]

/** Is what came as `close` one? */
export const isCloseNotice = (body: unknown): body is CloseNotice => {
  if (!isGroup(body)) return false
  const { outcome, reason, after, final } = body as Loose<CloseNotice>
  const whole = final === undefined || final === true
  return whole && outcomes.includes(outcome) && typeof reason === 'string' && afters.includes(after)
}

/** Is what came as a message one that says all by its kind and its round? */
export const isNotice = isGroup

/** Body of a `status` to an owner that asks where the others are: how far the round of its head is. */
export interface Whereabouts {
  /** That round has ended for its sender. */
  readonly ended: boolean
  /** Its sender has come back, and is where the round is. */
  readonly ready?: true
  /** Its sender will not answer for that round. */
  readonly out?: true
  /** Of a client: what it is doing for that round, where it is at work on it, and the last round that it has answered. */
  readonly works?: 'gathering' | 'training'
  readonly answered?: number
}

/** Is what came as `status` to the aggregator one? */
export const isWhereabouts = (body: unknown): body is Whereabouts => {
  if (!isGroup(body)) return false
  const { ended, ready, out, works, answered } = body as Loose<Whereabouts>
  const isFlag = (flag: unknown): boolean => flag === undefined || flag === true
  return typeof ended === 'boolean' && isFlag(ready) && isFlag(out) && isTime(answered) &&
    (works === undefined || works === 'gathering' || works === 'training')
}

/** A round that an expert network may have missed the end of. */
export interface MissedEnding {
  readonly round: number
  readonly notice: CloseNotice
  /** Clients whose answers counted. */
  readonly clients: readonly Name[]
  /** Where rounds overlap: for which rounds, in their order. */
  readonly rounds?: readonly number[]
}

/** A client and the round for which it answers. */
export type Answer = readonly [Name, number]

/** Body of a `status` to an expert network that has come back: what the aggregator is at. */
export interface Standings {
  /** Whether the round of the head is open. */
  readonly opened: boolean
  readonly instructions: Instructions | null
  /** Clients that it asks. */
  readonly selected: readonly Name[]
  /** Those of them that have answered. */
  readonly answered: readonly Name[]
  /** How the last round ended; null: none has. */
  readonly missed: MissedEnding | null
  /** Where rounds overlap: who is at work on which round, and whose answers wait for the fold. */
  readonly working?: readonly Answer[]
  readonly held?: readonly Answer[]
}

const isTime = (value: unknown): boolean => value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)

const isInstructions = (value: unknown): value is Instructions => {
  if (!isGroup(value)) return false
  const { patience, missing, deadline } = value as Loose<Instructions>
  return (missing === 'last' || missing === 'sit-out') && isTime(patience) && isTime(deadline)
}

const isMissed = (value: unknown): value is MissedEnding => {
  if (!isGroup(value)) return false
  const { round, notice, clients, rounds = [] } = value as Loose<MissedEnding>
  const isRounds = Array.isArray(rounds) && rounds.every(Number.isSafeInteger)
  return Number.isSafeInteger(round) && isCloseNotice(notice) && isNames(clients) && isRounds
}

const isAnswers = (value: unknown): value is readonly Answer[] =>
  Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length === 2 && typeof one[0] === 'string' && Number.isSafeInteger(one[1]))

/** Is what came as `status` to an expert network one? */
export const isStandings = (body: unknown): body is Standings => {
  if (!isGroup(body)) return false
  const { opened, instructions, selected, answered, missed, working = [], held = [] } = body as Loose<Standings>
  return typeof opened === 'boolean' && (instructions === null || isInstructions(instructions)) && isNames(selected) &&
    isNames(answered) && (missed === null || isMissed(missed)) && isAnswers(working) && isAnswers(held)
}

/** One leg of local training, as the compute queue knows it. */
export interface LocalWork {
  readonly round: number
  /** Index of the leg among the strategy's. */
  readonly leg: number
  /** Whether other legs of the same answer came before it. */
  readonly continues: boolean
  readonly examples: number
  readonly train?: TrainJob
  /** Instead of training: models to measure, by name, on these rows. */
  readonly score?: { readonly jobs: readonly ScoreJob[]; readonly names: readonly string[]; readonly table: Table }
}

/** Mean losses of the models that were measured, by name. */
export interface Scored {
  readonly scored: Readonly<Record<string, number>>
}

/** An actor has come back. `whole`: it has kept all that it had taken in until it died. */
export interface Wake extends Message {
  readonly kind: 'wake'
  readonly whole: boolean
}

/** One that has come back waits for its peers no longer, or the aggregator for `who`, who has. */
interface Patience extends Message {
  readonly kind: 'recovered'
  readonly who?: Name
}

/** Where messages are acknowledged: one was sent as often as it may be, and never was. */
export interface Unheard extends Message {
  readonly kind: 'unheard'
  readonly to: Name
  readonly message: MessageKind
  readonly round: number
  readonly part: string
}

export type AggregatorMessage =
  | Arrival
  | Unheard
  /** The flight begins. */
  | { readonly kind: 'begin' }
  | Wake
  | Patience
  /** A timer of the round machine. */
  | { readonly kind: 'timer'; readonly round: number; readonly name: string }
  /** The model is scored as it was at the close of the round before, which decides whether another follows. */
  | { readonly kind: 'judged'; readonly round: number }
  /** Time to ask those at work whether they still are. */
  | { readonly kind: 'probing' }
  /** Somebody may be there. */
  | { readonly kind: 'look'; readonly round: number }
  /** Somebody is there again, by an event; or nothing is left to happen by which anybody could be. */
  | { readonly kind: 'back'; readonly hopeless: boolean }
  /** Of a region: the flight is over, and nobody trains any more. */
  | { readonly kind: 'halted' }
  /** A client has not answered in time. */
  | { readonly kind: 'overdue'; readonly round: number; readonly client: Name }
  /** A step of secure aggregation has waited long enough; or a round whose sums are unmasked, for the owners of other parts. */
  | StepTimer
  | { readonly kind: 'parts'; readonly round: number }

export type ExpertMessage = Arrival | Wake | Patience | StepTimer

export type ClientMessage =
  | Arrival
  | Unheard
  | Wake
  | { readonly kind: 'patience'; readonly round: number }
  /** It waits no longer for shares of other parts before it sends the trunk's masked input. */
  | { readonly kind: 'alone'; readonly round: number }
  /** By its own clock, its round's deadline has come. */
  | { readonly kind: 'deadline'; readonly round: number }
  | Computed<LocalWork, TrainResult | Scored>
  | Interrupted<LocalWork>
