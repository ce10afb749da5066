import type { Name } from '../roster/participant.js'
import type { Envelope } from '../network/envelope.js'
import { normal } from '../random/streams.js'
import type { ClientLink, Jitter, Rate } from '../schedules/network.js'
import type { Micros } from '../time/micros.js'
import type { Draws } from './draws.js'
import type { FaultOf } from './fault.js'
import type { PlannedFault } from './plan.js'
import type { Tally } from './tally.js'
import { inRounds, inTime, strikes } from './window.js'

/** A narrowing fault, ready to be asked. */
export interface Narrowing {
  readonly planned: PlannedFault
  readonly fault: FaultOf<'narrow'>
  readonly draws: Draws
}

/** The first instant after `at` at which a fault's window of time opens or closes. */
const nextEdge = ({ from, until }: FaultOf<'narrow'>, at: Micros): Micros =>
  from !== undefined && from > at ? from : until !== undefined && until > at ? until : Infinity

/**
 * A link's rate under all narrowings at once: factors multiply, then the lowest cap holds. Rounds are those of `round`,
 * the latest to have opened: a transfer that is under way when a round opens keeps the rate that it asked for.
 */
export const narrowed = (
  client: Name,
  link: ClientLink,
  narrowings: readonly Narrowing[],
  direction: 'up' | 'down',
  at: Micros,
  round: number,
  tally: Tally | undefined,
): Rate => {
  const open = link.rate(direction, at)
  if (narrowings.length === 0) return open
  let until = open.until
  let divisor = 1
  let cap = Infinity
  const on = narrowings.filter(({ fault, draws }) => {
    if (fault.direction !== undefined && fault.direction !== direction) return false
    if (!inRounds(fault, round) || !strikes(fault, draws, client, round)) return false
    until = Math.min(until, nextEdge(fault, at))
    return inTime(fault, at)
  })
  for (const { fault } of on) {
    if (fault.by !== undefined) divisor *= fault.by
    if (fault.to !== undefined) cap = Math.min(cap, fault.to / 8)
  }
  const bytesPerSecond = Math.min(open.bytesPerSecond / divisor, cap)
  if (bytesPerSecond !== open.bytesPerSecond && tally !== undefined) {
    for (const { planned } of on) {
      tally.fired(planned, `${client} ${round}`)
      tally.effect(planned, 'link narrowed', `${client} ${round}`, 0)
    }
  }
  return { bytesPerSecond, until }
}

/** Latency of one message: `copy` names the copy, see `copyName`. */
export const jittered = (
  latency: Micros,
  jitter: Jitter | undefined,
  draws: Draws,
  envelope: Envelope,
  copy: () => string,
): Micros => {
  if (jitter === undefined) return latency
  switch (jitter.kind) {
    case 'uniform':
      return latency + Math.floor(draws.envelope(envelope, copy(), 0) * jitter.upTo)
    case 'lognormal': {
      const name = copy()
      let nth = 0
      return Math.round(latency * Math.exp(jitter.sigma * normal(() => draws.envelope(envelope, name, nth++))))
    }
    default:
      return jitter satisfies never
  }
}

/** When the last of `bytes` has passed, if they begin at `start` on a free line. Infinity if they never do. */
export const drain = (bytes: number, start: Micros, rate: (at: Micros) => Rate): Micros => {
  let left = bytes
  let time = start
  for (;;) {
    const { bytesPerSecond, until } = rate(time)
    const needed = left === 0 ? 0 : bytesPerSecond > 0 ? (left * 1e6) / bytesPerSecond : Infinity
    if (time + needed <= until) return Math.ceil(time + needed)
    left -= (bytesPerSecond * (until - time)) / 1e6
    time = until
  }
}
