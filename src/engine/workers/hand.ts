import type { ScoreJob, TrainJob } from '../engine.js'
import type { Part } from '../program/recipe.js'
import type { Compiled, Session } from '../runtime.js'
import { Executor } from './executor.js'
import type { Answer, Missing, Order } from './orders.js'

/** The tables that a job reads. */
const tablesOf = (job: TrainJob | ScoreJob): string[] =>
  'history' in job && job.history !== undefined ? [job.data, job.history] : [job.data]

const keyOf = (program: string, part: Part): string => `${program}/${part}`

/**
 * The inside of a worker, be it a thread or a process: it holds what it was sent (recipes, graphs, tables) and executes
 * cohorts. No user code is ever loaded beside it.
 */
export class Hand {
  private readonly graphs = new Map<string, Compiled>()
  private readonly executor: Executor

  /** `die` ends the worker at once, for tests. */
  constructor(
    open: (compiled: Compiled) => Promise<Session>,
    private readonly die: () => void,
  ) {
    this.executor = new Executor((program, part) => open(this.graphs.get(keyOf(program, part))!))
  }

  /** Errors are answers too, so that only a worker that died gives none. */
  async take(order: () => Order): Promise<Answer> {
    try {
      return await this.execute(order())
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      return { kind: 'failed', message, stack }
    }
  }

  private async execute(order: Order): Promise<Answer> {
    for (const recipe of order.supplies?.recipes ?? []) this.executor.learn(recipe)
    for (const { program, part, compiled } of order.supplies?.parts ?? []) {
      this.graphs.set(keyOf(program, part), compiled)
    }
    for (const { handle, table } of order.supplies?.tables ?? []) this.executor.register(handle, table)
    const lacking = this.missing(order)
    if (lacking) return lacking
    if (order.delay > 0) await new Promise((resolve) => setTimeout(resolve, order.delay))
    const results = this.executor.execute(order.work)
    if (order.die) {
      await new Promise((resolve) => setImmediate(resolve))
      this.die()
    }
    return { kind: 'done', results: await results }
  }

  private missing({ work, parts }: Order): Missing | undefined {
    const program = !this.executor.knowsProgram(work.program)
    const lacking = parts.filter((part) => !this.graphs.has(keyOf(work.program, part)))
    const handles = new Set(work.jobs.flatMap(tablesOf))
    const tables = [...handles].filter((handle) => !this.executor.knowsTable(handle))
    if (!program && lacking.length + tables.length === 0) return undefined
    return { kind: 'missing', program, parts: lacking, tables }
  }
}
