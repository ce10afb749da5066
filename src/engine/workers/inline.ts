import type { Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import type { Programs } from '../program/programs.js'
import type { CohortWork, Executor } from './executor.js'
import type { Disturbance, Workers } from './workers.js'

/** The only worker is this thread. */
export class Inline implements Workers {
  private cohorts = 0

  constructor(
    private readonly executor: Executor,
    private readonly programs: Programs,
    private readonly disturb: Disturbance = {},
  ) {}

  register(handle: string, table: Table): void {
    this.executor.register(handle, table)
  }

  async run(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    if (!this.executor.knowsProgram(work.program)) this.executor.learn(this.programs.recipe(work.program))
    const delay = this.disturb.delay?.(this.cohorts++) ?? 0
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    return this.executor.execute(work)
  }

  close(): Promise<void> {
    return this.executor.close()
  }
}
