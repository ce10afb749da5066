import type { Name } from '../roster/participant.js'
import type { EventOf } from './event.js'
import type { FlightRecorder } from './flight-recorder.js'
import { fateOf } from './happenings.js'
import type { Incarnations } from './incarnations.js'
import type { Ledger } from './ledger.js'
import type { Fate } from './message.js'

/** Models of one part that one client was sent and that are not over: their envelopes, in the order of sending. */
class Open {
  envelopes: number[] = []
  /** Is it on the list of its part? */
  listed = false

  constructor(readonly client: Name) {}
}

/** Models of one part that one owner has sent: several may hold it, each for clients of its own. */
interface PartModels {
  readonly byClient: Map<Name, Open>
  /** Those with any, and some that had. */
  readonly open: Open[]
  /** The last round that has ended at the owner for all: what it sends again for that one is of no use. */
  ended: number
}

/** Which models were of use: those behind updates that count, once their owner has closed the round. */
export class ModelFates {
  readonly #record: Pick<FlightRecorder, 'tell'>
  readonly #ledger: Pick<Ledger, 'flow' | 'round' | 'isOpen'>
  readonly #incarnations: Incarnations
  /** By owner, then by part. */
  readonly #models = new Map<Name, Map<string, PartModels>>()
  /** What came before its turn, where messages are acknowledged: it has not been taken in. */
  readonly #early = new Set<number>()
  /** Of a client that has come back, by part and round: the life in which its update was sent that counts. */
  readonly #counted = new Map<string, number>()

  constructor(record: Pick<FlightRecorder, 'tell'>, ledger: Pick<Ledger, 'flow' | 'round' | 'isOpen'>, incarnations: Incarnations) {
    this.#record = record
    this.#ledger = ledger
    this.#incarnations = incarnations
  }

  early(envelope: number): void {
    this.#early.add(envelope)
  }

  taken(envelope: number): void {
    this.#early.delete(envelope)
  }

  /** Whoever comes back may have to open a round again that had ended. */
  back(owner: Name): void {
    for (const models of this.#models.get(owner)?.values() ?? []) models.ended = 0
  }

  /** An update counts that was sent in that life of its client. */
  counts(part: string, client: Name, round: number, life: number): void {
    this.#counted.set(nameOf(part, client, round), life)
  }

  sent({ actor: owner, envelope, part, to, round }: EventOf<'send'> | EventOf<'copy'>): void {
    const models = this.#modelsOf(part, owner)
    if (round <= models.ended) return
    let own = models.byClient.get(to)
    if (own === undefined) models.byClient.set(to, (own = new Open(to)))
    // A list that was emptied is not filled again: it would be given room for many.
    if (own.envelopes.length === 0) own.envelopes = [envelope]
    else own.envelopes.push(envelope)
    if (own.listed) return
    own.listed = true
    models.open.push(own)
  }

  /** A model has reached its client: if it is over for its owner, nothing can come of it any more. */
  admitted({ id: cause, envelope, actor, from: owner, part, round }: EventOf<'admit'>): void {
    this.#incarnations.mark(envelope, actor)
    const open = this.#models.get(owner)?.get(part)?.byClient.get(actor)?.envelopes ?? []
    if (open.includes(envelope)) return
    // It was over, and its owner has opened its round again: it is judged with what was sent then.
    if (open.some((other) => this.#ledger.round(other) === round)) open.push(envelope)
    else this.#record.tell(actor, fateOf(envelope, 'fruitless'), cause)
  }

  closed({ actor: owner, id: cause, part, round, updates, ends }: EventOf<'part-close'>): void {
    // A round may end of which its owner hears only then: what it still sends for it is of no use.
    if (ends === 'round') this.#modelsOf(part, owner).ended = round
    else if (ends === 'all') this.#modelsOf(part, owner).ended = Infinity
    if (ends === 'round') return this.#endRound(owner, part, round, new Set(updates.map(({ client }) => client)), cause)
    for (const { client, round: of } of updates) this.end(owner, part, client, of, of, cause)
    if (ends === 'all') this.#endAll(owner, part, round, cause)
  }

  #modelsOf(part: string, owner: Name): PartModels {
    let parts = this.#models.get(owner)
    if (parts === undefined) this.#models.set(owner, (parts = new Map()))
    let models = parts.get(part)
    if (models === undefined) parts.set(part, (models = { byClient: new Map(), open: [], ended: 0 }))
    return models
  }

  /** All models of a part up to a round are over, and were of no use. */
  #endAll(owner: Name, part: string, upTo: number, cause: number): void {
    const over = this.#take(owner, part, (round) => round <= upTo)
    const roundOf = (id: number): number => this.#ledger.round(id)
    for (const id of over.sort((a, b) => roundOf(a) - roundOf(b) || a - b)) this.#settle(id, 'fruitless', cause)
  }

  /**
   * All models of a part up to a round are over: those of that round whose client contributed were of use. What an owner that
   * came back has sent once more of an earlier round ends with the next.
   */
  #endRound(owner: Name, part: string, round: number, contributors: ReadonlySet<Name>, cause: number): void {
    const over = this.#take(owner, part, (of) => of <= round).sort(ascending)
    const others = this.#otherLives(part, round, over)
    for (const id of over) {
      const isUsed = this.#ledger.round(id) === round && contributors.has(this.#ledger.flow(id).to) && !others.has(id)
      this.#settle(id, isUsed ? 'used' : 'fruitless', cause)
    }
  }

  /** A client's models of a part up to round `upTo` are over; the one of round `used` was of use. */
  end(owner: Name, part: string, client: Name, upTo: number, used: number | undefined, cause: number): void {
    const own = this.#models.get(owner)?.get(part)?.byClient.get(client)
    if (own === undefined) return
    const over: number[] = []
    this.#part(own, (round) => round <= upTo, over)
    const others = used === undefined ? none : this.#otherLives(part, used, over)
    for (const id of over) {
      const isUsed = this.#ledger.round(id) === used && !others.has(id)
      this.#settle(id, isUsed ? 'used' : 'fruitless', cause)
    }
  }

  /** Of models of a round, those of clients that have come back of which the update that counts was not made: another life's was. */
  #otherLives(part: string, round: number, over: readonly number[]): ReadonlySet<number> {
    if (this.#counted.size === 0) return none
    const byClient = new Map<Name, number[]>()
    for (const id of over) {
      const { to } = this.#ledger.flow(id)
      if (this.#ledger.round(id) !== round || !this.#isTakenIn(id) || !this.#counted.has(nameOf(part, to, round))) continue
      const own = byClient.get(to)
      if (own === undefined) byClient.set(to, [id])
      else own.push(id)
    }
    const others = new Set<number>()
    for (const [client, own] of byClient) {
      const name = nameOf(part, client, round)
      const behind = this.#incarnations.behind(own, this.#counted.get(name)!)
      for (const id of own) if (!behind.includes(id)) others.add(id)
      this.#counted.delete(name)
    }
    return others
  }

  /** Takes the models of a part out that are of certain rounds. */
  #take(owner: Name, part: string, is: (round: number) => boolean): number[] {
    const over: number[] = []
    const open = this.#models.get(owner)?.get(part)?.open ?? []
    let left = 0
    for (const own of open) {
      this.#part(own, is, over)
      own.listed = own.envelopes.length > 0
      if (own.listed) open[left++] = own
    }
    open.length = left
    return over
  }

  /** Moves one client's models of certain rounds over. */
  #part({ envelopes }: Open, is: (round: number) => boolean, over: number[]): void {
    let left = 0
    for (const id of envelopes) {
      if (is(this.#ledger.round(id))) over.push(id)
      else envelopes[left++] = id
    }
    envelopes.length = left
  }

  #isTakenIn(id: number): boolean {
    return this.#ledger.isOpen(id) && !this.#early.has(id)
  }

  /** What has not arrived yet is judged when it does. */
  #settle(id: number, fate: Fate, cause: number): void {
    if (this.#isTakenIn(id)) {
      this.#record.tell(this.#ledger.flow(id).to, fateOf(id, fate), cause)
    }
  }
}

/** Of nobody who has come back. */
const none: ReadonlySet<number> = new Set()

const nameOf = (part: string, client: Name, round: number): string => `${part} ${round} ${client}`

const ascending = (a: number, b: number): number => a - b
