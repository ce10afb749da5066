import { SafetyError } from '../errors.js'
import type { Name } from '../roster/participant.js'
import type { EventOf, FlightEvent } from './event.js'
import type { FlightRecorder, Reader } from './flight-recorder.js'
import type { MessageKind } from './message.js'
import type { LedgerRow } from './rows.js'

type Entry = { -readonly [K in keyof LedgerRow]: LedgerRow[K] }

/** Counts of one link and message kind: what conservation is checked on. Copies are counted apart from originals. */
export interface Flow {
  /** Place in the order in which flows began. */
  readonly index: number
  readonly from: Name
  readonly to: Name
  readonly kind: MessageKind
  sent: number
  copied: number
  delivered: number
  dropped: number
}

/** Every copy of every message, from its sending to its final fate. Nothing reads the ledger to decide anything. */
export class Ledger implements Reader {
  readonly kinds = ['send', 'copy', 'arrive', 'drop', 'settle'] as const
  readonly #record: Pick<FlightRecorder, 'tell'>
  readonly #entries: Entry[] = []
  /** The flow of each entry, so that a fate costs no look-up. */
  readonly #flowOf: Flow[] = []
  /** By sender and receiver, one for each kind: two look-ups cost less than a name that is put together. */
  readonly #flows = new Map<Name, Map<Name, Flow[]>>()
  readonly #all: Flow[] = []

  constructor(record: Pick<FlightRecorder, 'tell'>) {
    this.#record = record
  }

  /** A copy that is dropped is lost, or refused: that fate is told from here. */
  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'send':
      case 'copy':
        return this.#send(event)
      case 'arrive':
        this.#entries[event.envelope].delivered = event.at
        this.#flowOf[event.envelope].delivered++
        return
      case 'drop': {
        const entry = this.#entries[event.envelope]
        entry.travelled = event.travelled
        this.#flowOf[event.envelope].dropped++
        this.#record.tell(entry.to, { kind: 'settle', envelope: event.envelope, fate: event.refused ? 'refused' : 'lost' }, event.id)
        return
      }
      case 'settle':
        return this.#settle(event)
    }
  }

  row(id: number): LedgerRow {
    return this.#entries[id]
  }

  get rows(): readonly LedgerRow[] {
    return this.#entries
  }

  /** The flow that a copy belongs to. */
  flow(id: number): Flow {
    return this.#flowOf[id]
  }

  get flows(): readonly Flow[] {
    return this.#all
  }

  #send(event: EventOf<'send'> | EventOf<'copy'>): void {
    const { envelope: id, at: sent, actor: from, to, direction, message: kind } = event
    const { round, part, roles, attempt, copy, bytes } = event
    this.#entries.push({
      id, sent, delivered: null, from, to, direction, kind, round, part, roles, attempt, copy,
      bytes, travelled: bytes, fate: 'unresolved',
    })
    if (this.#entries.length !== id + 1) throw new SafetyError(`envelope ${id} was sent out of order`)
    const flow = this.#find(from, to, kind)
    this.#flowOf.push(flow)
    if (copy === 0) flow.sent++
    else flow.copied++
  }

  /** The first fate is final; that there is no second is a check's affair. */
  #settle(event: EventOf<'settle'>): void {
    const entry = this.#entries[event.envelope]
    if (entry.fate === 'unresolved') {
      entry.fate = event.fate
      if (event.because !== undefined) entry.because = event.because
    }
    ;(event as { row: LedgerRow }).row = entry
  }

  #find(from: Name, to: Name, kind: MessageKind): Flow {
    const flows = this.#flows.get(from)?.get(to)
    if (flows !== undefined) for (const flow of flows) if (flow.kind === kind) return flow
    return this.#begin(from, to, kind)
  }

  #begin(from: Name, to: Name, kind: MessageKind): Flow {
    const flow: Flow = { index: this.#all.length, from, to, kind, sent: 0, copied: 0, delivered: 0, dropped: 0 }
    this.#all.push(flow)
    let receivers = this.#flows.get(from)
    if (receivers === undefined) this.#flows.set(from, (receivers = new Map()))
    const flows = receivers.get(to)
    if (flows === undefined) receivers.set(to, [flow])
    else flows.push(flow)
    return flow
  }
}
