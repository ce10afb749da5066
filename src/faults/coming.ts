import type { Name } from '../roster/participant.js'
import type { Calendar } from '../schedules/calendar.js'
import type { Micros } from '../time/micros.js'
import type { Draws } from './draws.js'
import type { FaultOf } from './fault.js'
import type { PlannedFault } from './plan.js'

/** Time away after leaving in a phase: [leftAt, backAt). */
export interface Episode {
  readonly planned: PlannedFault
  readonly round: number
  readonly leftAt: Micros
  backAt: Micros
  /** Ends when its round closes. */
  readonly untilClose: boolean
}

/** A transfer of several parts that the client does not stay for. */
export interface Cut {
  readonly index: number
  readonly fraction: number
  readonly booked: Set<number>
  free: Micros
  left: boolean
}

/** An `away` fault that strikes the client, ready to be asked. */
export interface Leaver {
  readonly planned: PlannedFault
  readonly fault: FaultOf<'away'>
  readonly draws: Draws
}

/** All that can keep one client away. */
export interface Coming {
  readonly name: Name
  readonly calendar?: Calendar
  readonly leavers: readonly Leaver[]
  episodes: Episode[]
  readonly cuts: Map<string, Cut>
}

export const createComing = (name: Name, calendar: Calendar | undefined, leavers: readonly Leaver[]): Coming => ({
  name,
  calendar,
  leavers,
  episodes: [],
  cuts: new Map(),
})

/** Out of reach for a time of the clock, not for the length of a round. */
export const isTimed = ({ fault }: Leaver): boolean =>
  fault.phase === undefined && (fault.from !== undefined || fault.until !== undefined)
