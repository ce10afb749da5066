import type { Envelope } from '../network/envelope.js'
import type { Name } from '../roster/participant.js'

interface Line<State> {
  /** Of originals, by their numbers. */
  readonly states: Map<number, State>
  /** Of the latest original of that name, for its copies. */
  readonly named: Map<string, State>
  last: State | undefined
}

/** What names a message on its link: a copy has its original's. */
const identity = ({ kind, round, part, attempt }: Envelope): string => `${kind} ${round} ${attempt} ${part}`

/**
 * What a fault remembers of links: a state for each message that it names, made from that of the message before it on
 * its link (from, to), in the order of sending. A message has one state, however often it is asked for; one that is sent
 * again has another. Its copies, which leave with it, have its own: so what makes copies moves nobody's states.
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
    const name = identity(envelope)
    const known = envelope.copy === 0 ? line.states.get(envelope.id) : line.named.get(name)
    if (known !== undefined) return known
    const state = this.#next(envelope, line.last)
    if (envelope.copy === 0) line.states.set(envelope.id, state)
    line.named.set(name, state)
    line.last = state
    return state
  }

  #line({ from, to }: Envelope): Line<State> {
    let lines = this.#links.get(from)
    if (lines === undefined) this.#links.set(from, (lines = new Map()))
    let line = lines.get(to)
    if (line === undefined) lines.set(to, (line = { states: new Map(), named: new Map(), last: undefined }))
    return line
  }
}
