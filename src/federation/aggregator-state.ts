import type { Received } from '../actors/actor.js'
import type { Instructions } from '../network/frame.js'
import type { RoundRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Known } from './choice.js'
import type { Idle } from './idle.js'
import type { Arrival, CloseNotice, MissedEnding, Whereabouts } from './messages.js'
import { copyHolding, type Holding } from './owner.js'
import type { RollCall } from './roll-call.js'
import type { Ending, Moment } from './rounds/round.js'

/** Something that comes back at an instant. `number`: what `Context.cancel` takes; undefined after a recovery. */
export interface Timer {
  readonly at: Micros
  number: number | undefined
}

/** A client at work, as far as the aggregator knows. */
export interface AtWork {
  readonly round: number
  /** When it is waited for no longer. */
  readonly overdue: Timer | undefined
}

/** A round that is to close, and whose sums are being unmasked. */
export interface Closing {
  readonly ending: Ending
  readonly last: boolean
  /** How it ends for the trunk, once that is known. */
  readonly trunk: CloseNotice | undefined
  /** Owners of other parts that have not said that theirs are through, and until when they are waited for. */
  readonly awaits: ReadonlySet<Name>
  readonly timer: Timer
}

/** It has come back, and asks its peers where they are. */
export interface Recovery {
  /** Who has not said so yet. */
  readonly awaited: Set<Name>
  /** The round that is open, or comes next, as far as was said. */
  reached: number
  patience: number
  /** What came meanwhile. */
  readonly waiting: Received<Arrival>[]
  /** Where rounds overlap: what clients have said of themselves. */
  readonly learnt: Map<Name, Learnt>
  /** Answers that were lost with it and are asked for again: by client, their round; undefined: it has not asked yet. */
  wanted: Map<Name, number> | undefined
  /** Those that have come: they were there before all that came meanwhile. */
  readonly again: Received<Arrival>[]
}

/** What a client says of itself: the round that it knows, what it is doing for it, and the last that it has answered. */
export interface Learnt {
  readonly round: number
  readonly works: Whereabouts['works']
  readonly answered: number
}

/** The aggregator's state: the trunk, and the round it is in. Plain data, and its own. */
export interface AggregatorState {
  holding: Holding
  phase: 'idle' | 'flying' | 'done'
  /** What the round machine remembers. */
  machine: unknown
  /** The round that is open, or that comes next. */
  round: number
  /** When the round before closed. */
  since: Micros
  /** When this round opened; undefined while nobody was asked. */
  opened: Micros | undefined
  /** How often the models of this round may have been sent before, by a life that is over: whoever has answered answers again. */
  attempt: number
  /** What clients that are asked in this round are told. */
  instructions: Instructions | undefined
  /** How long those that are asked are waited for. */
  timeout: Micros | undefined
  /** Clients asked in this round. */
  selected: Name[]
  /** Clients whose answer was refused since the round before closed. */
  refused: Name[]
  /** Clients that were at work and will not answer, as it knows since the round before closed. */
  excused: Name[]
  /** Where rounds overlap: clients that are not at work. */
  idle: Idle | undefined
  /** What is known of each client, where not the drawn order alone chooses. */
  known: Map<Name, Known> | undefined
  /** What the rule that chooses remembers. */
  choosing: unknown
  /** How often clients were asked. */
  askings: number
  /** While a round waits for enough clients: who of them is there. */
  roll: RollCall | undefined
  /** Clients that were asked and have neither answered nor been given up. */
  atWork: Map<Name, AtWork>
  /** The round machine's timers, by name. */
  timers: Map<string, Timer>
  /** When it looks again for clients that are there. */
  look: Timer | undefined
  /** Whether it looks again when an event has brought somebody back. */
  awaits: boolean
  /** Nothing is left to happen that could bring anybody back in this round. */
  hopeless: boolean
  /** When it asks those at work whether they still are. */
  probing: Timer | undefined
  past: RoundRow[]
  /** How the last round that was open ended, and whose answers counted: what an expert network may have missed. */
  ended: MissedEnding | undefined
  /** The round before has closed, and whether another follows is to be seen. */
  judging: Timer | undefined
  /** What came up meanwhile. */
  meanwhile: Moment[]
  /** Where updates are summed under masks: what the end of the round waits for. */
  closing: Closing | undefined
  /** Why the round that is open cannot be folded. */
  broken: string | undefined
  recovery: Recovery | undefined
  /** Expert networks that have come back and are not where the round is: nothing is decided before, or before a time. */
  lagging: Map<Name, number>
}

export const newAggregator = (holding: Holding, idle: Idle | undefined, known: AggregatorState['known']): AggregatorState => ({
  holding,
  phase: 'idle',
  machine: undefined,
  round: 1,
  since: 0,
  opened: undefined,
  attempt: 0,
  instructions: undefined,
  timeout: undefined,
  selected: [],
  refused: [],
  excused: [],
  idle,
  known,
  choosing: undefined,
  askings: 0,
  roll: undefined,
  atWork: new Map(),
  timers: new Map(),
  look: undefined,
  awaits: false,
  hopeless: false,
  probing: undefined,
  past: [],
  ended: undefined,
  judging: undefined,
  meanwhile: [],
  closing: undefined,
  broken: undefined,
  recovery: undefined,
  lagging: new Map(),
})

/** What the aggregator comes back with: its state, with instants in place of timers. */
export const copyAggregator = (state: AggregatorState): AggregatorState => {
  const unset = ({ at }: Timer): Timer => ({ at, number: undefined })
  return {
    ...state,
    holding: copyHolding(state.holding),
    machine: structuredClone(state.machine),
    selected: [...state.selected],
    refused: [...state.refused],
    excused: [...state.excused],
    idle: state.idle?.copy(),
    known: state.known && new Map(state.known),
    choosing: structuredClone(state.choosing),
    roll: undefined,
    atWork: new Map([...state.atWork].map(([client, { round, overdue }]) => [client, { round, overdue: overdue && unset(overdue) }])),
    timers: new Map([...state.timers].map(([name, timer]) => [name, unset(timer)])),
    look: state.look && unset(state.look),
    probing: state.probing && unset(state.probing),
    past: [...state.past],
    judging: state.judging && unset(state.judging),
    closing: state.closing && { ...state.closing, timer: unset(state.closing.timer) },
    meanwhile: [...state.meanwhile],
    recovery: undefined,
    lagging: new Map(),
  }
}
