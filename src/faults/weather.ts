import type { Span } from '../actors/pending.js'
import type { Weather as NetworkWeather } from '../network/weather.js'
import type { Reader } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Device } from '../schedules/devices.js'
import type { Clock } from '../time/clock.js'
import type { Micros } from '../time/micros.js'
import type { Fold, Life, Sending } from './fault.js'
import type { Edge } from './by-hand.js'
import type { FaultReport } from './report.js'

/**
 * Faults and schedules, compiled for one flight: every question that the network, the devices and the actors ask about
 * the outside world. Answers depend on the plan, the streams and the arguments, never on how often something is asked.
 */
export interface Weather extends NetworkWeather {
  /** A client's part of lines that are shared fairly, against that of others. */
  weight(client: Name): number
  /** Who has to see what happens, of the weather and its faults, in this order. */
  readonly readers: readonly Reader[]
  /** Can the client be selected for `round`, opening at `now`? */
  available(client: Name, now: Micros, round: number): boolean
  /**
   * Until when a client that is not selectable is so for certain, in that round or, without one, whatever the round; undefined:
   * nothing is certain.
   */
  awayUntil(client: Name, now: Micros, round?: number): Micros | undefined
  /** The next instant after `now` at which a schedule or a timed fault may make some client available, if any. */
  nextChange(now: Micros): Micros | undefined
  /**
   * Whether an event, nobody knows when, may make a client available for `round` that is not: who waits for that is told by
   * a `back` of the lives. Absent where no fault waits for an event.
   */
  mayReturn?(now: Micros, round: number): boolean
  /** When a computation of `cost` undisturbed microseconds ends if the device begins it now. */
  span(client: Name, start: Micros, cost: Micros, round: number): Span
  /** How much of its local epochs the client does in `round`: 1, or less under a `partial` fault. */
  completeness(client: Name, round: number): number
  /** Does a client that has trained for `round` stay to send what it made? One that does not leaves now. */
  stays(client: Name, now: Micros, round: number): boolean
  /** Whether messages may arrive with other bytes than were sent. */
  readonly damages?: boolean
  /** What a client sends in place of a part's values. Absent where no fault poisons. */
  poison?(values: Float32Array, about: Sending): Float32Array
  /** What an owner folds in place of some updates, by their place. Absent where no fault forges. */
  forge?(fold: Fold): ReadonlyMap<number, Float32Array>
  /** What training is charged to. */
  device(name: Name): Device
  /** By how many rounds what an actor comes back with is older than what it had written down last, and the largest such number. */
  forgotten(who: Name, at: Micros): number
  readonly forgetful: number
  /** Who may die: targets of faults that kill. */
  mayDie(name: Name): boolean
  /** The clock of an actor that does not have the true time; absent where everybody has it. */
  readonly clock?: ((name: Name) => Clock | undefined) | undefined
  /** How many messages each bounded inbox has places for, by its fault; absent where there is none. */
  readonly inboxes?: ReadonlyMap<string, number> | undefined
  /** Life events known before the flight. */
  readonly lives: readonly Life[]
  /** Where faults are injected and healed, in order; each is to be crossed once, at its place. */
  readonly edges: readonly Edge[]
  /** Every fault of the plan with how often it struck and what it hit, in the plan's order. */
  report(): readonly FaultReport[]
}
