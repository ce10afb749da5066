import type { LedgerRow } from '../runs/record.js'
import type { Micros } from '../time/micros.js'
import type { Direction, Envelope, Fate } from './envelope.js'
import { eventKinds, type Journal } from './journal.js'

type Entry = { -readonly [K in keyof LedgerRow]: LedgerRow[K] }

const SEND = eventKinds.indexOf('send')
const ARRIVE = eventKinds.indexOf('arrive')
const DROP = eventKinds.indexOf('drop')
const SETTLE = eventKinds.indexOf('settle')

/** Counts of one link and message kind: what conservation is checked on. Copies are counted apart from originals. */
export interface Flow {
  readonly link: string
  sent: number
  copied: number
  delivered: number
  dropped: number
}

/** Names a link and a message kind. */
export const linkName = (from: string, to: string, kind: string): string => `${from} > ${to} ${kind}`

/**
 * Every copy of every envelope, from its sending to its final fate. Nothing reads the ledger to decide anything: it is
 * told, by the network (sent, arrived, dropped) and by the protocol (which fate).
 */
export class Ledger {
  readonly #journal: Journal
  readonly #entries: Entry[] = []
  /** The flow of each entry, so that a fate costs no look-up. */
  readonly #flowOf: Flow[] = []
  readonly #flows = new Map<string, Flow>()
  /** Flows that changed since the last check. */
  readonly touched = new Set<Flow>()
  settled: ((row: LedgerRow, at: Micros) => void) | undefined

  constructor(journal: Journal) {
    this.#journal = journal
  }

  send(envelope: Envelope, direction: Direction, roles: readonly string[]): void {
    const { id, from, to, kind, round, part, attempt, copy, bytes, sent } = envelope
    this.#entries.push({
      id, sent, delivered: null, from, to, direction, kind, round, part, roles, attempt, copy,
      bytes: bytes.length, travelled: bytes.length, fate: 'unresolved',
    })
    if (this.#entries.length !== id + 1) throw new Error(`envelope ${id} was sent out of order`)
    const flow = this.#flow(from, to, kind)
    this.#flowOf.push(flow)
    if (copy === 0) flow.sent++
    else flow.copied++
    this.touched.add(flow)
    const journal = this.#journal
    const about = round * 2 ** 32 + journal.number(part)
    journal.write(sent, SEND, id, journal.number(from), journal.number(to), journal.number(kind), bytes.length, about)
  }

  /** The copy reached its receiver. Its fate is decided by the protocol, now or later. */
  arrive(id: number, at: Micros): void {
    const entry = this.#entries[id]
    entry.delivered = at
    const flow = this.#flowOf[id]
    flow.delivered++
    this.touched.add(flow)
    this.#journal.write(at, ARRIVE, id, this.#journal.number(entry.to))
  }

  /** The copy will never arrive: it was lost after `travelled` bytes had left the sender's link. */
  drop(id: number, at: Micros, travelled: number): void {
    const entry = this.#entries[id]
    entry.travelled = travelled
    const flow = this.#flowOf[id]
    flow.dropped++
    this.touched.add(flow)
    this.#journal.write(at, DROP, id, this.#journal.number(entry.to), travelled)
    this.settle(id, 'lost', at)
  }

  /** Gives a copy its fate. The first fate is final: a second one is an error of the protocol. */
  settle(id: number, fate: Fate, at: Micros): void {
    const entry = this.#entries[id]
    if (entry.fate !== 'unresolved') {
      throw new Error(`envelope ${id} (${entry.kind} ${entry.from} to ${entry.to}) is ${entry.fate} and cannot become ${fate}`)
    }
    entry.fate = fate
    const journal = this.#journal
    journal.write(at, SETTLE, id, journal.number(entry.to), journal.number(fate))
    this.settled?.(entry, at)
  }

  row(id: number): LedgerRow {
    return this.#entries[id]
  }

  get rows(): readonly LedgerRow[] {
    return this.#entries
  }

  get flows(): Iterable<Flow> {
    return this.#flows.values()
  }

  #flow(from: string, to: string, kind: string): Flow {
    const link = linkName(from, to, kind)
    let flow = this.#flows.get(link)
    if (flow === undefined) this.#flows.set(link, (flow = { link, sent: 0, copied: 0, delivered: 0, dropped: 0 }))
    return flow
  }
}
