import type { Envelope } from '../network/envelope.js'
import type { Rate } from '../network/weather.js'
import { type Draws } from '../random/draws.js'
import { normal } from '../random/streams.js'
import { kindNumber } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import type { Jitter } from '../schedules/network.js'
import type { Micros } from '../time/micros.js'
import type { NarrowHook } from './fault.js'
import { endOf, inRounds, inTime, type When } from './window.js'

/** The first instant after `at` at which a fault's window of time opens or closes. */
const nextEdge = (when: When, at: Micros): Micros => {
  const { from = -Infinity } = when
  const until = endOf(when) ?? -Infinity
  return from > at ? from : until > at ? until : Infinity
}

/**
 * A line's rate under all narrowings at once: factors multiply, then the lowest cap holds. `whose`: its owner, or what the place
 * is called at which many share it; `open`: what it carries without them. Rounds are those of `round`,
 * the latest to have opened. When another opens, or an event has one begin or end, transfers under way ask again.
 */
export const narrowed = (
  whose: Name,
  open: Rate,
  narrowings: readonly NarrowHook[],
  direction: 'up' | 'down',
  at: Micros,
  round: number,
): Rate => {
  let until = open.until
  let divisor = 1
  let cap = Infinity
  const on = narrowings.filter((hook) => {
    if (hook.direction !== undefined && hook.direction !== direction) return false
    if (!inRounds(hook.window, round) || hook.isOn?.(at) === false || !hook.strikes(whose, round)) return false
    until = Math.min(until, nextEdge(hook.window, at), hook.endsAt?.(at) ?? Infinity)
    return inTime(hook.window, at)
  })
  for (const hook of on) {
    divisor *= hook.by
    cap = Math.min(cap, hook.cap)
  }
  const bytesPerSecond = Math.min(open.bytesPerSecond / divisor, cap)
  if (bytesPerSecond !== open.bytesPerSecond) for (const hook of on) hook.narrowed(whose, round)
  return { bytesPerSecond, until }
}

/** Latency of one message under a jitter: `copy` names the copy, see `Draws.message`. */
export const jittered = (latency: Micros, jitter: Jitter, draws: Draws, envelope: Envelope, copy: string): Micros => {
  const kind = kindNumber[envelope.kind]
  switch (jitter.kind) {
    case 'uniform':
      return latency + Math.floor(draws.message(kind, envelope, copy, 0) * jitter.upTo)
    case 'lognormal': {
      let nth = 0
      return Math.round(latency * Math.exp(jitter.sigma * normal(() => draws.message(kind, envelope, copy, nth++))))
    }
    default:
      return jitter satisfies never
  }
}
