import type { FlightEvent } from '../../../record/event.js'
import type { EventOf } from '../../../record/event.js'
import type { Name } from '../../../roster/participant.js'
import type { Address } from './atom.js'

type Departed = EventOf<'send'>

/**
 * What faults find a message by. A trigger has no word for a part without a name, nor for round 0, in which whoever has come back
 * asks where the others are: those are found among all of their kind.
 */
const addressOf = ({ actor: from, to, message, round, part }: Departed): Address => ({
  from, to, message, ...(round >= 1 && { round }), ...(part !== '' && { part }),
})

/** Names that a trigger takes for another: it takes `expert-1` for every name that goes on with `-`. */
const familyOf = (name: Name, names: ReadonlySet<Name>): readonly Name[] => [...names].filter((one) => name === one || name.startsWith(`${one}-`))

/** Counts events as triggers of faults count them, so that the nth there is the nth here. */
export class Addresses {
  readonly #counts = new Map<string, number>()
  readonly #families = new Map<Name, readonly Name[]>()
  readonly #names: ReadonlySet<Name>

  constructor(names: readonly Name[]) {
    this.#names = new Set(names)
  }

  /** Counts one that was sent, or has arrived; says which it was under its own address. */
  message(event: 'sent' | 'arrived', sent: Departed): Address & { readonly nth: number } {
    const own = addressOf(sent)
    const nth = this.#raise(`${event} ${JSON.stringify(own)}`)
    for (const from of this.#family(sent.actor)) {
      for (const to of this.#family(sent.to)) {
        for (const part of sent.part === '' ? [undefined] : [sent.part, undefined]) {
          for (const round of sent.round < 1 ? [undefined] : [sent.round, undefined]) {
            const other: Address = { from, to, message: sent.message, ...(round !== undefined && { round }), ...(part !== undefined && { part }) }
            const text = JSON.stringify(other)
            if (text !== JSON.stringify(own)) this.#raise(`${event} ${text}`)
          }
        }
      }
    }
    return { ...own, nth }
  }

  /** Counts one of the other events that a life can be ended after. */
  moment(word: string, { actor }: Pick<FlightEvent, 'actor'>, round: number, part = ''): number {
    for (const one of this.#family(actor)) if (one !== actor) this.#raise(`${word} ${one} ${round} ${part}`)
    return this.#raise(`${word} ${actor} ${round} ${part}`)
  }

  #family(name: Name): readonly Name[] {
    let family = this.#families.get(name)
    if (family === undefined) this.#families.set(name, (family = familyOf(name, this.#names)))
    return family
  }

  #raise(text: string): number {
    const now = (this.#counts.get(text) ?? 0) + 1
    this.#counts.set(text, now)
    return now
  }
}
