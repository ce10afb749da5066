/*
 * What a script or a program imports from 'windtunnel': constructors of simulations, `simulate` to fly them, and the
 * types of what may be written by oneself (a model, a strategy, a link, a round policy) and of what a run gives.
 */
export * from './simulation/script.js'
export { launch, simulate, type Launch, type Run, type SimulateOptions, type Simulation } from './runs/simulate.js'
export { replay } from './runs/replay.js'
export { study, type Patch, type Size, type Study, type StudyPlan, type Tuning } from './runs/study/study.js'
export type { Flight, FlightEvent, LedgerRow, MetricRow, RoundRow, TrainingRow } from './runs/record.js'
export type { CustomLink } from './network/network.js'
export type { RoundsFunction } from './simulation/rounds.js'
export { inputs } from './models/input.js'
export { batchNorm, linear, perceptron, type Layer, type ModelRun } from './models/layers.js'
export { gates, mix } from './models/mixture.js'
export { stack } from './models/stack.js'
export { towers } from './models/towers.js'
export type { Batch, Features, Mode, Model, Output, Parameters } from './models/model.js'
export type { Layout, Role, Segment, SegmentSpec } from './models/layout.js'
export type { Task } from './tasks/task.js'
export type {
  FoldContext, Member, PartState, Scope, Strategy, Template, Update,
} from './federation/strategies/strategy.js'
export type { Leg, Local, Outcome } from './federation/strategies/local.js'
export { deltaOf, onePerScenario, sampleWeights, sentTo, weightedSum } from './federation/strategies/fold.js'
export type { Envelope, Fate } from './network/envelope.js'
export type { World } from './data/world.js'
export { trainRanker, type RankerResult, type RankerTraining } from './centralised/train-ranker.js'
export { meansBySeed, rankingEffect, type BySeed } from './centralised/ranking-effect.js'
export { openEngine } from './engine/open.js'
export type { Engine } from './engine/engine.js'
export { effectOf, minimumDetectableEffect, type Effect } from './statistics/effect.js'
export { holm } from './statistics/holm.js'
export type { Table } from './data/table.js'
export { WindtunnelError, exitCodes } from './errors.js'
