import type { Envelope } from '../network/envelope.js'
import type { Name } from '../roster/participant.js'

interface Line<State> {
  readonly states: Map<string, State>
  last: State | undefined
}

/** What names a message on its link: a copy has its original's. */
const identity = ({ kind, round, part, attempt }: Envelope): string => `${kind} ${round} ${attempt} ${part}`

/**
 * What a fault remembers of links: a state for each message that it names, made from that of the message before it on
 * its link (from, to), in the order of sending. A message has one state, however often it is asked for, and its copies,
 * which leave with it, have the same: so what makes copies moves nobody's states.
 */
export class LinkMemory<State> {
  readonly #links = new Map<Name, Map<Name, Line<State>>>()
  readonly #next: (envelope: Envelope, before: State | undefined) => State

  /** `before`: of the link's message before; undefined for the first. */
  constructor(next: (envelope: Envelope, before: State | undefined) => State) {
    this.#next = next
  }

  of(envelope: Envelope): State {
    const line = this.#line(envelope)
    const key = identity(envelope)
    let state = line.states.get(key)
    if (state === undefined) {
      state = this.#next(envelope, line.last)
      line.states.set(key, state)
      line.last = state
    }
    return state
  }

  #line({ from, to }: Envelope): Line<State> {
    let lines = this.#links.get(from)
    if (lines === undefined) this.#links.set(from, (lines = new Map()))
    let line = lines.get(to)
    if (line === undefined) lines.set(to, (line = { states: new Map(), last: undefined }))
    return line
  }
}
