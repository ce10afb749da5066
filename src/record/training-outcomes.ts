import type { Name } from '../roster/participant.js'
import type { EventOf } from './event.js'
import type { Incarnations } from './incarnations.js'
import type { Fate } from './message.js'
import type { TrainingRow } from './rows.js'

type Training = { -readonly [K in keyof TrainingRow]: TrainingRow[K] }

const trainingOf: Partial<{ readonly [F in Fate]: TrainingRow['outcome'] }> = {
  used: 'used',
  late: 'late',
  surplus: 'surplus',
  lost: 'lost',
  refused: 'lost',
  rejected: 'rejected',
  aborted: 'aborted',
  undone: 'lost',
}

/** Outcomes that are not the last word: another copy of the update may arrive. */
const passing: ReadonlySet<Training['outcome']> = new Set(['lost', 'rejected'])

/** What came of trainings: the fate of a trunk update is the fate of the training behind it. */
export class TrainingOutcomes {
  readonly #incarnations: Incarnations
  /** Trainings of each client whose outcome is open, by round: legs of one answer, and others still on their way. */
  readonly #open = new Map<Name, Training[]>()
  /** The last round for which each client has sent its trunk. */
  readonly #answered = new Map<Name, number>()
  readonly rows: TrainingRow[] = []

  constructor(incarnations: Incarnations) {
    this.#incarnations = incarnations
  }

  answers(client: Name, round: number): void {
    this.#answered.set(client, round)
  }

  /** A client is back without what it had taken in; what it had made and not sent is lost. */
  back(client: Name): void {
    const sent = this.#answered.get(client)
    for (const row of this.#open.get(client) ?? none) if (row.outcome === 'unresolved' && row.round !== sent) row.outcome = 'lost'
  }

  unsent(client: Name, round: number): void {
    this.#judge(client, round, 'unsent', true)
  }

  /**
   * The trunk update of a round has its fate; `life`: of a client that has come back, in which life it was sent. After a copy was lost
   * or damaged, another may be of use.
   */
  settled(client: Name, round: number, fate: Fate, refused: boolean, life: number | undefined): void {
    // Of a client that has trained twice for a round, one answer counts: the other was not needed.
    const outcome = life !== undefined && fate === 'duplicate' ? 'surplus' : trainingOf[fate]
    if (outcome !== undefined) this.#judge(client, round, outcome, refused || !(passing.has(outcome) || fate === 'duplicate'), life)
  }

  /**
   * A training has ended. The row is kept: its outcome changes when it is known. A further leg that comes to nothing
   * takes those before it with it.
   */
  trained({ actor: client, round, start, at: end, examples, outcome, continues }: EventOf<'trained'>): void {
    const row: Training = { client, round, start, end, examples, outcome: outcome === 'computed' ? 'unresolved' : outcome }
    this.rows.push(row)
    this.#incarnations.mark(row, client)
    if (row.outcome !== 'unresolved') {
      if (continues) this.#judge(client, round, row.outcome, true)
      return
    }
    const own = this.#open.get(client)
    if (own === undefined || own.length === 0) this.#open.set(client, [row])
    else own.push(row)
  }

  /**
   * What came of a client's trainings of a round; `final`: nothing else can. `life`: of those behind what was sent in that life of a client that
   * has come back.
   */
  #judge(client: Name, round: number, outcome: Training['outcome'], final: boolean, life?: number): void {
    const own = this.#open.get(client)
    if (own === undefined) return
    if (life !== undefined) return this.#judgeLife(client, own, round, outcome, final, life)
    // The latest is what it is about, as a rule; what was lost stays, and must not be searched for ever.
    let from = own.length
    while (from > 0 && own[from - 1].round >= round) from--
    let to = from
    while (to < own.length && own[to].round === round) own[to++].outcome = outcome
    if (!final || to === from) return
    if (to - from === own.length) this.#open.set(client, none)
    else own.splice(from, to - from)
  }

  #judgeLife(client: Name, own: readonly Training[], round: number, outcome: Training['outcome'], final: boolean, life: number): void {
    const behind = this.#incarnations.behind(own.filter((row) => row.round === round), life)
    for (const row of behind) row.outcome = outcome
    if (final) this.#open.set(client, own.filter((row) => !behind.includes(row)))
  }
}

/** Of a client none of whose trainings is open. */
const none = Object.freeze([]) as unknown as Training[]
