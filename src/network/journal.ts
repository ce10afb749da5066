import { createHash, type Hash } from 'node:crypto'

import type { Micros } from '../time/micros.js'

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
] as const
export type EventKind = (typeof eventKinds)[number]

const COLUMNS = 8
const CHUNK = 4096

/**
 * The canonical events of a run, in the order in which they happened: the `events` half of the digest is their hash.
 *
 * An event is eight numbers (time, kind, and six whose meaning depends on the kind); names are numbered in the order in
 * which they first appear. Numbers keep it cheap, forty bytes of hashing an event; `lines` writes them out for people.
 */
export class Journal {
  readonly #hash: Hash = createHash('sha256')
  readonly #chunks: Float64Array[] = []
  readonly #names: string[] = []
  readonly #numbers = new Map<string, number>()
  #used = CHUNK
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The number of a name (an actor, a part, a fate, a reason). */
  number(name: string): number {
    let n = this.#numbers.get(name)
    if (n === undefined) {
      n = this.#names.length
      this.#numbers.set(name, n)
      this.#names.push(name)
      this.#hash.update(`name ${name}\n`)
    }
    return n
  }

  write(at: Micros, kind: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    if (this.#used === CHUNK) {
      if (this.#chunks.length > 0) this.#hash.update(bytesOf(this.#chunks[this.#chunks.length - 1]))
      this.#chunks.push(new Float64Array(CHUNK * COLUMNS))
      this.#used = 0
    }
    const chunk = this.#chunks[this.#chunks.length - 1]
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

  /** The hash of all events until now, as hexadecimal. */
  digest(): string {
    const copy = this.#hash.copy()
    if (this.#chunks.length > 0) {
      copy.update(bytesOf(this.#chunks[this.#chunks.length - 1].subarray(0, this.#used * COLUMNS)))
    }
    return copy.digest('hex')
  }

  /** Events `from` to `to` as JSON lines: what `replay` compares and a person reads. */
  lines(from = 0, to = this.#length): string[] {
    const lines: string[] = []
    for (let i = from; i < to; i++) {
      const o = (i % CHUNK) * COLUMNS
      lines.push(this.#line(this.#chunks[Math.floor(i / CHUNK)].subarray(o, o + COLUMNS)))
    }
    return lines
  }

  #line(row: Float64Array): string {
    const kind = eventKinds[row[1]]
    const name = (n: number): string => this.#names[n]
    const at = row[0]
    switch (kind) {
      case 'round-open':
        return JSON.stringify({ at, event: kind, actor: 'aggregator', round: row[2], selected: row[3] })
      case 'round-close':
        return JSON.stringify({
          at, event: kind, actor: 'aggregator', round: row[2], folded: row[3],
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
