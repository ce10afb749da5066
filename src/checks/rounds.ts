import type { FlightEvent } from '../record/event.js'
import { check, Violation } from './check.js'

interface Memory {
  opened: number
  closed: number
  /** The last round that ended at each owner, by part. */
  readonly ended: Map<string, number>
  /** Parts that fold no more. */
  readonly over: Set<string>
}

const fail = ({ at: time, actor }: FlightEvent, round: number, what: string, envelopes: readonly number[] = []): never => {
  throw new Violation('rounds', what, { time, round, actors: [actor], envelopes })
}

export const rounds = check<Memory>({
  name: 'rounds',
  promise:
    'Rounds open and close one after the other, at the aggregator and at every owner; nothing is taken in for a round ' +
    'that has ended there, or after the last.',
  kinds: ['round-open', 'round-close', 'part-close', 'admit'],
  begin: () => ({ opened: 0, closed: 0, ended: new Map(), over: new Set() }),
  see: (event, { rounds: { overlapping } }, memory) => {
    switch (event.kind) {
      case 'round-open': {
        const { round } = event
        if (memory.opened > memory.closed) fail(event, round, `round ${round} opens while round ${memory.opened} is open`)
        if (round <= memory.opened || round <= memory.closed) fail(event, round, `round ${round} opens after round ${memory.opened}`)
        memory.opened = round
        return
      }
      case 'round-close': {
        const { round } = event.row
        if (round !== memory.closed + 1) fail(event, round, `round ${round} closes after round ${memory.closed}`)
        memory.closed = round
        return
      }
      case 'part-close': {
        const { part, round, ends } = event
        const last = memory.ended.get(part) ?? 0
        if (round <= last) fail(event, round, `round ${round} of ${part} ends after round ${last}`)
        memory.ended.set(part, round)
        if (ends === 'all') memory.over.add(part)
        return
      }
      case 'admit': {
        if (event.message !== 'update') return
        const { part, round, envelope, from } = event
        const late = overlapping ? memory.over.has(part) : round <= (memory.ended.get(part) ?? 0)
        if (late) fail(event, round, `${part} takes an update of ${from} in for round ${round}, which has ended there`, [envelope])
      }
    }
  },
})
