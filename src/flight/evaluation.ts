import { createHash } from 'node:crypto'

import type { Split } from '../data/world.js'
import type { Engine, ScoreResult } from '../engine/engine.js'
import { finalScoresOf } from '../metrics/final-scores.js'
import { validationScore } from '../metrics/judging.js'
import { rankingScores } from '../metrics/ranking-scores.js'
import { scoresOf, type Score } from '../metrics/scores.js'
import type { MetricRow } from '../record/rows.js'
import type { Task } from '../tasks/task.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { answersOf, type Answers } from './answers.js'
import type { Exam } from './exam.js'
import type { TestAnswers } from './flight.js'
import type { Served, Which } from './trained-model.js'

export interface EvaluationOptions {
  readonly engine: Engine
  readonly exams: readonly Exam[]
  readonly tasks: readonly Task[]
  /** The model that a client would serve now: a flat vector that nobody changes afterwards. */
  readonly serve: (client: Name) => Float32Array
  readonly evaluated: (round: number, rows: readonly MetricRow[]) => void
  /** Where models are kept: all clients, scored or not, and what the owners hold for everybody now. */
  readonly models?: { readonly clients: readonly Name[]; readonly common: () => Float32Array } | undefined
}

/** What is served now, and, where models are kept, what all would be sent. */
interface Serving {
  readonly clients: ReadonlyMap<Name, Float32Array>
  readonly common?: Float32Array
}

interface Moment {
  readonly round: number
  readonly served: Serving
}

/** Models that are kept, and the round after which they were served. */
interface Kept extends Served {
  readonly round: number
}

/** Answers on test after a round. */
interface Tested {
  readonly round: number
  readonly at: Micros
  readonly answers: readonly Answers[]
}

/**
 * Scores **every** client, absent ones included, on the model it would serve at that moment: off the clock and off the
 * network. Scoring runs beside the next round's training; rows come out in the order of rounds whatever ends first.
 */
export class Evaluation {
  readonly #options: EvaluationOptions
  readonly rows: MetricRow[] = []
  /**
   * The round whose `validationScore` was best, and what was served then; none while nothing was validated, or while
   * every round had a model that diverged.
   */
  #best: { readonly round: number; readonly at: Micros; readonly score: number; readonly served: Serving } | undefined
  #last: Promise<readonly MetricRow[]> = Promise.resolve([])
  #scoring = 0
  #lastServed: Moment | undefined
  /** What was answered on test at the round scored last, and at the best one. */
  #lastTest: Tested | undefined
  #bestTest: Tested | undefined

  constructor(options: EvaluationOptions) {
    this.#options = options
  }

  get selectedRound(): number | undefined {
    return this.#best?.round
  }

  /** The round whose scoring began last: scores of those before it are known. */
  get scoring(): number {
    return this.#scoring
  }

  /** Takes the models as they are served now and starts to score them; resolves when the round before is done. */
  begin(round: number, at: Micros, splits: readonly Split[]): Promise<unknown> {
    this.#scoring = round
    const served = this.#serve()
    if (this.#options.models !== undefined) this.#lastServed = { round, served }
    const before = this.#last
    const results = this.#score(served, splits)
    results.catch(() => {})
    this.#last = before.then(async () => {
      const answers = this.#answers(splits, await results, served)
      const rows = this.#measure(round, at, answers)
      if (splits.includes('test')) this.#lastTest = this.#tested(round, at, answers)
      if (this.#consider(round, at, rows, served)) {
        this.#bestTest = splits.includes('test') ? this.#lastTest : undefined
      }
      this.#record(round, rows)
      return rows
    })
    this.#last.catch(() => {})
    return before
  }

  /** What was measured where scoring began last, once it is. */
  scored(): Promise<readonly MetricRow[]> {
    return this.#last
  }

  /** Waits for what is being scored, whatever becomes of it: rows of a flight that fails are those of the closes before. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {})
  }

  /**
   * Waits for all scores, then scores what was not: every split at the selected round. What only the end has
   * (`finalScoresOf`) is measured at the selected and the last round.
   */
  async finish(): Promise<void> {
    await this.#last
    await this.#scoreSelected()
    const ends = [this.#bestTest, this.#lastTest].filter((tested) => tested !== undefined)
    for (const { round, at, answers } of new Set(ends)) {
      const rows = this.#rowsOf(round, at, answers, ({ table, scores }) =>
        finalScoresOf(table, this.#options.tasks, scores))
      if (rows.length > 0) this.#record(round, rows)
    }
  }

  /** Takes the models of the last round where it is not scored. */
  keepLast(round: number): void {
    if (this.#options.models !== undefined) this.#lastServed = { round, served: this.#serve() }
  }

  /** The models of the selected round and of the last, where they are kept and there are any. */
  models(): Readonly<Record<Which, Kept>> | undefined {
    const keep = ({ round, served: { clients, common } }: Moment): Kept => ({
      round, clients, common: common!,
    })
    const last = this.#lastServed
    return last && { selected: keep(this.#best ?? last), last: keep(last) }
  }

  /** Test answers at the selected and at the last round, for whoever recomputes a test statistic. */
  answers(): TestAnswers[] {
    const { tasks } = this.#options
    const at = { selected: this.#bestTest ?? this.#lastTest, last: this.#lastTest }
    return (['selected', 'last'] as const).flatMap((which) =>
      (at[which]?.answers ?? []).map(({ scenario, table, scores }) => ({
        which, round: at[which]!.round, scenario, tasks: tasks.map(({ name }) => name),
        rows: table.rows, labels: table.labels, user: table.user, scores,
      })))
  }

  async #scoreSelected(): Promise<void> {
    if (this.#best === undefined) return
    const { round, at, served } = this.#best
    const had = new Set(this.rows.filter((row) => row.round === round).map(({ split }) => split))
    const missing = (['validation', 'test'] as const).filter((split) => !had.has(split))
    if (missing.length === 0) return
    const answers = this.#answers(missing, await this.#score(served, missing), served)
    if (missing.includes('test')) this.#bestTest = this.#tested(round, at, answers)
    this.#record(round, this.#measure(round, at, answers))
  }

  #tested(round: number, at: Micros, answers: readonly Answers[]): Tested {
    return { round, at, answers: answers.filter(({ split }) => split === 'test') }
  }

  /** A hash of every row: the metrics' share of the `numbers` digest. */
  digest(): string {
    const hash = createHash('sha256')
    for (const row of this.rows) hash.update(`${JSON.stringify(row)}\n`)
    return hash.digest('hex')
  }

  #record(round: number, rows: readonly MetricRow[]): void {
    this.rows.push(...rows)
    this.#options.evaluated(round, rows)
  }

  #serve(): Serving {
    const { exams, serve, models } = this.#options
    const names = models?.clients ?? new Set(exams.map(({ client }) => client))
    const clients = new Map([...names].map((client) => [client, serve(client)]))
    return models === undefined ? { clients } : { clients, common: models.common() }
  }

  #score({ clients }: Serving, splits: readonly Split[]): Promise<ScoreResult[]> {
    const exams = this.#options.exams.filter(({ split }) => splits.includes(split))
    const jobs = exams.map(({ client, program, data, history }) => ({
      kind: 'score' as const,
      client,
      program,
      data,
      history,
      parameters: clients.get(client)!,
    }))
    return Promise.all(this.#options.engine.score(jobs))
  }

  #answers(splits: readonly Split[], results: readonly ScoreResult[], { clients }: Serving): Answers[] {
    const exams = this.#options.exams.filter(({ split }) => splits.includes(split))
    return answersOf(exams, results, exams.map(({ client, rank }) => rank?.(clients.get(client)!) ?? []))
  }

  #measure(round: number, at: Micros, answers: readonly Answers[]): MetricRow[] {
    return this.#rowsOf(round, at, answers, ({ table, scores, ranked }) => [
      ...rankingScores(this.#options.tasks, ranked), ...scoresOf(table, this.#options.tasks, scores),
    ])
  }

  #rowsOf(round: number, at: Micros, answers: readonly Answers[], of: (own: Answers) => readonly Score[]): MetricRow[] {
    return answers.flatMap((own) =>
      of(own).map(({ task, metric, value }) => ({
        round, virtualTime: at, scenario: own.scenario, task, split: own.split, metric, value,
      })),
    )
  }

  /** Is this the best round so far? */
  #consider(round: number, at: Micros, rows: readonly MetricRow[], served: Serving): boolean {
    if (round === 0) return false
    const score = validationScore(rows, round)
    if (!(score > (this.#best?.score ?? -Infinity))) return false
    this.#best = { round, at, score, served }
    return true
  }
}
