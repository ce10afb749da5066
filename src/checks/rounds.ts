import type { EventOf, FlightEvent } from '../record/event.js'
import { AGGREGATOR } from '../roster/participant.js'
import { ByOwner, check, Violation } from './check.js'

/** How a part's last round ended at its owner. */
interface Ended {
  readonly round: number
  readonly outcome: 'closed' | 'aborted'
}

interface Memory {
  opened: number
  closed: number
  readonly ended: ByOwner<Ended>
  /** Whether it folds no more. */
  readonly over: ByOwner<true>
  /** The aggregator has come back, and may have forgotten rounds: it says which is the next. */
  reborn: boolean
}

const fail = ({ at: time, actor }: FlightEvent, round: number, what: string, envelopes: readonly number[] = []): never => {
  throw new Violation('rounds', what, { time, round, actors: [actor], envelopes })
}

const closes = (event: EventOf<'round-close'>, { opened, closed, ended }: Memory, [trunk]: Iterable<string>): void => {
  const { round } = event.row
  if (round !== closed + 1) fail(event, round, `round ${round} closes after round ${closed}`)
  if (opened === round && (ended.get(event.actor, trunk)?.round ?? 0) < round) fail(event, round, `round ${round} closes, and ${trunk} has not ended it`)
}

export const rounds = check<Memory>({
  name: 'rounds',
  promise:
    'Rounds open and close one after the other, at the aggregator and at every owner. Nothing is taken in for a round ' +
    'that has ended there, or after the last; nothing is folded but in a round that has closed. Who has died begins anew: ' +
    'with the round that its peers are in.',
  kinds: ['round-open', 'round-close', 'part-close', 'fold', 'admit', 'life'],
  begin: () => ({ opened: 0, closed: 0, ended: new ByOwner(), over: new ByOwner(), reborn: false }),
  see: (event, { parts, rounds: { overlapping } }, memory) => {
    switch (event.kind) {
      case 'round-open': {
        const { round } = event
        if (memory.reborn) memory.opened = memory.closed = round - 1
        memory.reborn = false
        if (memory.opened > memory.closed) fail(event, round, `round ${round} opens while round ${memory.opened} is open`)
        if (round <= memory.opened || round <= memory.closed) fail(event, round, `round ${round} opens after round ${memory.opened}`)
        memory.opened = round
        return
      }
      case 'round-close':
        // A round that it knows to be open, and of whose end it may have forgotten; or one that never opened, for want of clients.
        if (memory.reborn) {
          memory.opened = event.row.selected.length > 0 ? event.row.round : event.row.round - 1
          memory.closed = event.row.round - 1
        }
        memory.reborn = false
        closes(event, memory, parts.keys())
        memory.closed = event.row.round
        return
      case 'part-close': {
        const { actor, part, round, outcome, ends } = event
        const last = memory.ended.get(actor, part)?.round ?? 0
        if (round <= last) fail(event, round, `round ${round} of ${part} ends after round ${last}`)
        memory.ended.set(actor, part, { round, outcome })
        if (ends === 'all') memory.over.set(actor, part, true)
        return
      }
      case 'fold': {
        const { actor, part, round } = event
        const last = memory.ended.get(actor, part)
        if (last?.round === round && last.outcome === 'closed') return
        return fail(event, round, `round ${round} of ${part} is folded, and has not closed`)
      }
      case 'life': {
        if (event.what !== 'crash') return
        memory.ended.forget(event.actor)
        memory.over.forget(event.actor)
        if (event.actor === AGGREGATOR) memory.reborn = true
        return
      }
      case 'admit': {
        if (event.message !== 'update') return
        const { actor, part, round, envelope, from } = event
        const late = overlapping ? memory.over.get(actor, part) === true : round <= (memory.ended.get(actor, part)?.round ?? 0)
        if (late) fail(event, round, `${part} takes an update of ${from} in for round ${round}, which has ended there`, [envelope])
      }
    }
  },
})
