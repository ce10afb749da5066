import type { Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import type { CohortWork } from './executor.js'

/** Who executes cohorts: this thread, or other threads or processes. Results come in the order of the work's jobs. */
export interface Workers {
  register(handle: string, table: Table): void
  run(work: CohortWork): Promise<TrainResult[] | ScoreResult[]>
  close(): Promise<void>
}

/** Ways to disturb the execution in tests: none may change a bit of any result. Cohorts count from 0 as they start. */
export interface Disturbance {
  /** Milliseconds of real time to wait before a cohort. */
  readonly delay?: (cohort: number) => number
  /** Whether the worker that has this cohort exits in the middle of it; attempts count from 0. Pools only. */
  readonly kill?: (cohort: number, attempt: number) => boolean
}
