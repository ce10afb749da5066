import type { Table } from '../../data/table.js'
import type { Engine, Prepared, ScoreJob, ScoreResult, TrainJob, TrainResult, Training } from '../engine.js'
import { jobKeys, recipeHash, tableHash } from './job-key.js'
import type { JobStore } from './job-store.js'
import { decodeResult, encodeResult } from './job-value.js'

type Results<R> = readonly Promise<R>[]

/**
 * An engine that reads the results of jobs that were done before from a store, and puts into it what it has done. A job
 * is a pure function of what its key is a hash of, so that nobody can tell by the results. Without a store it is the
 * engine that it is made of.
 */
export class RecallingEngine implements Engine {
  readonly #engine: Engine
  readonly #recipes = new Map<string, string>()
  readonly #tables = new Map<string, { readonly table: Table; hash?: string }>()
  #store: JobStore | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get name(): string {
    return this.#engine.name
  }

  get versions(): Engine['versions'] {
    return this.#engine.versions
  }

  /** From now on jobs are looked up here, and their results put here; nowhere when undefined. */
  use(store: JobStore | undefined): void {
    this.#store = store
  }

  async prepare(training: Training): Promise<Prepared> {
    const prepared = await this.#engine.prepare(training)
    const { program } = prepared
    if (!this.#recipes.has(program)) this.#recipes.set(program, recipeHash(training, program))
    return prepared
  }

  async register(handle: string, table: Table): Promise<void> {
    await this.#engine.register(handle, table)
    if (!this.#tables.has(handle)) this.#tables.set(handle, { table })
  }

  train(jobs: readonly TrainJob[]): Results<TrainResult> {
    return this.#recalled(jobs, (others) => this.#engine.train(others))
  }

  score(jobs: readonly ScoreJob[]): Results<ScoreResult> {
    return this.#recalled(jobs, (others) => this.#engine.score(others))
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #recalled<J extends TrainJob | ScoreJob, R extends TrainResult | ScoreResult>(
    jobs: readonly J[], carryOut: (jobs: readonly J[]) => Results<R>,
  ): Results<R> {
    const store = this.#store
    // What is not known is for the engine to complain of.
    if (store === undefined || !jobs.every((job) => this.#knows(job))) return carryOut(jobs)
    const keys = jobKeys(jobs, { recipe: (program) => this.#recipes.get(program)!, table: (handle) => this.#hashOf(handle) })
    const found = keys.map((key) => store.get(key))
    const others = carryOut(jobs.filter((_, i) => found[i] === undefined))
    let next = 0
    return found.map((value, i) => {
      if (value !== undefined) return Promise.resolve(decodeResult(value) as R)
      const done = others[next++].then((result) => {
        // At once: whoever gets the result may write into it.
        store.put(keys[i], encodeResult(result))
        return result
      })
      // The caller may look at another job's promise first; a failure must not count as unhandled meanwhile.
      done.catch(() => undefined)
      return done
    })
  }

  #knows(job: TrainJob | ScoreJob): boolean {
    const history = job.kind === 'score' ? job.history : undefined
    const tables = [job.data, ...(history === undefined ? [] : [history])]
    return this.#recipes.has(job.program) && tables.every((handle) => this.#tables.has(handle))
  }

  #hashOf(handle: string): string {
    const known = this.#tables.get(handle)!
    return (known.hash ??= tableHash(known.table))
  }
}
