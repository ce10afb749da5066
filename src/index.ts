/*
 * What a script or a program imports from 'windtunnel': constructors of simulations, `simulate` to fly them, and the
 * types of what may be written by oneself (a model, a strategy, a link, rounds, a check) and of what a run gives.
 */
export * from './simulation/script.js'
export { simulate, type Run, type Running, type SimulateOptions } from './runs/simulate.js'
export { Lab, type LabFlight, type LabOptions } from './lab/lab.js'
export type { Plan } from './faults/plan.js'
export { replay } from './runs/replay.js'
export { study, type Patch, type Size, type Study, type StudyPlan, type Tuning } from './runs/study/study.js'
export type { FlightEvent } from './record/event.js'
export type { Flight } from './flight/flight.js'
export type { LedgerRow, MetricRow, RoundRow, TrainingRow } from './record/rows.js'
export type { CustomLink } from './network/network.js'
export type { Answer, Candidate, Choice, Choose } from './federation/choice.js'
export type { OwnRounds, RoundsFunction } from './federation/rounds/own.js'
export type {
  Admission, Arrived, Asking, Decision, Ending, FoldRule, Moment, RoundMachine, RoundRules, Situation,
} from './federation/rounds/round.js'
export { type Check, type View, Violation } from './checks/check.js'
export { inputs } from './models/input.js'
export { batchNorm, linear, perceptron, type Layer, type ModelRun } from './models/layers.js'
export { gates, mix } from './models/mixture.js'
export { stack } from './models/stack.js'
export { towers } from './models/towers.js'
export type { Batch, Features, Mode, Model, Output, Parameters } from './models/model.js'
export type { Layout, SegmentRole, Segment, SegmentSpec } from './models/layout.js'
export type { Task } from './tasks/task.js'
export type {
  FoldContext, Member, PartState, Scope, Strategy, Template, Update,
} from './federation/strategies/strategy.js'
export type { Leg, Local, Outcome } from './federation/strategies/local.js'
export { deltaOf, onePerScenario, sampleWeights, sentTo, weightedSum } from './federation/strategies/fold.js'
export type { Fate } from './record/message.js'
export type { Envelope } from './network/envelope.js'
export type { World } from './data/world.js'
export { trainRanker, type RankerResult, type RankerTraining } from './centralised/train-ranker.js'
export { meansBySeed, rankingEffect, type BySeed } from './centralised/ranking-effect.js'
export { openEngine } from './engine/open.js'
export type { Engine } from './engine/engine.js'
export { effectOf, minimumDetectableEffect, type Effect } from './statistics/effect.js'
export { holm } from './statistics/holm.js'
export type { Table } from './data/table.js'
export { WindtunnelError, exitCodes } from './errors.js'
