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
  /** Models of parts of rounds that are still open, by `round/part`. */
  readonly #models = new Map<string, number[]>()
  readonly #trainings = new Map<string, Training>()
  readonly trainings: TrainingRow[] = []
  readonly rounds: RoundRow[] = []

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** A model has been sent; its fate waits for the end of the round. */
  sent(envelope: Envelope): void {
    if (envelope.kind !== 'model') return
    const key = `${envelope.round}/${envelope.part}`
    const ids = this.#models.get(key)
    if (ids === undefined) this.#models.set(key, [envelope.id])
    else ids.push(envelope.id)
  }

  /** A model has reached its client: if its round is over there, nothing can come of it any more. */
  received(envelope: Envelope, at: Micros): void {
    if (!this.#models.has(`${envelope.round}/${envelope.part}`)) this.settle(envelope, 'fruitless', at)
  }

  settle(envelope: { readonly id: number }, fate: Fate, at: Micros): void {
    this.#ledger.settle(envelope.id, fate, at)
  }

  /** An owner has closed its part of a round: models whose client contributed were of use. */
  closePart(round: number, part: string, contributors: ReadonlySet<string>, at: Micros): void {
    const key = `${round}/${part}`
    for (const id of this.#models.get(key) ?? []) {
      const row = this.#ledger.row(id)
      if (row.fate === 'unresolved' && row.delivered !== null) {
        this.#ledger.settle(id, contributors.has(row.to) ? 'used' : 'fruitless', at)
      }
    }
    this.#models.delete(key)
  }

  trained(row: TrainingRow): void {
    const training: Training = { ...row }
    this.trainings.push(training)
    if (row.outcome === 'unresolved') this.#trainings.set(`${row.round}/${row.client}`, training)
  }

  /** The fate of a trunk update is the fate of the training behind it. After `lost`, a copy may still be of use. */
  judge(row: LedgerRow): void {
    if (row.kind !== 'update' || row.part !== 'trunk') return
    const key = `${row.round}/${row.from}`
    const training = this.#trainings.get(key)
    const outcome = trainingOf[row.fate]
    if (training === undefined || outcome === undefined) return
    training.outcome = outcome
    if (outcome !== 'lost') this.#trainings.delete(key)
  }
}
