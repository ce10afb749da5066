import type { Table } from '../../data/table.js'
import { DataError, SpecificationError } from '../../errors.js'
import type { Engine, Prepared, ScoreJob, ScoreResult, TrainJob, TrainResult, Training } from '../engine.js'
import { EngineError } from '../engine-error.js'
import { stepsIn } from '../feeding/batches.js'
import { checkWeights } from '../feeding/weighing.js'
import type { Programs } from '../program/programs.js'
import { usualCohort } from './cohort-size.js'
import { cohortsOf } from './cohorts.js'
import type { Workers } from './workers.js'

type Job = TrainJob | ScoreJob

/** A promise whose fate others decide. */
interface Pending<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: Error) => void
}

const pending = <T>(): Pending<T> => {
  let resolve!: (value: T) => void
  let reject!: (reason: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  // The caller may look at another job's promise first; a failure must not count as unhandled meanwhile.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

export interface CohortEngineOptions {
  /** Clients per run, at most, whatever the training says: 1 for an engine without a cohort axis. */
  readonly most?: number
  readonly versions?: Engine['versions']
}

/** An engine that cuts jobs into cohorts and has workers execute them. Parameters must not change while a job runs. */
export class CohortEngine implements Engine {
  readonly versions: Readonly<Record<string, string>>
  private readonly tables = new Map<string, Table>()
  private readonly most: number

  constructor(
    readonly name: string,
    private readonly programs: Programs,
    private readonly workers: Workers,
    { most = Infinity, versions = {} }: CohortEngineOptions = {},
  ) {
    this.most = most
    this.versions = versions
  }

  async prepare(training: Training): Promise<Prepared> {
    return this.programs.prepare(training)
  }

  async register(handle: string, table: Table): Promise<void> {
    const known = this.tables.get(handle)
    if (known === table) return
    if (known) throw new DataError(`data '${handle}' is registered already, with another table; choose another handle`)
    checkWeights(handle, table)
    this.tables.set(handle, table)
    this.workers.register(handle, table)
  }

  train(jobs: readonly TrainJob[]): readonly Promise<TrainResult>[] {
    const lengthOf = (job: TrainJob): number => {
      const { batch } = this.programs.training(job.program)!
      return stepsIn(this.tables.get(job.data)!.rows, batch, job.plan)
    }
    const run = async (program: string, cohort: readonly TrainJob[]): Promise<TrainResult[]> =>
      (await this.workers.run({ kind: 'train', program, jobs: cohort })).filter((result) => 'parameters' in result)
    const usual = (program: string, waiting: number): number => usualCohort(this.programs.cost(program).bytes, waiting)
    return this.execute(jobs, lengthOf, usual, run)
  }

  score(jobs: readonly ScoreJob[]): readonly Promise<ScoreResult>[] {
    const lengthOf = (job: ScoreJob): number => this.tables.get(job.data)!.rows
    const run = async (program: string, cohort: readonly ScoreJob[]): Promise<ScoreResult[]> =>
      (await this.workers.run({ kind: 'score', program, jobs: cohort })).filter((result) => 'scores' in result)
    return this.execute(jobs, lengthOf, () => 1, run)
  }

  close(): Promise<void> {
    return this.workers.close()
  }

  private execute<J extends Job, R>(
    jobs: readonly J[],
    lengthOf: (job: J) => number,
    usual: (program: string, waiting: number) => number,
    run: (program: string, cohort: readonly J[]) => Promise<R[]>,
  ): readonly Promise<R>[] {
    const results = jobs.map(() => pending<R>())
    const sound: J[] = []
    const places: number[] = []
    jobs.forEach((job, place) => {
      const fault = this.fault(job)
      if (fault) results[place].reject(fault)
      else {
        sound.push(job)
        places.push(place)
      }
    })
    const most = (program: string, waiting: number): number =>
      Math.min(this.most, this.programs.training(program)!.cohort ?? usual(program, waiting))
    for (const cohort of cohortsOf(sound, most, lengthOf)) {
      const mine = cohort.places.map((i) => results[places[i]])
      const { program, jobs: together } = cohort
      run(program, together).then(
        (values) => mine.forEach((result, i) => result.resolve(values[i])),
        (error: Error) => mine.forEach((result, i) => result.reject(this.blame(together[i], error))),
      )
    }
    return results.map(({ promise }) => promise)
  }

  /** What keeps a job from being run, if anything. */
  private fault(job: Job): Error | undefined {
    const training = this.programs.training(job.program)
    if (!training) return new SpecificationError(`${nameOf(job)}: no such program; call prepare first`)
    const table = this.tables.get(job.data)
    if (!table) return new DataError(`${nameOf(job)}: no data is registered under '${job.data}'; call register first`)
    if (job.kind === 'score' && job.history !== undefined && !this.tables.has(job.history)) {
      return new DataError(`${nameOf(job)}: no history is registered under '${job.history}'; call register first`)
    }
    const misfit =
      misfitOf(table, training) ?? vectorMisfitOf(job, training.layout.size) ?? memoryMisfitOf(job, training)
    return misfit === undefined ? undefined : new DataError(`${nameOf(job)}: ${misfit}`)
  }

  private blame(job: Job, error: Error): EngineError {
    return new EngineError(`${nameOf(job)}: ${error.message}`, { cause: error })
  }
}

const nameOf = ({ kind, client, program }: Job): string =>
  `${kind} job of client '${client}', program ${program.slice(0, 12)}`

const misfit = (what: string, has: number, wants: number): string | undefined =>
  has === wants ? undefined : `${has} ${what} where the program needs ${wants}`

const misfitOf = ({ rows, categorical, numeric, labels }: Table, { features, tasks }: Training): string | undefined =>
  misfit('categorical ids', categorical.length, rows * features.categorical.length) ??
  misfit('numeric values', numeric.length, rows * features.numeric.length) ??
  misfit('labels', labels.length, rows * tasks.length)

const vectorMisfitOf = (job: Job, size: number): string | undefined => {
  const wrong = misfit('parameters', job.parameters.length, size)
  if (wrong !== undefined || job.kind === 'score') return wrong
  if (job.anchor && job.anchor.length !== size) return misfit('elements of the anchor', job.anchor.length, size)
  const { correction } = job
  if (correction && correction.length !== size) return misfit('elements of the correction', correction.length, size)
  for (const [slot, { length }] of Object.entries(job.optimizer?.slots ?? {})) {
    if (length !== size) return misfit(`elements of '${slot}'`, length, size)
  }
  return undefined
}

const memoryMisfitOf = (job: Job, { balancer }: Training): string | undefined => {
  if (job.kind === 'score' || job.balance === undefined) return undefined
  for (const { name, shape } of balancer?.memory ?? []) {
    const size = shape.reduce((product, extent) => product * extent, 1)
    const held = job.balance.memory[name] as Float32Array | undefined
    if (held !== undefined && held.length !== size) return misfit(`numbers of '${name}'`, held.length, size)
  }
  return undefined
}
