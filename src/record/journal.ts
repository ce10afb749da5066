import { createHash, type Hash } from 'node:crypto'

import { AGGREGATOR, type Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { EventOf, FlightEvent } from './event.js'
import type { Reader } from './flight-recorder.js'
import type { Flow, Ledger } from './ledger.js'

/** What a canonical event says. The order is part of the digest: append only. */
export const eventKinds = [
  'round-open',
  'round-close',
  'send',
  'arrive',
  'drop',
  'settle',
  'train',
  'trained',
  'life',
  'region-open',
  'region-close',
] as const

const number = Object.fromEntries(eventKinds.map((kind, i) => [kind, i])) as Readonly<
  Record<(typeof eventKinds)[number], number>
>

const COLUMNS = 8
/** Events that are hashed at once: with the names between them, a part of the digest. */
const CHUNK = 4096
/**
 * Events that there is room for at first. The collector counts what is asked for and not what is used, and throws compiled
 * code away with the rest when it comes to 64 MB: a short flight must not ask for much.
 */
const ROOM = 256

/** The numbers of a flow's sender, receiver and kind. */
interface Named {
  readonly from: number
  readonly to: number
  readonly kind: number
}

/**
 * The canonical events of a run, in the order in which they happened: the `events` half of the digest is their hash.
 * Not all that happens is canonical: only what no other event of the list follows from, and what no fault is needed for.
 *
 * An event is eight numbers (time, kind, and six whose meaning depends on the kind); names are numbered in the order in
 * which they first appear. Numbers keep it cheap, forty bytes of hashing an event; `lines` writes them out for people.
 */
export class Journal implements Reader {
  readonly kinds = [
    'send', 'copy', 'arrive', 'drop', 'settle', 'train', 'trained', 'life', 'round-open', 'round-close',
    'region-open', 'region-close',
  ] as const
  readonly #hash: Hash = createHash('sha256')
  /** Those that are full. */
  readonly #chunks: Float64Array[] = []
  #chunk = new Float64Array(ROOM * COLUMNS)
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()
  /** By the index of the flow. */
  readonly #flows: Named[] = []
  readonly #ledger: Pick<Ledger, 'flow'>
  /** Events of the last chunk. */
  #used = 0
  #length = 0
  /** How many lines were handed out. */
  #taken = 0

  /** `ledger` has seen each event before. */
  constructor(ledger: Pick<Ledger, 'flow'>) {
    this.#ledger = ledger
  }

  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'send':
      case 'copy':
        return this.#send(event)
      case 'arrive':
        return this.#write(event.at, number.arrive, event.envelope, this.#named(event.envelope).to)
      case 'drop':
        return this.#write(event.at, number.drop, event.envelope, this.#named(event.envelope).to, event.travelled)
      case 'settle':
        return this.#write(
          event.at, number.settle, event.envelope, this.#named(event.envelope).to, this.#number(event.fate),
        )
      case 'train':
        return this.#write(event.at, number.train, this.#number(event.actor), event.round, event.until, event.examples)
      case 'trained':
        return this.#write(
          event.at, number.trained, this.#number(event.actor), event.round, this.#number(event.outcome), event.examples,
        )
      case 'life':
        return this.#write(event.at, number.life, this.#number(event.actor), this.#number(event.what))
      case 'round-open':
        return this.#write(event.at, number['round-open'], event.round, event.selected.length, 0, 0, 0, this.#teller(event.actor))
      case 'round-close': {
        const { round, folded, outcome, reason } = event.row
        const [how, why] = [this.#number(outcome), this.#number(reason)]
        return this.#write(event.at, number['round-close'], round, folded.length, how, why, 0, this.#teller(event.actor))
      }
      case 'region-open':
        return this.#write(event.at, number['region-open'], event.round, event.selected.length, this.#number(event.actor))
      case 'region-close': {
        const { round, folded, outcome, reason } = event.row
        const [how, why, who] = [this.#number(outcome), this.#number(reason), this.#number(event.actor)]
        return this.#write(event.at, number['region-close'], round, folded.length, how, why, who)
      }
    }
  }

  get length(): number {
    return this.#length
  }

  #send({ at, envelope, message, round, part, bytes }: EventOf<'send'> | EventOf<'copy'>): void {
    const about = round * 2 ** 32 + this.#number(part)
    const flow = this.#ledger.flow(envelope)
    const { from, to, kind } = this.#flows[flow.index] ?? this.#begin(flow, message)
    this.#write(at, number.send, envelope, from, to, kind, bytes, about)
  }

  #begin({ index, from, to }: Flow, kind: string): Named {
    const named = { from: this.#number(from), to: this.#number(to), kind: this.#number(kind) }
    this.#flows[index] = named
    return named
  }

  #named(envelope: number): Named {
    return this.#flows[this.#ledger.flow(envelope).index]
  }

  /** The number of a name (an actor, a part, a fate, a reason). */
  #number(name: string): number {
    let n = this.#numbers.get(name)
    if (n === undefined) {
      n = this.#names.length
      this.#numbers.set(name, n)
      this.#names.push(name)
      this.#hash.update(`name ${name}\n`)
    }
    return n
  }

  /** In whose name rounds open and close: 0 for the aggregator, whose affair that is where there is one. */
  #teller(actor: Name): number {
    return actor === AGGREGATOR ? 0 : this.#number(actor) + 1
  }

  #write(at: Micros, kind: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    if (this.#used * COLUMNS === this.#chunk.length) this.#grow()
    const chunk = this.#chunk
    const o = this.#used * COLUMNS
    chunk[o] = at
    chunk[o + 1] = kind
    chunk[o + 2] = a
    chunk[o + 3] = b
    chunk[o + 4] = c
    chunk[o + 5] = d
    chunk[o + 6] = e
    chunk[o + 7] = f
    this.#used++
    this.#length++
  }

  /** Makes room for more events in the last chunk, or begins another. */
  #grow(): void {
    const full = this.#chunk
    if (this.#used < CHUNK) {
      this.#chunk = new Float64Array(2 * full.length)
      this.#chunk.set(full)
      return
    }
    this.#hash.update(bytesOf(full))
    this.#chunks.push(full)
    this.#chunk = new Float64Array(CHUNK * COLUMNS)
    this.#used = 0
  }

  /** The hash of all events until now, as hexadecimal. */
  digest(): string {
    return this.#hash.copy().update(bytesOf(this.#chunk.subarray(0, this.#used * COLUMNS))).digest('hex')
  }

  /** Events `from` to `to` as JSON lines: what `replay` compares and a person reads. */
  lines(from = 0, to = this.#length): string[] {
    const lines: string[] = []
    for (let i = from; i < to; i++) {
      const o = (i % CHUNK) * COLUMNS
      const chunk = this.#chunks[Math.floor(i / CHUNK)] ?? this.#chunk
      lines.push(this.#line(chunk.subarray(o, o + COLUMNS)))
    }
    return lines
  }

  /** Lines that were not handed out before. */
  takeLines(): string[] {
    const lines = this.lines(this.#taken)
    this.#taken = this.#length
    return lines
  }

  #line(row: Float64Array): string {
    const kind = eventKinds[row[1]]
    const name = (n: number): string => this.#names[n]
    const at = row[0]
    const teller = (n: number): string => (n === 0 ? AGGREGATOR : name(n - 1))
    switch (kind) {
      case 'round-open':
        return JSON.stringify({ at, event: kind, actor: teller(row[7]), round: row[2], selected: row[3] })
      case 'round-close':
        return JSON.stringify({
          at, event: kind, actor: teller(row[7]), round: row[2], folded: row[3],
          outcome: name(row[4]), reason: name(row[5]),
        })
      case 'region-open':
        return JSON.stringify({ at, event: kind, actor: name(row[4]), round: row[2], selected: row[3] })
      case 'region-close':
        return JSON.stringify({
          at, event: kind, actor: name(row[6]), round: row[2], folded: row[3],
          outcome: name(row[4]), reason: name(row[5]),
        })
      case 'send':
        return JSON.stringify({
          at, event: kind, actor: name(row[3]), id: row[2], to: name(row[4]), message: name(row[5]),
          round: Math.floor(row[7] / 2 ** 32), part: name(row[7] % 2 ** 32), bytes: row[6],
        })
      case 'arrive':
        return JSON.stringify({ at, event: kind, actor: name(row[3]), id: row[2] })
      case 'drop':
        return JSON.stringify({ at, event: kind, actor: name(row[3]), id: row[2], travelled: row[4] })
      case 'settle':
        return JSON.stringify({ at, event: kind, actor: name(row[3]), id: row[2], fate: name(row[4]) })
      case 'train':
        return JSON.stringify({ at, event: kind, actor: name(row[2]), round: row[3], until: row[4], examples: row[5] })
      case 'trained':
        return JSON.stringify({
          at, event: kind, actor: name(row[2]), round: row[3], outcome: name(row[4]), examples: row[5],
        })
      case 'life':
        return JSON.stringify({ at, event: kind, actor: name(row[2]), what: name(row[3]) })
    }
  }
}

const bytesOf = (a: Float64Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength)
