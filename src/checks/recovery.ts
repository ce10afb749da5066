import { WHOLE } from '../models/parts.js'
import type { EventOf, FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

const deeds: Partial<Readonly<Record<FlightEvent['kind'], string>>> = {
  fold: 'folds', 'round-open': 'opens', 'round-close': 'closes', 'region-open': 'opens', 'region-close': 'closes',
}

/** Remembers servers that have come back and have not said where they are. */
export const recovery = check<Set<Name>>({
  name: 'recovery',
  promise:
    'A server that has come back without all that it had taken in finds out where its peers are before it folds or opens a ' +
    'round, and goes on no further back than what it had kept.',
  kinds: ['life', 'recovered', 'fold', 'round-open', 'round-close', 'region-open', 'region-close'],
  begin: () => new Set(),
  see: (event, { parts, clients }, back) => {
    const { at: time, actor } = event
    if (event.kind === 'life') {
      if (event.what === 'crash') back.delete(actor)
      else if (event.what === 'restart' && event.whole !== true && !clients.has(actor)) back.add(actor)
      return
    }
    if (event.kind === 'recovered') {
      if (!back.delete(actor)) throw new Violation('recovery', `${actor} recovers, and has not been away`, { time, actors: [actor] })
      if (event.round < event.kept) {
        const what = `${actor} goes on in round ${event.round}, and had kept round ${event.kept}`
        throw new Violation('recovery', what, { time, round: event.round, actors: [actor] })
      }
      return
    }
    if (!back.has(actor)) return
    const does = deeds[event.kind]
    if (does === undefined) return
    const round = 'row' in event ? event.row.round : (event as EventOf<'fold'>).round
    // An ending that it was away for may be made good before it is where the round is.
    if (event.kind === 'fold' && event.part !== WHOLE && event.part !== [...parts.keys()][0]) return
    const what = `${actor} has come back, and ${does} round ${round} before it knows where the others are`
    throw new Violation('recovery', what, { time, round, actors: [actor] })
  },
})
