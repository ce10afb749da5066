import { permutation, streams } from '../../random/streams.js'
import { shareUp } from '../../shares.js'
import type { BatchPlan } from '../engine.js'

/** Rows that a step of `batch` rows has in the graph: the next multiple of 16, which keeps native results stable. */
export const paddedRows = (batch: number): number => Math.ceil(batch / 16) * 16

/** Batches in one pass over the data; the last one may be ragged. */
export const batchesOf = (rows: number, batch: number): number => Math.ceil(rows / batch)

/**
 * Optimizer steps of a job: `epochs` passes over `rows` rows, a fraction of a pass rounded up to whole batches.
 * The federation charges virtual time by it.
 */
export const stepsOf = (rows: number, batch: number, epochs: number): number =>
  Math.max(0, shareUp(epochs, batchesOf(rows, batch)))

/** A job's place among the steps of its plan's passes: [from, until). */
export interface Stint {
  readonly from: number
  readonly until: number
}

/** The steps of a plan that are its job's. */
export const stintOf = (rows: number, batch: number, { epochs, part }: Pick<BatchPlan, 'epochs' | 'part'>): Stint => {
  const steps = stepsOf(rows, batch, epochs)
  if (part === undefined) return { from: 0, until: steps }
  const { nth, of } = part
  return { from: Math.ceil((steps * nth) / of), until: Math.ceil((steps * (nth + 1)) / of) }
}

/** Steps of a job. */
export const stepsIn = (rows: number, batch: number, plan: Pick<BatchPlan, 'epochs' | 'part'>): number => {
  const { from, until } = stintOf(rows, batch, plan)
  return until - from
}

/** Rows that the first `steps` steps train on, counting a row once per epoch. */
const examplesUntil = (rows: number, batch: number, steps: number): number => {
  const perEpoch = batchesOf(rows, batch)
  if (perEpoch === 0) return 0
  return Math.floor(steps / perEpoch) * rows + Math.min((steps % perEpoch) * batch, rows)
}

/** Rows that the steps of a stint train on, counting a row once per epoch. */
export const examplesOf = (rows: number, batch: number, { from, until }: Stint): number =>
  examplesUntil(rows, batch, until) - examplesUntil(rows, batch, from)

const none = new Int32Array(0)

/**
 * Where a job stands in its batches. `seek` puts `order`, `start` and `count` on a step of its plan: its rows are
 * `order[start]` .. `order[start + count - 1]`. Holds one epoch's permutation at a time, so seek steps in order.
 */
export class BatchCursor {
  readonly steps: number
  /** Steps of the plan's passes that come before the job's: its own are numbered on from there. */
  readonly from: number
  order: Int32Array = none
  start = 0
  count = 0
  private epoch = -1
  private readonly perEpoch: number

  constructor(
    private readonly rows: number,
    private readonly batch: number,
    private readonly plan: BatchPlan,
  ) {
    const { from, until } = stintOf(rows, batch, plan)
    this.from = from
    this.steps = until - from
    this.perEpoch = batchesOf(rows, batch)
  }

  seek(step: number): void {
    const epoch = Math.floor(step / this.perEpoch)
    if (epoch !== this.epoch) {
      this.order = permutation(this.rows, streams(this.plan.seed)(...this.plan.key, 'order', epoch))
      this.epoch = epoch
    }
    this.start = (step - epoch * this.perEpoch) * this.batch
    this.count = Math.min(this.batch, this.rows - this.start)
  }
}
