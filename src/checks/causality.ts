import type { FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

/** What only the living do. What befalls an actor may befall a dead one: a message to it is lost, and settled. */
const deeds: ReadonlySet<FlightEvent['kind']> = new Set([
  'send', 'arrive', 'admit', 'train', 'trained', 'unsent', 'fold', 'part-close', 'round-open', 'round-close', 'region-open', 'region-close', 'checkpoint',
] as const)

const fail = ({ at: time, actor }: FlightEvent, what: string): never => {
  throw new Violation('causality', what, { time, actors: [actor] })
}

export const causality = check<{ last: number; at: number; readonly dead: Set<Name> }>({
  name: 'causality',
  promise: 'Nothing happens before its cause, time never runs back, and the dead do nothing.',
  begin: () => ({ last: -1, at: 0, dead: new Set() }),
  see: (event, _, memory) => {
    const { id, at, actor, cause, kind } = event
    if (id !== memory.last + 1) fail(event, `event ${id} (${kind}) follows event ${memory.last}`)
    if (cause >= id) fail(event, `event ${id} (${kind}) has event ${cause} for a cause`)
    if (at < memory.at) fail(event, `event ${id} (${kind}) is at ${at}, before ${memory.at}`)
    memory.last = id
    memory.at = at
    if (memory.dead.size > 0 && deeds.has(kind) && memory.dead.has(actor)) fail(event, `${actor} is dead (${kind})`)
    if (kind !== 'life') return
    if (event.what === 'crash') memory.dead.add(actor)
    else if (event.what === 'restart') memory.dead.delete(actor)
  },
})
