import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { ByOwner, check, Violation } from './check.js'

const refuse = ({ at, round, part, actor }: EventOf<'fold'>, client: Name, what: string): never => {
  const about = { time: at, round, actors: [actor, client] }
  throw new Violation('once', `round ${round} of ${part} folds ${what} of ${client}`, about)
}

/** The last round of each client of which an update was folded. */
type Counted = ByOwner<Map<Name, number>>

export const once = check<Counted>({
  name: 'once',
  promise:
    'The contributions to one aggregate are a set of (client, round): none from another round, or staler than the ' +
    'declared bound where rounds overlap, and none that was folded before in this life of its owner.',
  kinds: ['fold', 'life'],
  begin: () => new ByOwner(),
  see: (event, { rounds: { overlapping, maxStaleness } }, counted) => {
    // What it had folded since its checkpoint is undone.
    if (event.kind === 'life' && event.what === 'crash') counted.forget(event.actor)
    if (event.kind !== 'fold') return
    const { actor, part, round } = event
    const clients = counted.get(actor, part) ?? counted.set(actor, part, new Map())
    const seen = new Set<string>()
    for (const { client, round: of, staleness } of event.updates) {
      const contribution = overlapping ? `${client} ${of}` : client
      if (overlapping ? of > round : of !== round) refuse(event, client, `an update for round ${of}`)
      if (!(staleness >= 0 && staleness <= maxStaleness)) {
        refuse(event, client, `an update of staleness ${staleness}, above ${maxStaleness},`)
      }
      if (seen.has(contribution)) refuse(event, client, `two updates for round ${of}`)
      if (of <= (clients.get(client) ?? 0)) {
        refuse(event, client, `an update for round ${of} that was folded before,`)
      }
      seen.add(contribution)
    }
    for (const { client, round: of } of event.updates) clients.set(client, Math.max(of, clients.get(client) ?? 0))
  },
})
