import { formatMicros } from '../time/micros.js'
import type { Presence } from './presence.js'
import { endOf, type When } from './window.js'
import { many } from './words.js'

/** What of a fault is still to come when a flight ends: its window goes on, or it keeps clients away. */
export const outlivedBy = (fault: When, flown: Presence['flown'], away: number): string | undefined => {
  const { rounds: [, last] = [0, 0] } = fault
  const until = endOf(fault) ?? 0
  if (flown.rounds === 0) return undefined
  if (last > flown.rounds) return `its window ends with round ${last}, the flight did with round ${flown.rounds}`
  if (until > flown.until) return `its window ends at ${formatMicros(until)}, the flight did at ${formatMicros(flown.until)}`
  if (away === 0) return undefined
  return `${many(away, 'client')} that it sent away had not come back when the flight ended at ${formatMicros(flown.until)}`
}
