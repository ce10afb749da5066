import type { Table } from '../../data/table.js'
import { digest, origin, scatter } from '../../random/digest.js'
import { encodeKey } from '../../random/streams.js'
import type { Engine, Prepared, ScoreJob, ScoreResult, TrainJob, TrainResult, Training } from '../engine.js'
import { EngineError } from '../engine-error.js'
import { examplesOf, stintOf } from '../feeding/batches.js'
import type { Graph } from '../graph/graph.js'
import { Programs } from '../program/programs.js'
import { balanceRecipeOf } from '../program/recipe.js'
import { slotsOf } from '../program/scalars.js'
import type { Task } from '../../tasks/task.js'

/** How it does its work in real time, which must not show. */
export interface SurrogateOptions {
  /** Results are there in another order than jobs were given, and some turns of the real event loop later. */
  readonly scrambled?: boolean
}

/** Folds the bits of floats into a hash of 32 bits, in their order. */
const hashed = (from: number, values: Float32Array | Float64Array | undefined): number => {
  if (values === undefined) return Math.imul(from ^ 0x9e3779b9, 0x85ebca6b)
  const bits = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
  let hash = from ^ bits.length
  for (let i = 0; i < bits.length; i++) {
    hash = Math.imul(hash ^ bits[i], 0x01000193)
    hash ^= hash >>> 15
  }
  return hash
}

/** Fills a vector with numbers of a source, one after the other. */
const filled = <A extends Float32Array | Float64Array>(into: A, next: () => number): A => {
  for (let i = 0; i < into.length; i++) into[i] = next()
  return into
}

/** Numbers in [-1, 1) that go on from a hash (Marsaglia's xorshift). */
const numbersFrom = (hash: number): (() => number) => {
  let state = hash | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  }
}

const hashOfWords = (words: string): number => {
  const { a, b } = scatter(digest(origin, words))
  return a ^ b
}

/** How much of what it was sent is in what a client sends back: what went in by mistake is still seen rounds later. */
const KEPT = 0.9

/** A table by what is in it: under which handle an engine knows it is nobody's affair. */
interface Known {
  readonly table: Table
  readonly hash: number
}

const knownAs = (table: Table): Known => {
  const { rows, categorical, numeric, labels, weights } = table
  const all = [new Float32Array(categorical.buffer, categorical.byteOffset, categorical.length), numeric, labels, weights]
  return { table, hash: all.reduce((hash, values) => hashed(hash, values), rows) }
}

const trained = (training: Training, job: TrainJob, { table: { rows }, hash: rowsHash }: Known): TrainResult => {
  const { client, parameters, anchor, correction, optimizer, balance, plan, rate = 0, rateFactor = 1, mu = 0 } = job
  const stint = stintOf(rows, training.batch, plan)
  const steps = stint.until - stint.from
  const { frozen = [], layout, tasks } = training
  let hash = hashOfWords(encodeKey([
    client, job.program, rowsHash, plan.epochs, plan.seed, ...plan.key, stint.from, rate, rateFactor, mu,
    optimizer?.steps ?? 0, balance?.steps ?? 0,
  ]))
  for (const vector of [parameters, anchor, correction, ...Object.values(optimizer?.slots ?? {}), ...Object.values(balance?.memory ?? {})]) {
    hash = hashed(hash, vector)
  }
  const next = numbersFrom(hash)
  const moved = parameters.slice()
  if (steps > 0) {
    for (const segment of layout.segments) {
      if (frozen.includes(segment.name)) continue
      for (let i = segment.offset; i < segment.offset + segment.size; i++) moved[i] = KEPT * moved[i] + (1 - KEPT) * next()
    }
  }
  const positive = (): number => Math.abs(next())
  const fresh = (length: number): Float32Array => filled(new Float32Array(length), positive)
  const slots = Object.fromEntries(slotsOf(training.optimizer).map((name) => [name, fresh(layout.size)]))
  // As with real training, a balancer that needs nothing from before keeps nothing.
  const balancing = balanceRecipeOf(training)
  const memory = (balancing?.memory ?? []).map(({ name, shape }) => [name, fresh(shape.reduce((product, extent) => product * extent, 1))] as const)
  return {
    parameters: moved,
    optimizer: { steps: (optimizer?.steps ?? 0) + steps, slots },
    ...(balancing && { balance: { steps: (balance?.steps ?? 0) + steps, memory: Object.fromEntries(memory) } }),
    losses: steps > 0 ? filled(new Float64Array(tasks.length), positive) : new Float64Array(tasks.length),
    steps,
    examples: examplesOf(rows, training.batch, stint),
  }
}

/** Tasks that the model has a head for. */
const headsIn = ({ outputs }: Graph): ReadonlySet<string> =>
  new Set(outputs.flatMap(({ sink }) => (sink.kind === 'score' ? [sink.task] : [])))

const scored = ({ tasks }: Training, { client, program, parameters }: ScoreJob, { table: { rows }, hash }: Known, graph: Graph): ScoreResult => {
  const next = numbersFrom(hashed(hashOfWords(encodeKey([client, hash, program])), parameters))
  const heads = headsIn(graph)
  const lengthOf = (task: Task): number => (heads.has(task.name) ? rows * (task.kind === 'multiclass' ? task.classes : 1) : 0)
  return { scores: tasks.map((task) => filled(new Float32Array(lengthOf(task)), next)) }
}

/**
 * Trains nothing: what a client sends back is a tenth of numbers that are a digest of all that it was sent and was to
 * train on, and nine tenths of the parameters that it was sent. Any difference in what is sent, folded or trained on shows
 * in all that comes after it, virtual time and bytes are those of real training, and a flight takes milliseconds. Scores
 * mean nothing. For trying a protocol, not a method.
 */
export class SurrogateEngine implements Engine {
  readonly name = 'surrogate'
  readonly #programs = new Programs('surrogate', () => {
    throw new EngineError('The engine surrogate compiles nothing.')
  })
  readonly #tables = new Map<string, Known>()
  readonly #scrambled: boolean

  constructor({ scrambled = false }: SurrogateOptions = {}) {
    this.#scrambled = scrambled
  }

  async prepare(training: Training): Promise<Prepared> {
    return this.#programs.prepare(training)
  }

  async register(handle: string, table: Table): Promise<void> {
    this.#tables.set(handle, knownAs(table))
  }

  train(jobs: readonly TrainJob[]): readonly Promise<TrainResult>[] {
    return this.#done(jobs, trained)
  }

  score(jobs: readonly ScoreJob[]): readonly Promise<ScoreResult>[] {
    return this.#done(jobs, (training, job, known) => scored(training, job, known, this.#programs.graph(job.program, 'score')))
  }

  async close(): Promise<void> {
    this.#tables.clear()
  }

  #done<J extends TrainJob | ScoreJob, R>(jobs: readonly J[], work: (training: Training, job: J, known: Known) => R): readonly Promise<R>[] {
    const does = (job: J): R => {
      const training = this.#programs.training(job.program)
      const known = this.#tables.get(job.data)
      if (training === undefined || known === undefined) {
        throw new EngineError(`${job.kind} job of client '${job.client}': its program or its data is unknown. Call prepare and register first.`)
      }
      return work(training, job, known)
    }
    if (!this.#scrambled) return jobs.map(async (job) => does(job))
    // The last first, each a turn after the one before.
    return jobs.map((job, i) => new Promise((resolve, reject) => {
      let turns = jobs.length - i
      const wait = (): void => {
        if (turns-- > 0) setImmediate(wait)
        else Promise.resolve().then(() => does(job)).then(resolve, reject)
      }
      wait()
    }))
  }
}
