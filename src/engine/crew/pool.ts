import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Piscina } from 'piscina'
import { sharedFloats, sharedInts, type Table } from '../../data/table.js'
import type { Crew, Disturbance } from './crew.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import { EngineError } from '../engine-error.js'
import { partsOf, type Work } from './executor.js'
import { Gate } from './gate.js'
import { parcelOf, type Answer, type Missing, type Order, type Supplies } from './parcel.js'
import type { Part, Recipe } from '../program/recipe.js'
import type { Compiled } from '../runtime.js'

/** Where a pool gets what its workers ask for. */
export interface Stock {
  recipe(program: string): Recipe
  compiled(program: string, part: Part): Compiled
}

/** How often a cohort may lose its worker before we believe that the cohort kills workers. */
const mostDeaths = 3

/** Milliseconds to wait for native calls when the pool ends: the longest that one run of a graph may take. */
const patience = 60_000

/** The worker's file, and what Node needs to load it: from source (tests, benches) that is a TypeScript loader. */
const entry = (): { filename: string; execArgv: string[] } => {
  const source = import.meta.url.endsWith('.ts')
  const filename = fileURLToPath(new URL(source ? './worker.ts' : './worker.js', import.meta.url))
  if (!source) return { filename, execArgv: [] }
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return { filename, execArgv: ['--import', loader] }
}

const shared = {
  floats: (values: Float32Array): Float32Array => {
    if (values.buffer instanceof SharedArrayBuffer) return values
    const copy = sharedFloats(values.length)
    copy.set(values)
    return copy
  },
  ints: (values: Int32Array): Int32Array => {
    if (values.buffer instanceof SharedArrayBuffer) return values
    const copy = sharedInts(values.length)
    copy.set(values)
    return copy
  },
}

/**
 * A crew of worker threads. Piscina keeps the threads: it replaces one that exits and rejects its task, whereupon the
 * cohort runs again elsewhere, for a job is a pure function. Workers catch every other error themselves. The threads
 * must not be terminated from outside: see `Gate`.
 */
export class Pool implements Crew {
  private readonly piscina: Piscina<Order, Answer>
  private readonly tables = new Map<string, Table>()
  /** Ends what is under way when workers cannot even start; piscina would let it wait for ever. */
  private readonly waiting = new Set<(reason: Error) => void>()
  private readonly gate = new Gate()
  private readonly shut = (): void => void this.gate.shut(patience)
  private cohorts = 0
  private closed = false

  constructor(
    workers: number,
    private readonly stock: Stock,
    private readonly disturb: Disturbance = {},
  ) {
    const threads = { minThreads: workers, maxThreads: workers, maxQueue: Infinity }
    this.piscina = new Piscina({ ...entry(), ...threads, workerData: this.gate.cells })
    process.once('exit', this.shut)
    this.piscina.on('error', (error: Error) => {
      const reason = new EngineError(`a worker thread of the engine could not run: ${error.message}`, { cause: error })
      for (const reject of this.waiting) reject(reason)
    })
  }

  /** Tables move into shared memory once, so that workers see the same bytes. */
  register(handle: string, { rows, categorical, numeric, labels }: Table): void {
    const [numbers, truths] = [shared.floats(numeric), shared.floats(labels)]
    this.tables.set(handle, { rows, categorical: shared.ints(categorical), numeric: numbers, labels: truths })
  }

  async run(work: Work): Promise<TrainResult[] | ScoreResult[]> {
    if (this.closed) throw new EngineError('the engine was closed')
    const cohort = this.cohorts++
    const parts = partsOf(work, this.stock.recipe(work.program), (handle) => this.tables.get(handle)!.rows)
    const delay = this.disturb.delay?.(cohort) ?? 0
    let supplies: Supplies | undefined
    let die = this.disturb.kill?.(cohort, 0) ?? false
    for (let deaths = 0; ; ) {
      const answer = await this.order({ work, parts, supplies, delay, die })
      if (answer === undefined) {
        if (++deaths === mostDeaths) {
          throw new EngineError(`${mostDeaths} worker threads died of the same cohort; is memory short?`)
        }
        die = this.disturb.kill?.(cohort, deaths) ?? false
        continue
      }
      if (answer.kind === 'done') return answer.results
      if (answer.kind === 'failed') throw new EngineError(answer.message, { cause: answer.stack })
      supplies = this.suppliesFor(work, answer)
    }
  }

  /** What is under way is given up: its promises are rejected. */
  async close(): Promise<void> {
    this.closed = true
    process.off('exit', this.shut)
    for (const reject of this.waiting) reject(new EngineError('the engine was closed'))
    this.shut()
    await this.piscina.destroy()
  }

  /** Sends an order; undefined when the worker died. */
  private order(order: Order): Promise<Answer | undefined> {
    const { message, transfer } = parcelOf(order.work)
    return new Promise((resolve, reject) => {
      this.waiting.add(reject)
      this.piscina
        .run({ ...order, work: message }, { transferList: transfer })
        .then(resolve, () => resolve(undefined))
        .finally(() => this.waiting.delete(reject))
    })
  }

  private suppliesFor({ program }: Work, answer: Missing): Supplies {
    return {
      recipes: answer.program ? [this.stock.recipe(program)] : [],
      parts: answer.parts.map((part) => ({ program, part, compiled: this.stock.compiled(program, part) })),
      tables: answer.tables.map((handle) => ({ handle, table: this.tables.get(handle)! })),
    }
  }
}
