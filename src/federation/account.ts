import type { Name } from '../roster/participant.js'
import type { Envelope, Fate } from '../network/envelope.js'
import type { Ledger } from '../network/ledger.js'
import type { LedgerRow, RoundRow, TrainingRow } from '../runs/record.js'
import type { Micros } from '../time/micros.js'

type Training = { -readonly [K in keyof TrainingRow]: TrainingRow[K] }

const trainingOf: Partial<Record<Fate, TrainingRow['outcome']>> = {
  used: 'used',
  late: 'late',
  surplus: 'surplus',
  lost: 'lost',
  aborted: 'aborted',
}

/**
 * What the protocol tells the ledger: which fate each parameter message met, and so which training was of use. Actors
 * write here and never read, so accounting steers nothing.
 */
export class Account {
  readonly #ledger: Ledger
  /** Models of parts of rounds that are still open: ids by round and part. */
  readonly #models = new Map<number, Map<string, number[]>>()
  /** Trainings whose outcome is open, by round and client: several where a strategy trains in legs. */
  readonly #trainings = new Map<number, Map<Name, Training | Training[]>>()
  readonly trainings: TrainingRow[] = []
  readonly rounds: RoundRow[] = []

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** A model has been sent; its fate waits for the end of the round. */
  sent(envelope: Envelope): void {
    if (envelope.kind !== 'model') return
    const { id, round, part } = envelope
    const parts = this.#models.get(round)
    const ids = parts?.get(part)
    if (ids !== undefined) ids.push(id)
    else if (parts !== undefined) parts.set(part, [id])
    else this.#models.set(round, new Map([[part, [id]]]))
  }

  /** A model has reached its client: if its round is over there, nothing can come of it any more. */
  received(envelope: Envelope, at: Micros): void {
    if (this.#models.get(envelope.round)?.has(envelope.part) !== true) this.settle(envelope, 'fruitless', at)
  }

  settle(envelope: { readonly id: number }, fate: Fate, at: Micros): void {
    this.#ledger.settle(envelope.id, fate, at)
  }

  /** An owner has closed its part of a round: models whose client contributed were of use. */
  closePart(round: number, part: string, contributors: ReadonlySet<string>, at: Micros): void {
    const parts = this.#models.get(round)
    for (const id of parts?.get(part) ?? []) {
      const row = this.#ledger.row(id)
      if (row.fate === 'unresolved' && row.delivered !== null) {
        this.#ledger.settle(id, contributors.has(row.to) ? 'used' : 'fruitless', at)
      }
    }
    parts?.delete(part)
    if (parts?.size === 0) this.#models.delete(round)
  }

  /**
   * Without common rounds: models of a part up to round `upTo`, of one client or of all, are over; the one of round
   * `used` was of use. What has not arrived yet is judged when it does.
   */
  closeModels(part: string, upTo: number, client: Name | undefined, used: number | undefined, at: Micros): void {
    for (const [round, parts] of this.#models) {
      const ids = round <= upTo ? parts.get(part) : undefined
      if (ids === undefined) continue
      const others: number[] = []
      for (const id of ids) {
        const row = this.#ledger.row(id)
        if (client !== undefined && row.to !== client) others.push(id)
        else if (row.fate === 'unresolved' && row.delivered !== null) {
          this.#ledger.settle(id, round === used ? 'used' : 'fruitless', at)
        }
      }
      if (others.length > 0) parts.set(part, others)
      else parts.delete(part)
      if (parts.size === 0) this.#models.delete(round)
    }
  }

  /**
   * A training has ended. The row is kept: its outcome changes when it is known. `continues` says that it is a further
   * leg of the client's answer: if it comes to nothing, so do those before it.
   */
  trained(row: Training, continues: boolean): void {
    this.trainings.push(row)
    const { round, client, outcome } = row
    const clients = this.#trainings.get(round)
    const before = clients?.get(client)
    if (outcome !== 'unresolved') {
      if (!continues || before === undefined) return
      for (const leg of Array.isArray(before) ? before : [before]) leg.outcome = outcome
      clients?.delete(client)
      return
    }
    if (clients === undefined) this.#trainings.set(round, new Map([[client, row]]))
    else if (before === undefined) clients.set(client, row)
    else if (Array.isArray(before)) before.push(row)
    else clients.set(client, [before, row])
  }

  /** The fate of a trunk update is the fate of the training behind it. After `lost`, a copy may still be of use. */
  judge(row: LedgerRow): void {
    if (row.kind !== 'update' || row.part !== 'trunk') return
    const clients = this.#trainings.get(row.round)
    const training = clients?.get(row.from)
    const outcome = trainingOf[row.fate]
    if (training === undefined || outcome === undefined) return
    if (Array.isArray(training)) for (const leg of training) leg.outcome = outcome
    else training.outcome = outcome
    if (outcome !== 'lost') clients?.delete(row.from)
  }
}
