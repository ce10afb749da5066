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
  /** Place in the order in which flows began. */
  readonly index: number
  /** `a > b model`, for people. */
  readonly link: string
  /** Kind of the messages. */
  readonly about: string
  /** The journal's numbers of sender, receiver and kind. */
  readonly from: number
  readonly to: number
  readonly kind: number
  sent: number
  copied: number
  delivered: number
  dropped: number
  /** Whether it changed since the last check. */
  touched: boolean
}

/**
 * Every copy of every envelope, from its sending to its final fate. Nothing reads the ledger to decide anything: it is
 * told, by the network (sent, arrived, dropped) and by the protocol (which fate).
 */
export class Ledger {
  readonly #journal: Journal
  readonly #entries: Entry[] = []
  /** The flow of each entry, so that a fate costs no look-up. */
  readonly #flowOf: Flow[] = []
  /** By sender and receiver, one for each kind: two look-ups cost less than a name that is put together. */
  readonly #flows = new Map<string, Map<string, Flow[]>>()
  readonly #all: Flow[] = []
  #touched: Flow[] = []
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
    const about = round * 2 ** 32 + this.#journal.number(part)
    const flow = this.#find(from, to, kind)
    this.#flowOf.push(flow)
    if (copy === 0) flow.sent++
    else flow.copied++
    this.#touch(flow)
    this.#journal.write(sent, SEND, id, flow.from, flow.to, flow.kind, bytes.length, about)
  }

  /** The copy reached its receiver. Its fate is decided by the protocol, now or later. */
  arrive(id: number, at: Micros): void {
    this.#entries[id].delivered = at
    const flow = this.#flowOf[id]
    flow.delivered++
    this.#touch(flow)
    this.#journal.write(at, ARRIVE, id, flow.to)
  }

  /** The copy will never arrive: it was lost after `travelled` bytes had left the sender's link. */
  drop(id: number, at: Micros, travelled: number): void {
    this.#entries[id].travelled = travelled
    const flow = this.#flowOf[id]
    flow.dropped++
    this.#touch(flow)
    this.#journal.write(at, DROP, id, flow.to, travelled)
    this.settle(id, 'lost', at)
  }

  /** Gives a copy its fate. The first fate is final: a second one is an error of the protocol. */
  settle(id: number, fate: Fate, at: Micros): void {
    const entry = this.#entries[id]
    if (entry.fate !== 'unresolved') {
      const who = `${entry.kind} ${entry.from} to ${entry.to}`
      throw new Error(`envelope ${id} (${who}) is ${entry.fate} and cannot become ${fate}`)
    }
    entry.fate = fate
    this.#journal.write(at, SETTLE, id, this.#flowOf[id].to, this.#journal.number(fate))
    this.settled?.(entry, at)
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

  /** Flows that changed since this was last asked. */
  takeTouched(): readonly Flow[] {
    const touched = this.#touched
    if (touched.length === 0) return touched
    for (const flow of touched) flow.touched = false
    this.#touched = []
    return touched
  }

  #touch(flow: Flow): void {
    if (flow.touched) return
    flow.touched = true
    this.#touched.push(flow)
  }

  #find(from: string, to: string, kind: string): Flow {
    const flows = this.#flows.get(from)?.get(to)
    if (flows !== undefined) for (const flow of flows) if (flow.about === kind) return flow
    return this.#begin(from, to, kind)
  }

  #begin(from: string, to: string, kind: string): Flow {
    const journal = this.#journal
    const flow: Flow = {
      index: this.#all.length, link: `${from} > ${to} ${kind}`, about: kind,
      from: journal.number(from), to: journal.number(to), kind: journal.number(kind),
      sent: 0, copied: 0, delivered: 0, dropped: 0, touched: false,
    }
    this.#all.push(flow)
    const receivers = within(this.#flows, from, () => new Map<string, Flow[]>())
    within(receivers, to, (): Flow[] => []).push(flow)
    return flow
  }
}

const within = <V>(map: Map<string, V>, key: string, make: () => V): V => {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
