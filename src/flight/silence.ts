import type { EventOf, FlightEvent } from '../record/event.js'
import type { Reader } from '../record/flight-recorder.js'
import type { Ledger } from '../record/ledger.js'
import type { Name } from '../roster/participant.js'

/**
 * Why clients are silent: what befell each last. For people, where a round can never close; no actor hears of it.
 */
export class Silence implements Reader {
  readonly kinds = ['drop', 'life', 'trained', 'unsent', 'gave-up'] as const
  readonly #ledger: Pick<Ledger, 'row'>
  readonly #clients: ReadonlySet<Name>
  readonly #reasons = new Map<Name, { readonly round: number; readonly why: string }>()
  /** Who is dead, and by what fault. */
  readonly #dead = new Map<Name, string>()

  constructor(ledger: Pick<Ledger, 'row'>, clients: ReadonlySet<Name>) {
    this.#ledger = ledger
    this.#clients = clients
  }

  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'drop':
        return this.#dropped(event)
      case 'life':
        if (event.what === 'crash') this.#dead.set(event.actor, event.fault)
        else if (event.what === 'restart' && this.#dead.delete(event.actor)) {
          this.#reasons.set(event.actor, { round: Infinity, why: `died by '${event.fault}' and came back without its task` })
        }
        return
      case 'trained':
        if (event.outcome === 'interrupted') this.#is(event.actor, event.round, 'left in training')
        return
      case 'unsent':
        return this.#is(event.actor, event.round, 'left before it sent its answer')
      case 'gave-up':
        if (event.message === 'model') this.#is(event.to, event.round, `its model of ${event.part} was never acknowledged`)
        else if (event.message === 'update') this.#is(event.actor, event.round, `its update of ${event.part} was never acknowledged`)
    }
  }

  /** What kept a client from answering for a round, as far as can be told. */
  of(client: Name, round: number): string {
    const fault = this.#dead.get(client)
    if (fault !== undefined) return `is dead by '${fault}', and does not come back`
    const reason = this.#reasons.get(client)
    return reason !== undefined && reason.round >= round ? reason.why : 'has not all that it waits for'
  }

  #is(client: Name, round: number, why: string): void {
    if (this.#clients.has(client)) this.#reasons.set(client, { round, why })
  }

  #dropped({ envelope, from, actor, round, fault, refused }: EventOf<'drop'>): void {
    const { kind, part } = this.#ledger.row(envelope)
    if (kind !== 'model' && kind !== 'update') return
    const by = refused === true ? 'refused by a full inbox' : fault === undefined ? 'lost' : fault === 'schedule' ? 'lost outside of its schedule' : `lost to '${fault}'`
    this.#is(kind === 'model' ? actor : from, round, `its ${kind} of ${part} was ${by}`)
  }
}
