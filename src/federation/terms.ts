import type { Table } from '../data/table.js'
import type { Fold, Sending } from '../faults/fault.js'
import type { Segment } from '../models/layout.js'
import type { Thread } from '../network/thread.js'
import type { Wire } from '../network/wire.js'
import type { Order } from '../random/order.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { SelectionRule } from './choice.js'
import type { PartTemplate } from './parts.js'
import type { PrivacyTerms } from './privacy/privacy.js'
import type { RateSchedule } from './rate-schedule.js'
import type { RoundRules } from './rounds/round.js'
import type { SecureAggregationTerms } from './secure-aggregation/secure-aggregation.js'
import type { FoldContext, OptimizerTerms, PartState, Strategy } from './strategies/strategy.js'

/** One client as the federation knows it before the run. */
export interface ClientTerms {
  readonly name: Name
  /** Rows of training data: its weight in an average. */
  readonly rows: number
  readonly epochs: number
  readonly batch: number
  /** Learning rate, where it has one of its own. */
  readonly rate: number | undefined
  /** How the rate goes from round to round; undefined: it stays. */
  readonly rateSchedule: RateSchedule | undefined
  /** Whether the optimizer's state outlives a round. */
  readonly keepsOptimizer: boolean
  /** Handles of the engine; a program for each leg of the strategy, in their order. */
  readonly programs: readonly string[]
  readonly data: string
  /** Rows on which the client measures models that it is offered. */
  readonly trial: { readonly data: string; readonly table: Table }
  /** Undisturbed virtual time of one training step of each leg on this client's device. */
  readonly stepCosts: readonly number[]
}

/** What actors can tell of the world around them. */
export interface Outlook {
  /** Can the client be selected for `round`, opening at `now`? The aggregator knows who is connected. */
  available(client: Name, now: Micros, round: number): boolean
  /** Until when a client is out of reach for certain, in that round or whatever the round; undefined: nothing is certain. */
  awayUntil(client: Name, now: Micros, round?: number): Micros | undefined
  /** The first instant after `from` at which a client leaves, as far as is known. */
  leaves(client: Name, from: Micros): Micros | undefined
  /** The next instant after `now` at which some client may come back, if any. */
  nextChange(now: Micros): Micros | undefined
  /** Whether an event, nobody knows when, may bring back a client that is not there for `round`; absent: none ever does. */
  mayReturn?(now: Micros, round: number): boolean
  /** How much of its local epochs a client does in `round`. */
  completeness(client: Name, round: number): number
  /** What a client sends in place of a part's values; absent: they themselves. */
  poison?(values: Float32Array, about: Sending): Float32Array
  /** What an owner folds in place of some updates, by their place; absent: all as they came. */
  forge?(fold: Fold): ReadonlyMap<number, Float32Array>
  /** Does a client that has trained for `round` stay to send what it made? One that does not is out of reach from now on. */
  stays(client: Name, now: Micros, round: number): boolean
}

/** Clients that begin with parameters of their own, where a run starts from a model. */
export interface Beginnings {
  /** [size] */
  readonly clients: ReadonlyMap<Name, Float32Array>
  /**
   * Whether the strategy is the one that made the model: then what it serves a client in place of what all are sent is
   * taken up too.
   */
  readonly continues: boolean
}

/** What a federation is flown for, if it is to end there. */
export interface Goal {
  /** Whether the model was there at a close: scored off the clock and off the network, by whoever watches. */
  readonly reached: boolean
}

/** What an owner writes down of its part, and of what it remembers of coded messages. */
export interface Written {
  readonly state: PartState
  readonly threads: ReadonlyMap<Name, Thread>
}

/** What all actors of one federation have agreed on before it starts. Constant throughout a flight. */
export interface Terms {
  readonly strategy: Strategy
  readonly rounds: RoundRules
  /** Who opens rounds and closes them, and owns the first part. */
  readonly aggregator: Name
  /** The trunk first, whose arrival is a client's answer; then those of other owners. */
  readonly parts: readonly PartTemplate[]
  /** Parts that a client waits for and answers with: the trunk always, others if any of them travels. */
  readonly travelling: readonly PartTemplate[]
  /** How many rounds are flown, where they say so themselves. */
  readonly count?: number | undefined
  /** What clients are sent and send, whoever they have it from; the first is their answer. */
  readonly carried: readonly PartTemplate[]
  /** In the order of their names. */
  readonly clients: readonly ClientTerms[]
  /** The same clients as strategies know them. */
  readonly members: FoldContext['clients']
  readonly optimizer: OptimizerTerms
  /** Segments and length of a client's flat vector. */
  readonly segments: readonly Segment[]
  readonly size: number
  /** The parameters that everybody starts from, if `beginnings` says nothing else: [size]. */
  readonly initial: Float32Array
  readonly beginnings: Beginnings
  /** First values by which a row that was never trained is known; undefined where a run starts from a model: all were. */
  readonly drawn: Float32Array | undefined
  /** Owners of the other parts, in their order: expert networks, and what an aggregator is split into. */
  readonly experts: readonly Name[]
  /** Places of the tasks that the model is trained by. */
  readonly trained: readonly number[]
  readonly wire: Wire
  /** Bytes that are to be free before what clients have trained: room for the head of the message that it becomes. */
  readonly room: number
  /** Whether a fold that is not finite is kept, to see what it does; by default it is refused. */
  readonly keepsUnfit: boolean
  /** How what clients send is clipped, and where noise hides it; undefined: it is sent and folded as it is. */
  readonly privacy?: PrivacyTerms | undefined
  /** How updates are summed under masks; undefined: owners see each of them. */
  readonly secure?: SecureAggregationTerms | undefined
  /** Whether messages are acknowledged and sent again. */
  readonly acknowledges: boolean
  /** Where messages are acknowledged: how often those are asked whose answer nothing else bounds. */
  readonly probe: Micros | undefined
  /** How often a client sends its answer again that is asked whether it is at work. */
  readonly repeats: number
  /** How long an actor that has come back waits for word of its peers, and the aggregator for an expert network's. */
  readonly recoveryPatience: Micros
  /** What writing a checkpoint of a part takes after a round: 0 where none is written then. */
  checkpointTime(written: Written, round: number): Micros
  readonly weather: Outlook
  /** Whom rounds ask; undefined: the first of the drawn order. */
  readonly rule: SelectionRule | undefined
  /** Undefined: rounds are flown to the last. */
  readonly goal: Goal | undefined
  /**
   * A random order of so many, by what it decides and for which round: what no cause orders is ordered by it, and never
   * by names.
   */
  order(decided: string, round: number, of: number): Order
  /** A random number in [0, 1), by what it decides, for which round and for whom. */
  draw(decided: string, round: number, who: Name): number
  /** Seed of batch orders and dropout of a client's training for a round. */
  batchSeed(client: Name, round: number): string
}
