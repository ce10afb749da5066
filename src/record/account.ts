import type { Name } from '../roster/participant.js'
import type { EventOf, FlightEvent } from './event.js'
import type { FlightRecorder, Reader } from './flight-recorder.js'
import type { Ledger } from './ledger.js'
import type { Fate } from './message.js'
import type { LedgerRow, RoundRow, TrainingRow } from './rows.js'

type Training = { -readonly [K in keyof TrainingRow]: TrainingRow[K] }

const trainingOf: Partial<{ readonly [F in Fate]: TrainingRow['outcome'] }> = {
  used: 'used',
  late: 'late',
  surplus: 'surplus',
  lost: 'lost',
  aborted: 'aborted',
}

/** A model that was sent and not yet answered for good. */
interface Sent {
  readonly id: number
  readonly round: number
}

/**
 * What follows from what the protocol tells: which models were of use, and so which training was. It tells those fates,
 * and steers nothing.
 */
export class Account implements Reader {
  readonly kinds = ['send', 'copy', 'admit', 'settle', 'part-close', 'trained', 'round-close'] as const
  readonly #record: Pick<FlightRecorder, 'tell'>
  readonly #ledger: Pick<Ledger, 'row'>
  /** Models that are not over, by part and client, in the order of sending. */
  readonly #models = new Map<string, Map<Name, Sent[]>>()
  /** Trainings whose outcome is open, by round and client: several where a strategy trains in legs. */
  readonly #trainings = new Map<number, Map<Name, Training | Training[]>>()
  readonly trainings: TrainingRow[] = []
  readonly rounds: RoundRow[] = []

  constructor(record: Pick<FlightRecorder, 'tell'>, ledger: Pick<Ledger, 'row'>) {
    this.#record = record
    this.#ledger = ledger
  }

  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'send':
      case 'copy':
        if (event.message === 'model') this.#sent(event)
        return
      case 'admit':
        if (event.message === 'model') this.#admitted(event)
        return
      case 'settle':
        if (event.row.kind === 'update') this.#settled(event)
        return
      case 'part-close':
        return this.#closed(event)
      case 'trained':
        return this.#trained(event)
      case 'round-close':
        this.rounds.push(event.row)
        return
    }
  }

  #sent({ envelope: id, part, to, round }: EventOf<'send'> | EventOf<'copy'>): void {
    let clients = this.#models.get(part)
    if (clients === undefined) this.#models.set(part, (clients = new Map()))
    const models = clients.get(to)
    if (models === undefined) clients.set(to, [{ id, round }])
    else models.push({ id, round })
  }

  /** A model has reached its client: if it is over for its owner, nothing can come of it any more. */
  #admitted({ id: cause, envelope, actor, part, round }: EventOf<'admit'>): void {
    if (this.#models.get(part)?.get(actor)?.some((sent) => sent.round === round) === true) return
    this.#record.tell(actor, { kind: 'settle', envelope, fate: 'fruitless' }, cause)
  }

  /** The fate of a trunk update is the fate of the training behind it. After `lost`, a copy may still be of use. */
  #settled({ id: cause, row, fate }: EventOf<'settle'>): void {
    // An update that came too late for good: so did all models that its client had been sent by then.
    if (fate === 'late') this.#end(row.part, row.from, row.round, undefined, cause)
    if (row.part !== 'trunk') return
    const clients = this.#trainings.get(row.round)
    const training = clients?.get(row.from)
    const outcome = trainingOf[fate]
    if (training === undefined || outcome === undefined) return
    if (Array.isArray(training)) for (const leg of training) leg.outcome = outcome
    else training.outcome = outcome
    if (outcome !== 'lost') this.#forget(row)
  }

  #closed({ id: cause, part, round, updates, ends }: EventOf<'part-close'>): void {
    if (ends === 'round') return this.#endRound(part, round, new Set(updates.map(({ client }) => client)), cause)
    for (const { client, round: of } of updates) this.#end(part, client, of, of, cause)
    if (ends === 'all') this.#endAll(part, round, cause)
  }

  /** All models of a part up to a round are over, and were of no use. */
  #endAll(part: string, upTo: number, cause: number): void {
    const over = [...(this.#models.get(part)?.values() ?? [])].flat().filter(({ round }) => round <= upTo)
    this.#models.delete(part)
    for (const { id } of over.sort((a, b) => a.round - b.round || a.id - b.id)) this.#settle(id, 'fruitless', cause)
  }

  /** All models of a part of one round are over: those whose client contributed were of use. */
  #endRound(part: string, round: number, contributors: ReadonlySet<Name>, cause: number): void {
    const over: number[] = []
    const clients = this.#models.get(part)
    for (const [client, models] of clients ?? []) {
      const left = models.filter((sent) => sent.round !== round || (over.push(sent.id), false))
      if (left.length > 0) clients!.set(client, left)
      else clients!.delete(client)
    }
    for (const id of over.sort((a, b) => a - b)) {
      this.#settle(id, contributors.has(this.#ledger.row(id).to) ? 'used' : 'fruitless', cause)
    }
  }

  /** A client's models of a part up to round `upTo` are over; the one of round `used` was of use. */
  #end(part: string, client: Name, upTo: number, used: number | undefined, cause: number): void {
    const clients = this.#models.get(part)
    const models = clients?.get(client)
    if (models === undefined) return
    const left = models.filter(({ round }) => round > upTo)
    if (left.length > 0) clients!.set(client, left)
    else clients!.delete(client)
    for (const { id, round } of models) if (round <= upTo) this.#settle(id, round === used ? 'used' : 'fruitless', cause)
  }

  /** What has not arrived yet is judged when it does. */
  #settle(id: number, fate: Fate, cause: number): void {
    const row = this.#ledger.row(id)
    if (row.fate === 'unresolved' && row.delivered !== null) {
      this.#record.tell(row.to, { kind: 'settle', envelope: id, fate }, cause)
    }
  }

  /**
   * A training has ended. The row is kept: its outcome changes when it is known. A further leg that comes to nothing
   * takes those before it with it.
   */
  #trained({ actor: client, round, start, at: end, examples, outcome, continues }: EventOf<'trained'>): void {
    const row: Training = { client, round, start, end, examples, outcome: outcome === 'computed' ? 'unresolved' : outcome }
    this.trainings.push(row)
    const clients = this.#trainings.get(round)
    const before = clients?.get(client)
    if (row.outcome !== 'unresolved') {
      if (!continues || before === undefined) return
      for (const leg of Array.isArray(before) ? before : [before]) leg.outcome = row.outcome
      this.#forget({ round, from: client })
      return
    }
    if (clients === undefined) this.#trainings.set(round, new Map([[client, row]]))
    else if (before === undefined) clients.set(client, row)
    else if (Array.isArray(before)) before.push(row)
    else clients.set(client, [before, row])
  }

  #forget({ round, from }: Pick<LedgerRow, 'round' | 'from'>): void {
    const clients = this.#trainings.get(round)
    clients?.delete(from)
    if (clients?.size === 0) this.#trainings.delete(round)
  }
}
