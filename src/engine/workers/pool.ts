import { Piscina } from 'piscina'
import { sharedFloats, sharedInts, type Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import { EngineError } from '../engine-error.js'
import { entryOf } from './entry.js'
import type { CohortWork } from './executor.js'
import { Foreman, type Stock } from './foreman.js'
import { handoverOf } from './handover.js'
import { NativeGate } from './native-gate.js'
import type { Answer, Order } from './orders.js'
import type { Disturbance, Workers } from './workers.js'

/** Milliseconds to wait for native calls when the pool ends: the longest that one run of a graph may take. */
const patience = 60_000

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
 * Threads as workers. Piscina keeps the threads: it replaces one that exits and rejects its task, whereupon the cohort
 * runs again elsewhere, for a job is a pure function. Workers catch every other error themselves. The threads must not
 * be terminated from outside: see `NativeGate`.
 */
export class Pool implements Workers {
  private readonly piscina: Piscina<Order, Answer>
  private readonly foreman: Foreman
  /** Ends what is under way when workers cannot even start; piscina would let it wait for ever. */
  private readonly waiting = new Set<(reason: Error) => void>()
  private readonly gate = new NativeGate()
  private readonly shut = (): void => void this.gate.shut(patience)
  private closed = false

  constructor(workers: number, stock: Stock, disturb: Disturbance = {}) {
    this.foreman = new Foreman('worker threads', stock, disturb, (order) => this.order(order))
    const threads = { minThreads: workers, maxThreads: workers, maxQueue: Infinity }
    this.piscina = new Piscina({ ...entryOf('worker'), ...threads, workerData: this.gate.cells })
    process.once('exit', this.shut)
    this.piscina.on('error', (error: Error) => {
      const reason = new EngineError(`a worker thread of the engine could not run: ${error.message}`, { cause: error })
      for (const reject of this.waiting) reject(reason)
    })
  }

  /** Tables move into shared memory once, so that workers see the same bytes. */
  register(handle: string, { rows, categorical, numeric, labels, weights }: Table): void {
    this.foreman.register(handle, {
      rows,
      categorical: shared.ints(categorical),
      numeric: shared.floats(numeric),
      labels: shared.floats(labels),
      ...(weights && { weights: shared.floats(weights) }),
    })
  }

  async run(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    if (this.closed) throw new EngineError('the engine was closed')
    return this.foreman.run(work)
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
    const { message, transfer } = handoverOf(order.work)
    return new Promise((resolve, reject) => {
      this.waiting.add(reject)
      this.piscina
        .run({ ...order, work: message }, { transferList: transfer })
        .then(resolve, () => resolve(undefined))
        .finally(() => this.waiting.delete(reject))
    })
  }
}
