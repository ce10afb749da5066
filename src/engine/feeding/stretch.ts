import { oddity } from '../../balancing/oddity.js'
import type { TrainJob } from '../engine.js'
import type { Sink } from '../program/body.js'
import type { Recipe } from '../program/recipe.js'
import { scalarsOf } from '../program/scalars.js'
import { batchesOf, paddedRows, type BatchCursor } from './batches.js'
import { fillEdges } from './edges.js'
import { fillBalance, fillDraws, fillRows, fillSamples, type StepFeed } from './feed.js'
import type { Lane, StateLane } from './lanes.js'
import { warm, type Data } from './rows.js'
import type { Room, Stage } from './stage.js'

/** One client in training: the job, how far it has come and what it holds between the stretches of its training. */
export interface Trainee {
  readonly job: TrainJob
  readonly data: Data
  readonly cursor: BatchCursor
  /** [size]: the job's parameters until a stretch has brought new ones, then the client's own. */
  parameters: Float32Array
  readonly slots: Record<string, Float32Array>
  readonly before: number
  /** What the balancer remembers, by name; and the steps that it has counted before this job. */
  readonly memory: Record<string, Float32Array>
  readonly balanced: number
  /** Steps taken in this job. */
  taken: number
  /** Per task: summed losses, and the number of steps that had a labelled row. */
  readonly losses: Float64Array
  readonly counted: Int32Array
  /** Per task: steps with a labelled row in which the balancer found no gradient, or one that was not finite. */
  readonly odd: Readonly<Record<'none' | 'notFinite', Int32Array>>
}

/** Copies `size` floats. For short vectors (biases), of which models are full, a loop beats `set` and its two views. */
const copy = (from: Float32Array, at: number, to: Float32Array, target: number, size: number): void => {
  if (size > 96) to.set(from.subarray(at, at + size), target)
  else for (let i = 0; i < size; i++) to[target + i] = from[at + i]
}

/** The trainee's vector that a state lane belongs to; a slot that the job did not bring starts at zero. */
const vectorOf = (trainee: Trainee, { vector, segment }: StateLane, size: number): Float32Array => {
  if (vector === 'balance') return trainee.memory[segment]
  return vector === 'parameter' ? trainee.parameters : (trainee.slots[vector] ??= new Float32Array(size))
}

/** Memory for a vector that will be written as a whole: not cleared, which counts in a tiny model. `room`: bytes before it. */
const uncleared = (size: number, room: number): Float32Array => {
  const { buffer } = Buffer.allocUnsafeSlow(room + size * Float32Array.BYTES_PER_ELEMENT)
  return new Float32Array(buffer, room, size)
}

/** A stretch of training in which every run takes the same number of steps. */
export class Stretch {
  private readonly room: Room
  private readonly padded: number
  /** Rows with a label per [client, step, task]. */
  private readonly known: Int32Array
  private readonly knownNow: Int32Array
  /** Losses of the last run per [client, step, task]. */
  private readonly lossesNow: Float64Array
  private scalarsAt = -1
  private scalarsFor = 1
  private rate: number | undefined
  /** Only there to be written: see `warm`. */
  protected warmth = 0
  private scalars: Readonly<Record<string, number>> = {}

  constructor(
    private readonly recipe: Recipe,
    stage: Stage,
    private readonly stride: number,
    private readonly trainees: readonly Trainee[],
  ) {
    this.room = stage.room(trainees.length)
    this.padded = paddedRows(recipe.batch)
    this.known = new Int32Array(trainees.length * stride * recipe.tasks.length)
    this.knownNow = new Int32Array(recipe.tasks.length)
    this.lossesNow = new Float64Array(this.known.length)
  }

  /** `runs[i]` is how often the i-th trainee takes `stride` steps; never more than its predecessor. */
  async train(runs: readonly number[]): Promise<void> {
    this.load()
    let live = this.trainees.length
    for (let run = 0; ; run++) {
      while (live > 0 && runs[live - 1] === run) this.unload(--live)
      if (live === 0) return
      for (let lane = 0; lane < live; lane++) this.feed(lane)
      await this.room.lanes.run(live)
      for (let lane = 0; lane < live; lane++) this.advance(lane)
      this.collectLosses(live)
    }
  }

  private load(): void {
    const { lanes, state, constants, edges } = this.room
    for (const [seat, trainee] of this.trainees.entries()) {
      for (const { lane, offset } of state) {
        const flat = vectorOf(trainee, lane, this.recipe.size)
        copy(flat, offset, lanes.current(lane), seat * lane.size, lane.size)
      }
      const { anchor = trainee.job.parameters, correction } = trainee.job
      for (const { vector, buffer, size, offset } of constants) {
        const from = vector === 'anchor' ? anchor : correction
        if (from === undefined) buffer.fill(0, seat * size, (seat + 1) * size)
        else copy(from, offset, buffer, seat * size, size)
      }
      for (const place of edges) fillEdges(place, seat, trainee.data)
    }
  }

  private unload(seat: number): void {
    const { lanes, state, complete } = this.room
    const trainee = this.trainees[seat]
    const { parameters, room = 0 } = trainee.job
    if (trainee.parameters === parameters) {
      trainee.parameters = uncleared(this.recipe.size, room)
      if (!complete) trainee.parameters.set(parameters)
    }
    for (const { lane, offset } of state) {
      if (!lane.written) continue
      const flat = vectorOf(trainee, lane, this.recipe.size)
      copy(lanes.current(lane), seat * lane.size, flat, offset, lane.size)
    }
  }

  private feed(lane: number): void {
    const { cursor, data, job, taken, before } = this.trainees[lane]
    const tasks = this.recipe.tasks.length
    if (this.stride * this.recipe.batch * 2 > data.rows) this.warmth = warm(data.numeric)
    for (let step = 0; step < this.stride; step++) {
      const feed = this.room.feeds[step]
      if (feed === undefined) continue
      const ordinal = cursor.from + taken + step
      cursor.seek(ordinal)
      fillRows(feed, lane, this.padded, data, tasks, cursor, this.knownNow)
      this.known.set(this.knownNow, (lane * this.stride + step) * tasks)
      if (feed.draws.length > 0) fillDraws(feed, lane, job.plan, ordinal)
      if (feed.samples.length > 0) fillSamples(feed, lane, this.padded, data, cursor, job.plan, ordinal)
      this.feedScalars(feed, lane, before + taken + step + 1, job)
      if (feed.balance.length > 0) this.feedBalance(feed, lane, taken + step, ordinal)
    }
  }

  /** `t` counts a client's steps from 1 and goes on where kept optimizer state stopped. */
  private feedScalars(feed: StepFeed, lane: number, t: number, { mu = 0, rate, rateFactor = 1 }: TrainJob): void {
    if (feed.scalars.length === 0) return
    if (t !== this.scalarsAt || rateFactor !== this.scalarsFor || rate !== this.rate) {
      const { optimizer } = this.recipe
      this.scalars = scalarsOf(rate === undefined ? optimizer : { ...optimizer, rate }, t, rateFactor)
      this.scalarsAt = t
      this.rate = rate
      this.scalarsFor = rateFactor
    }
    for (const { buffer, name } of feed.scalars) buffer[lane] = name === 'mu' ? mu : this.scalars[name]
  }

  private feedBalance(feed: StepFeed, lane: number, taken: number, ordinal: number): void {
    const { data, job, balanced } = this.trainees[lane]
    const moment = { taken: balanced + taken, perEpoch: batchesOf(data.rows, this.recipe.batch) }
    fillBalance(feed, lane, this.recipe.balance!, moment, job.plan, ordinal)
  }

  private advance(lane: number): void {
    this.trainees[lane].taken += this.stride
  }

  private collectLosses(live: number): void {
    const tasks = this.recipe.tasks.length
    for (const { kind, buffer } of this.room.lanes.outputs) {
      if (kind.kind !== 'loss') continue
      const column = this.recipe.tasks.findIndex((task) => task.name === kind.task)
      for (let lane = 0; lane < live; lane++) {
        const place = (lane * this.stride + kind.step) * tasks + column
        this.lossesNow[place] = buffer[lane]
        if (this.known[place] === 0) continue
        this.trainees[lane].losses[column] += buffer[lane]
        this.trainees[lane].counted[column]++
      }
    }
    for (const { kind, buffer } of this.room.lanes.outputs) {
      if (kind.kind === 'gradients') this.collectGradients(live, kind.step, buffer)
    }
  }

  /**
   * Counts what is odd among the squared lengths of gradients. A pass for one task runs through the heads of all, times 0,
   * so one loss that is not finite spoils the gradients of all: then it is that task's.
   */
  private collectGradients(live: number, step: number, squares: Lane<Sink>['buffer']): void {
    const { tasks, trained } = this.recipe
    for (let lane = 0; lane < live; lane++) {
      const place = (lane * this.stride + step) * tasks.length
      const known = (t: number): boolean => this.known[place + t] > 0
      const sound = (t: number): boolean => Number.isFinite(this.lossesNow[place + t])
      const spoilt = trained.some((t) => known(t) && !sound(t))
      for (let i = 0; i < trained.length; i++) {
        const t = trained[i]
        const found = oddity(squares[lane * trained.length + i])
        if (found === undefined || !known(t)) continue
        if (found === 'none' || !spoilt || !sound(t)) this.trainees[lane].odd[found][t]++
      }
    }
  }
}
