import type { EngineName } from '../../engine/open.js'
import type { ExitCode } from '../../errors.js'
import type { Manifest } from '../manifest.js'
import type { PlanSource } from '../study/load-plan.js'

/** One run of a study that is to be flown: plain data, so that it can go to another thread, or to another machine. */
export interface Order {
  readonly condition: string
  readonly variant: string
  readonly seed: string
  /** What tuning chose or tries, `PATH=VALUE`. */
  readonly set: readonly string[]
  /** A trial of tuning: without faults, schedule or a score to stop at. */
  readonly trial: boolean
  /** Within the study's folder. */
  readonly folder: string
}

/** What all orders of a study have in common: plain data too. */
export interface Commission {
  /** Where whoever flies loads the plan from. */
  readonly source: PlanSource | undefined
  readonly script: Manifest['script']
  /** The study's folder, from the root. */
  readonly out: string
  readonly cwd: string
  readonly engine?: EngineName | undefined
  /** Engine threads of each flight. Default: one per core where one flight is flown at a time, none where several are. */
  readonly workers?: number | undefined
  /** Every run keeps its tables as Parquet, too. */
  readonly tables?: boolean | undefined
  /** Nothing that a folder holds of the same run is used. */
  readonly fresh: boolean
  /** A folder of data in place of the worlds. */
  readonly data?: string | undefined
}

/** What came of an order: plain data. */
export type Outcome =
  | { readonly status: 'complete' | 'interrupted' }
  | { readonly status: 'failed'; readonly code: ExitCode; readonly why: string }

/**
 * Those who fly orders, at most `size` at once. What a run comes to does not depend on who flies it, nor on what else is
 * flown meanwhile. An order that fails is an outcome; `fly` never throws.
 */
export interface Fleet {
  readonly size: number
  fly(order: Order): Promise<Outcome>
  /** Ends what is under way: it comes back as interrupted. */
  stop(): void
  close(): Promise<void>
}
