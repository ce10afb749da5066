import type { Scenario, World } from '../data/world.js'
import { SpecificationError } from '../errors.js'
import type { Engine, OddGradients, TrainJob, TrainResult, Training } from '../engine/engine.js'
import type { Optimizer } from '../engine/program/optimizer.js'
import { fullRanking, isUndefined, meanRanking, type RankedUser } from '../metrics/full-ranking.js'
import { historyOf, knownItems } from '../metrics/interactions.js'
import type { Ranking } from '../metrics/ranking.js'
import { buildLayout, initialize } from '../models/layout.js'
import type { UserItemVectors } from '../models/model.js'
import { encode } from '../models/ranking/encode.js'
import { rankerModel, type RankerOptions } from '../models/ranking/ranker.js'
import { meanWeights, trainedTasks } from '../models/trained-tasks.js'
import { streams } from '../random/streams.js'
import { balancerSchema, buildBalancer, type BalancerInput } from '../balancing/registry.js'

/** A recommender trained in one place, as PMTRec's experiments are (arXiv 2407.21364, section 4.1). */
export interface RankerTraining {
  /** A world of interactions with one scenario; its first task is the main one. */
  readonly world: World
  readonly model: RankerOptions
  readonly optimizer: Optimizer
  readonly batch: number
  readonly balance: BalancerInput
  /** Decides first values, batch order and negatives. */
  readonly seed: string
  /** Epochs at most. */
  readonly epochs: number
  /** Epochs without a better validation NDCG of the main task before training stops; the paper waits for 10. */
  readonly patience: number
  /** Cut-offs K of the report. */
  readonly cutoffs: readonly number[]
  /** The K whose validation NDCG decides; one of `cutoffs`. */
  readonly judge: number
}

/** One pass over the training rows, and how the model ranked after it. */
export interface RankerEpoch {
  /** From 1. */
  readonly epoch: number
  /** Mean training loss of each task. */
  readonly losses: readonly number[]
  /** On validation, by the place of the cut-off. */
  readonly validation: readonly (Ranking | null)[]
}

export interface RankerResult {
  readonly epochs: readonly RankerEpoch[]
  /**
   * Over all epochs, one that diverged too: tasks whose gradients a balancer found to be none or not finite, and in how many
   * steps. Absent where there was none, or where the balancer looks at none.
   */
  readonly odd?: readonly OddGradients[]
  /** The epoch that was best on validation; all below is of it. */
  readonly best: number
  readonly parameters: Float32Array
  /** Every test user's numbers, in the order of users: for means, and for a bootstrap over users. */
  readonly test: readonly RankedUser[]
}

const trainingOf = ({ world, model: options, optimizer, batch, balance }: RankerTraining): Training => {
  const { features, tasks } = world
  const model = rankerModel(options)
  const layout = buildLayout(model.segments(features, tasks))
  const balancer = buildBalancer(balancerSchema.parse(balance), layout, trainedTasks(model, tasks))
  return {
    model, features, tasks, layout, optimizer, balancer, taskWeights: meanWeights(model, tasks),
    proximal: false, proximalSegments: [], batch, chunk: 1, cohort: 1,
  }
}

const check = ({ world, cutoffs, judge }: RankerTraining): Scenario => {
  const [scenario, ...more] = world.scenarios
  const [main] = world.tasks
  if (more.length > 0) throw new SpecificationError(`${world.name} has ${more.length + 1} scenarios: take it with one`)
  if (main.kind !== 'ranking') {
    throw new SpecificationError(`the first task, '${main.name}', must rank items: put the main task first`)
  }
  if (!cutoffs.includes(judge)) throw new SpecificationError(`judge ${judge} is none of the cut-offs ${cutoffs.join(', ')}`)
  return scenario
}

/** The counts of epochs together, in the order of tasks. */
const added = (all: readonly OddGradients[], more: readonly OddGradients[] = []): readonly OddGradients[] =>
  [...new Set([...all, ...more].map(({ task }) => task))].map((task) => {
    const of = [...all, ...more].filter((one) => one.task === task)
    const sum = (what: 'none' | 'notFinite'): number => of.reduce((total, one) => total + one[what], 0)
    return { task, none: sum('none'), notFinite: sum('notFinite') }
  })

const blamed = (odd: readonly OddGradients[]): string => {
  const [worst] = odd.filter(({ notFinite }) => notFinite > 0).sort((a, b) => b.notFinite - a.notFinite)
  return worst === undefined ? '' : ` (gradients of ${worst.task} were not finite in ${worst.notFinite} step${worst.notFinite === 1 ? '' : 's'})`
}

/**
 * Trains epoch by epoch through the engine, which may train the same world again and again, and stops when validation has not improved for `patience` epochs. Candidates
 * are all items that the user did not interact with before: in training; for the test in validation either.
 */
export const trainRanker = async (engine: Engine, about: RankerTraining): Promise<RankerResult> => {
  const { train, validation, test } = check(about)
  const { model, seed, cutoffs, world: { features } } = about
  const training = trainingOf(about)
  const { program } = await engine.prepare(training)
  const data = [about.world.name, 'train', ...training.tasks.map(({ name }) => name)].join('/')
  await engine.register(data, train)

  const history = historyOf(features, train)
  const vectors = (parameters: Float32Array): UserItemVectors => encode(model, training.layout, parameters, history)
  const judged = { known: knownItems(features, train), relevant: knownItems(features, validation), cutoffs }
  const place = cutoffs.indexOf(about.judge)

  let parameters = initialize(training.layout, streams(seed))
  let kept: Pick<TrainResult, 'optimizer' | 'balance'> | undefined
  let best: { readonly epoch: number; readonly score: number; readonly parameters: Float32Array } | undefined
  const epochs: RankerEpoch[] = []
  let odd: readonly OddGradients[] = []
  for (let epoch = 1; epoch <= about.epochs; epoch++) {
    const job: TrainJob = {
      kind: 'train', client: 'centre', program, data, parameters,
      ...(kept && { optimizer: kept.optimizer }), ...(kept?.balance && { balance: kept.balance }),
      plan: { epochs: 1, seed, key: ['epoch', epoch] },
    }
    const [result] = await Promise.all(engine.train([job]))
    kept = result
    parameters = result.parameters
    odd = added(odd, result.odd)
    const ranked = fullRanking(vectors(parameters), judged)
    // A model that diverged does not come back.
    if (ranked.some(isUndefined)) break
    const measured = cutoffs.map((_, at) => meanRanking(ranked, at))
    epochs.push({ epoch, losses: [...result.losses], validation: measured })
    const score = measured[place]?.ndcg ?? 0
    if (best === undefined || score > best.score) best = { epoch, score, parameters }
    else if (epoch - best.epoch >= about.patience) break
  }
  if (best === undefined) {
    const rule = about.epochs > 0 ? `the model diverged in the first${blamed(odd)}: lower the rate` : 'give at least 1'
    throw new SpecificationError(`${about.epochs} epochs train nothing: ${rule}`)
  }
  const asked = { known: knownItems(features, train, validation), relevant: knownItems(features, test), cutoffs }
  return {
    epochs, ...(odd.length > 0 && { odd }), best: best.epoch, parameters: best.parameters, test: fullRanking(vectors(best.parameters), asked),
  }
}
