import { type BalanceState, hasRoom, type OptimizerState, type ScoreJob, type TrainResult } from '../engine/engine.js'
import { examplesOf, type Stint, stintOf } from '../engine/feeding/batches.js'
import { SpecificationError } from '../errors.js'
import { fillUntrained } from '../models/untrained.js'
import type { LocalWork, Scored } from './messages.js'
import { rateFactor } from './rate-schedule.js'
import type { Local, OptimizerTerms } from './strategies/local.js'
import type { Vectors } from './strategies/strategy.js'
import type { ClientTerms, Terms } from './terms.js'

/** What a device keeps between rounds: all of it plain data. */
export interface Keepsake {
  /** All parameters as the last answer left them: `private` segments live here and nowhere else. */
  personal: Float32Array
  /** What the strategy has it keep. */
  kept: Vectors
  /** What local training remembers, by leg; volatile. */
  optimizers?: Optimizers | undefined
}

/** State of the optimizer, where it is kept, and of a balancer that has any, which always is. */
interface Remembered {
  readonly optimizer: OptimizerState | undefined
  readonly balance: BalanceState | undefined
}

type Optimizers = Readonly<Record<string, Remembered>>

/** How far a client is with the legs of one round. */
export interface Progress {
  readonly local: Local
  /** Index of the leg that comes next or is under way, and how often it has been trained. */
  readonly leg: number
  readonly repeat: number
  /** What is new of what training remembers, by leg. */
  readonly optimizers: Optimizers | undefined
  /** The share of its epochs that it does. */
  readonly share: number
  /** The parameters that the last leg left, if they have room before them for a frame's head. */
  readonly roomy?: Float32Array | undefined
}

/** What a client sends and keeps at the end. */
export interface Departure {
  readonly sent: Float32Array
  /** Whether what is sent has room before it for a frame's head, in memory of its own. */
  readonly roomy: boolean
  readonly extras: Readonly<Record<string, Float32Array | Float64Array>>
  readonly kept: Vectors
  readonly steps: number
  /** Rows behind it: all of the client's, if it did not cut its training down. */
  readonly examples: number
  readonly optimizers: Optimizers | undefined
}

const none = Object.freeze({})

/** The repetition of a leg whose order of rows all of them go on with. */
const FIRST = 0

/**
 * The local side of a strategy for one client, without actors: which leg comes next, as a job with its cost, and what
 * is sent in the end. Holds nothing of a round. A class, because there are as many of it as clients.
 */
export class LocalTraining {
  constructor(
    private readonly terms: Terms,
    private readonly self: ClientTerms,
  ) {}

  /** `room`: it trains only as much as takes less than that on a device that nothing slows; undefined: all of it. */
  begin(round: number, received: Float32Array, given: Vectors, kept: Vectors, room?: number): Progress {
    const { name: client, rows: examples } = this.self
    const { optimizer, segments } = this.terms
    const local: Local = {
      client, round, examples, received, given, kept, made: none, losses: none, steps: none, scored: none,
      optimizer: this.#ownRate(optimizer, round),
      segments,
    }
    return { local, leg: 0, repeat: 0, optimizers: undefined, share: room === undefined ? 1 : this.#fitting(round, room) }
  }

  /** The next leg as a job, and its undisturbed cost in virtual microseconds; undefined after the last. */
  next(progress: Progress, optimizers: Optimizers | undefined): { work: LocalWork; cost: number } | undefined {
    const { terms, self } = this
    const { legs } = terms.strategy
    const index = this.#due(progress)
    if (index === legs.length) return undefined
    const { local, optimizers: fresh } = progress
    const repeat = index === progress.leg ? progress.repeat : 0
    const { round, received, made } = local
    const { name, epochs: factor = 1, repeats = 1, start, proximal, correction, scores } = legs[index]
    if (scores !== undefined) return this.#measure(local, index, scores(local))
    const epochs = self.epochs * terms.weather.completeness(self.name, round) * factor * repeats * progress.share
    const part = repeats > 1 ? { nth: repeat, of: repeats } : undefined
    const passes = part === undefined ? { epochs } : { epochs, part }
    const stint = stintOf(self.rows, self.batch, passes)
    const remembered = fresh?.[name] ?? optimizers?.[name]
    const before = start?.(local) ?? (repeat > 0 ? made[name] : undefined) ?? received
    // The first training of a round draws the batches that any strategy draws there.
    const key = ['client', self.name, 'round', round]
    let opens = true
    for (const leg in local.steps) if (leg !== name) opens = false
    const seed = terms.batchSeed(self.name, round)
    const drawn = opens ? key : [...key, 'leg', name, FIRST]
    const work: LocalWork = {
      round,
      examples: examplesOf(self.rows, self.batch, stint),
      leg: index,
      continues: index + repeat > 0,
      train: {
        kind: 'train',
        client: self.name,
        program: self.programs[index],
        data: self.data,
        parameters: before,
        anchor: proximal?.centre?.(local),
        mu: proximal?.mu ?? 0,
        correction: correction?.(local),
        optimizer: remembered?.optimizer,
        balance: remembered?.balance,
        room: terms.room,
        rate: self.rate,
        rateFactor: self.rateSchedule && rateFactor(self.rateSchedule, round),
        plan: part === undefined ? { epochs, seed, key: drawn } : { epochs, part, seed, key: drawn },
      },
    }
    return { work, cost: Math.ceil((stint.until - stint.from) * self.stepCosts[index]) }
  }

  advance(progress: Progress, work: LocalWork, result: TrainResult | Scored): Progress {
    const { local, leg, repeat, optimizers } = progress
    const index = work.leg
    if ('scored' in result) {
      const scored = { ...local.scored, ...result.scored }
      return { local: { ...local, scored }, leg: index + 1, repeat: 0, optimizers, share: progress.share }
    }
    const again = (index === leg ? repeat : 0) + 1
    const { name, leaves, repeats = 1 } = this.terms.strategy.legs[index]
    const { parameters, steps, balance } = result
    const { trained } = this.terms
    const all = result.losses.length === trained.length
    const losses = all ? result.losses : result.losses.filter((_, task) => trained.includes(task))
    const optimizer = this.self.keepsOptimizer ? result.optimizer : undefined
    const left = leaves?.(local, parameters) ?? { [name]: parameters }
    const { client, round, examples, received, given, kept } = local
    const after: Local = {
      client, round, examples, received, given, kept,
      made: local.made === none ? left : { ...local.made, ...left },
      losses: local.losses === none ? { [name]: losses } : { ...local.losses, [name]: losses },
      steps: local.steps === none ? { [name]: steps } : { ...local.steps, [name]: (local.steps[name] ?? 0) + steps },
      scored: local.scored,
      optimizer: local.optimizer,
      segments: local.segments,
    }
    return {
      local: after,
      leg: again < repeats ? index : index + 1,
      repeat: again < repeats ? again : 0,
      optimizers: optimizer ?? balance ? { ...optimizers, [name]: { optimizer, balance } } : undefined,
      share: progress.share,
      roomy: work.train !== undefined && hasRoom(result, work.train) ? parameters : undefined,
    }
  }

  /** What all of its training for a round takes a device that nothing slows, of so much of its epochs. */
  cost(round: number, share = 1): number {
    let cost = 0
    this.#stints(round, share, (stint, leg) => (cost += Math.ceil((stint.until - stint.from) * this.self.stepCosts[leg])))
    return cost
  }

  /**
   * The largest share of its epochs that takes less than `room`, by whole steps of its longest leg: the others do as much of
   * theirs, rounded up. Where not even a step of each fits, it is that of one.
   */
  #fitting(round: number, room: number): number {
    if (this.cost(round) < room) return 1
    let most = 0
    const steps = new Map<number, number>()
    this.#stints(round, 1, ({ from, until }, leg) => steps.set(leg, (steps.get(leg) ?? 0) + until - from))
    for (const own of steps.values()) most = Math.max(most, own)
    let [fits, over] = [1, most]
    while (fits + 1 < over) {
      const middle = (fits + over) >> 1
      if (this.cost(round, middle / most) < room) fits = middle
      else over = middle
    }
    return most === 0 ? 1 : fits / most
  }

  /** Every stretch of training of a round, measuring left out. */
  #stints(round: number, share: number, each: (stint: Stint, leg: number) => void): void {
    const { rows, batch, epochs, name } = this.self
    const { strategy: { legs }, weather } = this.terms
    const whole = epochs * weather.completeness(name, round)
    legs.forEach(({ when, scores, epochs: factor = 1, repeats = 1 }, leg) => {
      if (when?.(round) === false || scores !== undefined) return
      for (let nth = 0; nth < repeats; nth++) {
        each(stintOf(rows, batch, { epochs: whole * factor * repeats * share, ...(repeats > 1 && { part: { nth, of: repeats } }) }), leg)
      }
    })
  }

  /** Rows that its longest leg trains on at least once. */
  #rowsBehind(round: number, share: number): number {
    const { rows, batch } = this.self
    if (share === 1) return rows
    const behind = new Map<number, number>()
    this.#stints(round, share, (stint, leg) => behind.set(leg, (behind.get(leg) ?? 0) + examplesOf(rows, batch, stint)))
    return Math.min(rows, Math.max(0, ...behind.values()))
  }

  finish({ local, optimizers, roomy, share }: Progress): Departure {
    const { strategy } = this.terms
    const { sent, extras = none, kept = none, steps } = strategy.finish(local)
    for (const { name } of strategy.extras.up) {
      if (name in extras) continue
      const rule = `give it in the \`extras\` of \`finish\`, or leave it out of \`extras.up\``
      throw new SpecificationError(`strategy '${strategy.name}' declares '${name}' and sends none: ${rule}.`)
    }
    let taken = 0
    for (const leg in local.steps) taken += local.steps[leg]
    return { sent, roomy: sent === roomy, extras, kept, steps: steps ?? taken, examples: this.#rowsBehind(local.round, share), optimizers }
  }

  /** The optimizer's terms, with this client's rate in a round. */
  #ownRate(optimizer: OptimizerTerms, round: number): OptimizerTerms {
    const { rate, rateSchedule } = this.self
    if (rate === undefined && rateSchedule === undefined) return optimizer
    return { ...optimizer, rate: (rate ?? optimizer.rate) * (rateSchedule ? rateFactor(rateSchedule, round) : 1) }
  }

  /** Skips what does not take place in this round. */
  #due({ local: { round }, leg }: Progress): number {
    const { legs } = this.terms.strategy
    let next = leg
    while (next < legs.length && legs[next].when?.(round) === false) next++
    return next
  }

  /** The measuring of models, as they would serve, as a job, and its cost: a forward pass is a third of a step. */
  #measure({ round }: Local, leg: number, models: Vectors): { work: LocalWork; cost: number } {
    const { name: client, batch, programs, stepCosts, trial: { data, table } } = this.self
    const names = Object.keys(models)
    const { drawn } = this.terms
    const jobs = names.map((name): ScoreJob => ({
      kind: 'score', client, program: programs[leg], data,
      parameters: drawn ? fillUntrained(this.terms, drawn, models[name]) : models[name],
    }))
    const passes = names.length * Math.ceil(table.rows / batch)
    const work = { round, examples: 0, leg, continues: leg > 0, score: { jobs, names, table } }
    return { work, cost: Math.ceil((passes * stepCosts[leg]) / 3) }
  }
}
