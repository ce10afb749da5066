import { SafetyError } from '../errors.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { Columns } from './columns.js'
import type { EventOf, FlightEvent } from './event.js'
import type { FlightRecorder, Reader } from './flight-recorder.js'
import { fateOf } from './happenings.js'
import { type Direction, type Fate, fates, type MessageKind } from './message.js'
import type { LedgerRow } from './rows.js'

/** Counts of one link and message kind: what conservation is checked on. Copies are counted apart from originals. */
export interface Flow {
  /** Place in the order in which flows began. */
  readonly index: number
  readonly from: Name
  readonly to: Name
  readonly kind: MessageKind
  readonly direction: Direction
  sent: number
  copied: number
  delivered: number
  dropped: number
}

/** A part, with the roles of the segments inside. */
type Content = Pick<LedgerRow, 'part' | 'roles'>

/** The columns, in their order. */
const [SENT, DELIVERED, FLOW, CONTENT, ROUND, ATTEMPT, COPY, BYTES, TRAVELLED, FATE, BECAUSE, WIDTH] = Array(12).keys()

const NEVER = -1
/** In the column BECAUSE. */
const NO_REASON = 0
const unresolved = fates.indexOf('unresolved')
const numberOf = Object.fromEntries(fates.map((fate, number) => [fate, number])) as Readonly<Record<Fate, number>>

/**
 * Every copy of every message, from its sending to its final fate. Nothing reads the ledger to decide anything. It is kept
 * as columns of numbers, and a row is made when somebody wants to see it.
 */
export class Ledger implements Reader {
  readonly kinds = ['send', 'copy', 'arrive', 'drop', 'settle'] as const
  readonly #record: Pick<FlightRecorder, 'tell'>
  readonly #columns = new Columns(WIDTH)
  /** By sender and receiver, one for each kind: two look-ups cost less than a name that is put together. */
  readonly #flows = new Map<Name, Map<Name, Flow[]>>()
  readonly #all: Flow[] = []
  readonly #contents: Content[] = []
  /** Place of each part's last content. */
  readonly #parts = new Map<string, number>()
  /** What codecs have written of messages that are coded. */
  readonly #shares = new Map<number, NonNullable<EventOf<'send'>['shares']>>()
  /** Why messages were rejected. */
  readonly #reasons: LedgerRow['because'][] = [undefined]

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
        this.#columns.set(event.envelope, DELIVERED, event.at)
        this.flow(event.envelope).delivered++
        return
      case 'drop': {
        const flow = this.flow(event.envelope)
        this.#columns.set(event.envelope, TRAVELLED, event.travelled)
        flow.dropped++
        this.#record.tell(flow.to, fateOf(event.envelope, event.refused ? 'refused' : 'lost'), event.id)
        return
      }
      case 'settle':
        return this.#settle(event)
    }
  }

  row(id: number): LedgerRow {
    const columns = this.#columns
    const { from, to, kind, direction } = this.flow(id)
    const { part, roles } = this.#contents[columns.get(id, CONTENT)]
    const row: LedgerRow = {
      id,
      sent: columns.get(id, SENT),
      delivered: this.delivered(id),
      from,
      to,
      direction,
      kind,
      round: this.round(id),
      part,
      roles,
      attempt: columns.get(id, ATTEMPT),
      copy: columns.get(id, COPY),
      bytes: columns.get(id, BYTES),
      ...this.#codecs(id),
      travelled: columns.get(id, TRAVELLED),
      fate: this.fate(id),
    }
    const because = this.#reasons[columns.get(id, BECAUSE)]
    return because === undefined ? row : { ...row, because }
  }

  /** All rows, made anew. */
  get rows(): readonly LedgerRow[] {
    return Array.from({ length: this.#columns.length }, (_, id) => this.row(id))
  }

  get length(): number {
    return this.#columns.length
  }

  round(id: number): number {
    return this.#columns.get(id, ROUND)
  }

  fate(id: number): Fate {
    return fates[this.#columns.get(id, FATE)]
  }

  delivered(id: number): Micros | null {
    const delivered = this.#columns.get(id, DELIVERED)
    return delivered === NEVER ? null : delivered
  }

  /** Has a copy reached its receiver, and no fate yet? */
  isOpen(id: number): boolean {
    return this.#columns.get(id, FATE) === unresolved && this.#columns.get(id, DELIVERED) !== NEVER
  }

  /** The flow that a copy belongs to. */
  flow(id: number): Flow {
    return this.#all[this.#columns.get(id, FLOW)]
  }

  get flows(): readonly Flow[] {
    return this.#all
  }

  #send(event: EventOf<'send'> | EventOf<'copy'>): void {
    const { envelope: id, at, copy, bytes } = event
    if (id !== this.#columns.length) throw new SafetyError(`envelope ${id} was sent out of order`)
    const flow = this.#find(event)
    const content = this.#content(event.part, event.roles)
    this.#columns.add(at, NEVER, flow.index, content, event.round, event.attempt, copy, bytes, bytes, unresolved, NO_REASON)
    if (event.shares !== undefined) this.#shares.set(id, event.shares)
    if (copy === 0) flow.sent++
    else flow.copied++
  }

  /** The first fate is final; that there is no second is a check's affair. */
  #settle(event: EventOf<'settle'>): void {
    const { envelope: id, fate, because } = event
    if (this.#columns.get(id, FATE) === unresolved) {
      this.#columns.set(id, FATE, numberOf[fate])
      if (because !== undefined) this.#columns.set(id, BECAUSE, this.#reason(because))
    }
    ;(event as { row: LedgerRow }).row = this.row(id)
  }

  #codecs(id: number): Pick<LedgerRow, 'codecs'> | undefined {
    const shares = this.#shares.size === 0 ? undefined : this.#shares.get(id)
    if (shares === undefined) return undefined
    const coded = Object.values(shares).reduce((sum, bytes) => sum + bytes, 0)
    return { codecs: { frame: this.#columns.get(id, BYTES) - coded, ...shares } }
  }

  #reason(because: LedgerRow['because']): number {
    const known = this.#reasons.indexOf(because)
    return known < 0 ? this.#reasons.push(because) - 1 : known
  }

  #content(part: string, roles: readonly string[]): number {
    const known = this.#parts.get(part)
    if (known !== undefined && this.#contents[known].roles === roles) return known
    const place = this.#contents.push({ part, roles }) - 1
    this.#parts.set(part, place)
    return place
  }

  #find({ actor: from, to, message: kind, direction }: EventOf<'send'> | EventOf<'copy'>): Flow {
    const flows = this.#flows.get(from)?.get(to)
    if (flows !== undefined) for (const flow of flows) if (flow.kind === kind) return flow
    return this.#begin(from, to, kind, direction)
  }

  #begin(from: Name, to: Name, kind: MessageKind, direction: Direction): Flow {
    const flow: Flow = { index: this.#all.length, from, to, kind, direction, sent: 0, copied: 0, delivered: 0, dropped: 0 }
    this.#all.push(flow)
    let receivers = this.#flows.get(from)
    if (receivers === undefined) this.#flows.set(from, (receivers = new Map()))
    const flows = receivers.get(to)
    if (flows === undefined) receivers.set(to, [flow])
    else flows.push(flow)
    return flow
  }
}
