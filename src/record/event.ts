import type { OddGradients } from '../engine/engine.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Direction, Fate, MessageKind, Refusal } from './message.js'
import type { LedgerRow, MetricRow, RoundRow, TrainingEnd } from './rows.js'

/** What every event has. */
export interface Stamp {
  /** Number in the order of happening. */
  readonly id: number
  /** Virtual time. */
  readonly at: Micros
  /** Whom it is about: who acted, or to whom it happened. */
  readonly actor: Name
  /** The number of the event that brought it about; -1 for what comes from outside: the start, a clock, a plan. */
  readonly cause: number
}

/** A copy of a message leaves its sender. */
interface Departure {
  /** Number of the copy, in the order of sending. */
  readonly envelope: number
  readonly to: Name
  readonly message: MessageKind
  readonly round: number
  readonly part: string
  /** Roles of the segments inside. */
  readonly roles: readonly string[]
  readonly direction: Direction
  /** How often the message was sent before. */
  readonly attempt: number
  /** 0 for the original, 1.. for copies that a fault made. */
  readonly copy: number
  readonly bytes: number
  /** How many of them each kind of codec has written; undefined where nothing of it is coded. */
  readonly shares?: Readonly<Record<string, number>> | undefined
}

/** An update as far as a fold's bookkeeping goes. */
export interface Contribution {
  readonly client: Name
  /** The round whose model it was made from. */
  readonly round: number
  /** Folds of the part between the sending of that model and this fold; 0 in common rounds. */
  readonly staleness: number
}

/** One part as its owner holds it; vectors are not to be written to. */
export interface PartValues {
  readonly values: Float32Array
  readonly personal: ReadonlyMap<Name, Float32Array>
  readonly memory: Readonly<Record<string, Float32Array>>
}

/** Why a message is rejected: what was wrong with its bytes, with its numbers, or with what it was folded into. */
export type Because = 'not finite' | 'aggregate' | Refusal

/** What can happen, by kind. Kinds that the journal has are named as its lines name them. */
export type Happening =
  /** The aggregator opens a round for these clients. */
  | { readonly kind: 'round-open'; readonly round: number; readonly selected: readonly Name[] }
  /** The aggregator closes a round; `last`: no further one will open. */
  | { readonly kind: 'round-close'; readonly row: RoundRow; readonly last: boolean }
  /** A regional aggregator opens a round of its region for these clients; `round` is the number that they hear. */
  | { readonly kind: 'region-open'; readonly round: number; readonly selected: readonly Name[] }
  | { readonly kind: 'region-close'; readonly row: RoundRow }
  | ({ readonly kind: 'send' } & Departure)
  /** A fault makes another copy of a message. */
  | ({ readonly kind: 'copy' } & Departure)
  /** A copy reaches its receiver. */
  | { readonly kind: 'arrive'; readonly envelope: number }
  /**
   * A copy will never arrive: so many of its bytes had left the sender. `fault`: whose doing it is, or `schedule`;
   * undefined: nobody's, its receiver was dead or a link of the simulation's own swallowed it.
   */
  | {
      readonly kind: 'drop'
      readonly envelope: number
      readonly from: Name
      readonly round: number
      readonly travelled: number
      readonly fault: string | undefined
      /** Its receiver was there, and had no room for it. */
      readonly refused?: boolean | undefined
    }
  /** So many bits of a copy were flipped on its way; told just before it arrives. */
  | { readonly kind: 'damage'; readonly envelope: number; readonly bits: number }
  /** A copy is kept at its receiver's door, by the `fault`; Infinity: until it is released. `stands`: it holds its lines meanwhile. */
  | { readonly kind: 'hold'; readonly envelope: number; readonly until: Micros; readonly fault?: string | undefined; readonly stands?: boolean }
  /** A copy has its fate. */
  | {
      readonly kind: 'settle'
      readonly envelope: number
      readonly fate: Fate
      readonly because?: Because | undefined
      readonly row: LedgerRow
    }
  /** A receiver takes a model or an update in, and will do something about it. */
  | {
      readonly kind: 'admit'
      readonly envelope: number
      readonly message: MessageKind
      readonly from: Name
      readonly round: number
      readonly part: string
    }
  /**
   * The owner of a part ends a round there. `updates` are what was held and counts; `ends` says which models are over
   * with it: those of the round, those that were answered, or all.
   */
  | {
      readonly kind: 'part-close'
      readonly round: number
      readonly part: string
      readonly outcome: 'closed' | 'aborted'
      readonly updates: readonly Contribution[]
      readonly ends: 'round' | 'answered' | 'all'
    }
  /** The owner of a part has folded updates into it. `weights`: of a strategy that says they are convex. */
  | {
      readonly kind: 'fold'
      readonly round: number
      readonly part: string
      readonly updates: readonly Contribution[]
      readonly weights: Float64Array | undefined
      readonly before: PartValues
      readonly after: PartValues
    }
  /** What a fold would have made of a part was not finite: the part stays as it was, and the updates count for nothing. */
  | { readonly kind: 'unfit'; readonly round: number; readonly part: string; readonly updates: readonly Contribution[] }
  /** A client begins to train, or to measure models; undisturbed it would end at `whole`, as it is it ends at `until`. */
  | {
      readonly kind: 'train'
      readonly round: number
      readonly until: Micros
      readonly whole: Micros
      readonly examples: number
    }
  /** It has ended. `continues`: it was a further leg of the client's answer. */
  | {
      readonly kind: 'trained'
      readonly round: number
      readonly start: Micros
      readonly outcome: TrainingEnd
      readonly examples: number
      readonly continues: boolean
    }
  /** A client's balancer found no gradient of a task in some steps, or one that was not finite. */
  | { readonly kind: 'gradients'; readonly round: number; readonly odd: readonly OddGradients[] }
  /**
   * A client that goes by its round's deadline gives the round up, trains less than it would, or sends in time, as its own
   * clock has it. `needs`: what it still had to compute when it gave up, or would have had to.
   */
  | {
      readonly kind: 'timed'
      readonly round: number
      readonly does: 'gives up' | 'trains less' | 'sends'
      readonly deadline: Micros
      readonly needs: Micros
    }
  /**
   * Of what a client has learnt of a part, so many numbers are beyond the range of fixed point, and are cut off there; or some are not
   * finite, and all of it is put under masks as 0, with no weight.
   */
  | { readonly kind: 'saturated'; readonly round: number; readonly part: string; readonly beyond: number; readonly of: number; readonly notFinite: boolean }
  /** A client has trained for a round, and leaves before it sends anything: what it has made stays with it. */
  | { readonly kind: 'unsent'; readonly round: number }
  /** An actor dies, to come `back` at that time or never; or comes back with what it kept. */
  | {
      readonly kind: 'life'
      readonly what: 'crash' | 'restart' | 'pause' | 'resume'
      readonly fault: string
      readonly keeps: 'nothing' | 'checkpoint'
      readonly back: Micros | undefined
      /** Of a restart: it has kept all that it had taken in. */
      readonly whole?: true
    }
  /** What an actor would come back with is written down, until that time; `bytes` go to the store. */
  | { readonly kind: 'checkpoint'; readonly round: number; readonly bytes: number; readonly until: Micros }
  /** Where messages are acknowledged: one has got its number, from 1 for each receiver. */
  | { readonly kind: 'numbered'; readonly to: Name; readonly number: number }
  /** One came before its turn: it waits for those that were sent before it, for good if they are given up after it. */
  | { readonly kind: 'early'; readonly envelope: number }
  /** The message with that number of its sender's `life` is taken in, in its turn. */
  | { readonly kind: 'taken'; readonly envelope: number; readonly from: Name; readonly number: number; readonly life: number }
  /** Its sender has heard that it was, and forgets it. */
  | { readonly kind: 'acknowledged'; readonly to: Name; readonly number: number }
  /** A message was sent again as often as it may be, and never acknowledged. */
  | { readonly kind: 'gave-up'; readonly to: Name; readonly number: number; readonly message: MessageKind; readonly round: number; readonly part: string }
  /** An owner that has come back knows where its peers are, and goes on in `round`; what it kept was of round `kept`. */
  | { readonly kind: 'recovered'; readonly round: number; readonly kept: number }
  /** A client goes out of reach in mid-phase; it may come back. */
  | { readonly kind: 'leave'; readonly fault: string }
  /** Links are cut and heal, or what was held at doors is let go. The actor is one of those whom the fault is about. */
  | { readonly kind: 'link'; readonly what: 'cut' | 'heal' | 'release'; readonly fault: string }
  /**
   * A fault strikes. `unit`: what counts as one firing (a client in a round, an envelope), undefined where it was told
   * before. `effect`: what it does there, and `amount` of it (microseconds, bytes).
   */
  | {
      readonly kind: 'fault'
      readonly fault: string
      readonly unit: string | number | undefined
      readonly effect: string | undefined
      readonly amount: number
    }
  /** From here on no fault strikes: what a faulty phase has done, a calm one is to mend. `core`: for those alone, and all others are broken for good. */
  | { readonly kind: 'calm'; readonly core?: readonly Name[] }
  /** Models were scored, as they were served at the close of the round. */
  | { readonly kind: 'evaluated'; readonly round: number; readonly rows: readonly MetricRow[] }

/**
 * Everything that can happen in a flight: a closed union, told once, in the order of virtual time. For watching; nothing
 * of it steers the flight.
 */
export type FlightEvent = Stamp & Happening

export type EventOf<Kind extends Happening['kind']> = Extract<FlightEvent, { readonly kind: Kind }>

/** Every kind of event, for who asks for some by their names. */
export const eventKinds = Object.keys({
  'round-open': true, 'round-close': true, 'region-open': true, 'region-close': true, send: true, copy: true, arrive: true, drop:
  true, damage: true, hold: true, settle: true, admit: true, 'part-close': true, fold: true, unfit: true, train: true, trained:
  true, gradients: true, timed: true, saturated: true, unsent: true, life: true, checkpoint: true, numbered: true, early: true,
  taken: true, acknowledged: true, 'gave-up': true, recovered: true, leave: true, link: true, fault: true, calm: true, evaluated:
  true,
} satisfies Record<Happening['kind'], true>) as readonly Happening['kind'][]

/** `cause` of what comes from outside. */
export const OUTSIDE = -1
