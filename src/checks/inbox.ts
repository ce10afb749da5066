import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { check, Violation } from './check.js'

interface Memory {
  /** Ends of what is in each bounded inbox, by its fault and its owner: told when a message is taken in. */
  readonly inside: Map<string, Micros[]>
  /** The fault that keeps a message waiting, by envelope. */
  readonly taken: Map<number, string>
}

const nameOf = (fault: string, owner: Name): string => `${fault} ${owner}`

export const inbox = check<Memory>({
  name: 'inbox',
  promise: 'A bounded inbox never holds more messages than it has places.',
  kinds: ['hold', 'life'],
  applies: ({ inboxes }) => inboxes !== undefined,
  begin: () => ({ inside: new Map(), taken: new Map() }),
  see: (event, { inboxes }, { inside, taken }) => {
    if (inboxes === undefined || (event.kind !== 'hold' && event.kind !== 'life')) return
    const { kind, actor, at: time } = event
    if (kind === 'life') {
      if (event.what === 'crash') for (const fault of inboxes.keys()) inside.delete(nameOf(fault, actor))
      return
    }
    const { envelope, fault, until, stands } = event
    // What waits for a place has none.
    if (stands === true) return
    const places = fault === undefined ? undefined : inboxes.get(fault)
    if (fault === undefined || places === undefined) return
    const name = nameOf(fault, actor)
    // What another fault kept at the door meanwhile is no second message.
    if (taken.get(envelope) === name) return
    taken.set(envelope, name)
    const now = (inside.get(name) ?? []).filter((end) => end > time)
    now.push(until)
    inside.set(name, now)
    if (now.length <= places) return
    const what = `the inbox of ${actor} holds ${now.length} messages, and has ${places} places`
    throw new Violation('inbox', what, { time, actors: [actor], envelopes: [envelope] })
  },
})
