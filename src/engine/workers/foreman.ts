import type { Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import { EngineError } from '../engine-error.js'
import type { Part, Recipe } from '../program/recipe.js'
import type { Compiled } from '../runtime.js'
import { partsOf, type CohortWork } from './executor.js'
import type { Answer, Missing, Order, Supplies } from './orders.js'
import type { Disturbance } from './workers.js'

/** Where workers get what they ask for. */
export interface Stock {
  recipe(program: string): Recipe
  compiled(program: string, part: Part): Compiled
}

/** How often a cohort may lose its worker before we believe that the cohort kills workers. */
export const mostDeaths = 3

/**
 * Sees a cohort through with workers that may lack something or die: it supplies what they ask for, and has the cohort
 * run again when one died, for a job is a pure function.
 */
export class Foreman {
  private readonly tables = new Map<string, Table>()
  private cohorts = 0

  /** `workers`: what to call them in errors. `send` gives an order to a worker; undefined when the worker died. */
  constructor(
    private readonly workers: 'worker threads' | 'worker processes',
    private readonly stock: Stock,
    private readonly disturb: Disturbance,
    private readonly send: (order: Order) => Promise<Answer | undefined>,
  ) {}

  register(handle: string, table: Table): void {
    this.tables.set(handle, table)
  }

  async run(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    const cohort = this.cohorts++
    const parts = partsOf(work, this.stock.recipe(work.program), (handle) => this.tables.get(handle)!.rows)
    const delay = this.disturb.delay?.(cohort) ?? 0
    let lacks: Missing = { kind: 'missing', program: false, parts: [], tables: [] }
    let supplies: Supplies | undefined
    let die = this.disturb.kill?.(cohort, 0) ?? false
    for (let deaths = 0; ; ) {
      const answer = await this.send({ work, parts, supplies, delay, die })
      if (answer === undefined) {
        if (++deaths === mostDeaths) {
          throw new EngineError(`${mostDeaths} ${this.workers} died of the same cohort; is memory short?`)
        }
        die = this.disturb.kill?.(cohort, deaths) ?? false
        continue
      }
      if (answer.kind === 'done') return answer.results
      if (answer.kind === 'failed') throw new EngineError(answer.message, { cause: answer.stack })
      lacks = both(lacks, answer)
      supplies = this.suppliesFor(work, lacks)
    }
  }

  private suppliesFor({ program }: CohortWork, answer: Missing): Supplies {
    return {
      recipes: answer.program ? [this.stock.recipe(program)] : [],
      parts: answer.parts.map((part) => ({ program, part, compiled: this.stock.compiled(program, part) })),
      tables: answer.tables.map((handle) => ({ handle, table: this.tables.get(handle)! })),
    }
  }
}

/**
 * What either lacks. The order may go to another worker next time, which lacks other things: were it given only what
 * was asked for last, two workers could hand it to and fro for ever.
 */
const both = (a: Missing, b: Missing): Missing => ({
  kind: 'missing',
  program: a.program || b.program,
  parts: [...new Set([...a.parts, ...b.parts])],
  tables: [...new Set([...a.tables, ...b.tables])],
})
