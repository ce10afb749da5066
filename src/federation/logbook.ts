import type { Name } from '../roster/participant.js'
import type { Charge } from '../actors/undertakings.js'
import type { Work } from '../faults/weather.js'
import { eventKinds, Journal } from '../network/journal.js'
import { Ledger } from '../network/ledger.js'
import type { FlightEvent, MetricRow, RoundRow } from '../runs/record.js'
import type { Micros } from '../time/micros.js'
import { Account } from './account.js'
import type { LocalWork } from './messages.js'

const code = (kind: (typeof eventKinds)[number]): number => eventKinds.indexOf(kind)
const ROUND_OPEN = code('round-open')
const ROUND_CLOSE = code('round-close')
const TRAIN = code('train')
const TRAINED = code('trained')
const LIFE = code('life')

/**
 * The books of one flight, kept together: the journal of canonical events, the ledger of envelopes, the account of
 * fates, and whoever watches. Everything that happens is written here once, and nothing is read back while flying.
 */
export class Logbook {
  readonly journal = new Journal()
  readonly ledger = new Ledger(this.journal)
  readonly account = new Account(this.ledger)
  readonly #watch: ((event: FlightEvent) => void) | undefined
  #written = 0
  /** When each client's computation under way would end if nothing came between: what a part of it is a share of. */
  readonly #whole = new Map<Name, Micros>()

  constructor(watch: ((event: FlightEvent) => void) | undefined) {
    this.#watch = watch
    this.ledger.settled = (row, at) => {
      this.account.judge(row)
      this.#watch?.({ kind: 'settled', at, row })
    }
  }

  roundOpened(round: number, at: Micros, selected: readonly Name[]): void {
    this.journal.write(at, ROUND_OPEN, round, selected.length)
    this.#watch?.({ kind: 'round-open', at, round, selected })
  }

  roundClosed(row: RoundRow): void {
    const { round, closed: at, folded, outcome, reason } = row
    const { journal } = this
    this.account.rounds.push(row)
    journal.write(at, ROUND_CLOSE, round, folded.length, journal.number(outcome), journal.number(reason))
    this.#watch?.({ kind: 'round-close', at, row })
  }

  training(client: Name, start: Micros, { until, whole }: Work, { round, examples }: LocalWork): void {
    this.#whole.set(client, whole ?? until)
    this.journal.write(start, TRAIN, this.journal.number(client), round, until, examples)
    this.#watch?.({ kind: 'training', at: start, round, client })
  }

  /** A computation has ended; of one that was done, the account learns later whether it was of use. */
  trained({ actor: client, job, start, end, outcome }: Charge): void {
    const { round, examples: all, continues } = job as LocalWork
    const share = outcome === 'computed' ? 1 : (end - start) / Math.max(1, this.#whole.get(client)! - start)
    const examples = Math.floor(all * share)
    const { journal } = this
    journal.write(end, TRAINED, journal.number(client), round, journal.number(outcome), examples)
    const known = outcome === 'computed' ? 'unresolved' : outcome
    this.account.trained({ client, round, start, end, examples, outcome: known }, continues)
    this.#watch?.({ kind: 'trained', at: end, round, client, outcome })
  }

  life(who: Name, at: Micros, what: 'crash' | 'restart'): void {
    this.journal.write(at, LIFE, this.journal.number(who), this.journal.number(what))
    this.#watch?.({ kind: 'life', at, who, what })
  }

  evaluated(round: number, at: Micros, rows: readonly MetricRow[]): void {
    this.#watch?.({ kind: 'evaluated', at, round, rows })
  }

  /** Canonical events that were not handed out before, as lines. */
  newLines(): string[] {
    const lines = this.journal.lines(this.#written)
    this.#written = this.journal.length
    return lines
  }
}
