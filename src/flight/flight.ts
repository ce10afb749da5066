import type { CoverageReport } from '../checks/coverage.js'
import type { FaultReport } from '../faults/report.js'
import type { PartState } from '../federation/strategies/strategy.js'
import type { CheckpointRow, LedgerRow, MetricRow, OddGradientRow, RoundRow, SaturationRow, TrainingRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { PrivacyReport } from './privacy-account.js'
import type { TrainedModel } from './trained-model.js'

/** What a scenario's clients answered on its test rows, at one of the two rounds that are reported. */
export interface TestAnswers {
  readonly which: 'selected' | 'last'
  readonly round: number
  readonly scenario: string
  readonly tasks: readonly string[]
  readonly rows: number
  /** [rows, tasks], as in the table. */
  readonly labels: Float32Array
  /** [rows], where users are known. */
  readonly user?: Int32Array | undefined
  /** Per task [rows] logits or, for regression, numbers; [rows, classes] logits for multiclass. */
  readonly scores: readonly Float32Array[]
}

/** All that a flight leaves behind. */
export interface Flight {
  readonly digest: string
  /** `events`: times, order, bytes, fates. `numbers`: parameters and metrics. */
  readonly digests: { readonly events: string; readonly numbers: string }
  readonly virtualTime: Micros
  readonly rounds: readonly RoundRow[]
  readonly metrics: readonly MetricRow[]
  readonly ledger: readonly LedgerRow[]
  readonly trainings: readonly TrainingRow[]
  /** What servers wrote to the store, where a specification has `checkpoint`. */
  readonly checkpoints: readonly CheckpointRow[]
  readonly faults: readonly FaultReport[]
  /** How often each mark was passed; 0 where it never was. */
  readonly marks: Readonly<Record<string, number>>
  /** What of the protocol was tried. */
  readonly coverage: CoverageReport
  /** How many updates of each client were refused because they were not finite, experts' parts counted by themselves. */
  readonly refused: Readonly<Record<Name, number>>
  /** How often a fold of each part was refused because it was not finite; no part of which none was. */
  readonly unfit: Readonly<Record<string, number>>
  /** Trained tasks whose gradients a balancer found to be none or not finite, in the order in which they were seen. */
  readonly oddGradients: readonly OddGradientRow[]
  /** Where updates are summed under masks: parts of which clients had learnt what they could not say in fixed point. */
  readonly saturated?: readonly SaturationRow[]
  /** The round that was best on validation; the last one if nothing was validated, or a model diverged after every one. */
  readonly selectedRound: number
  /** The round at whose close the model was where `evaluate.until` wanted it: the last one then. */
  readonly reached?: number
  /** What it promises every client, where its specification has `privacy`. */
  readonly privacy?: PrivacyReport
  /** The parts as their owners held them at the end, by part. */
  readonly parts: Readonly<Record<string, Float32Array>>
  /** The same with what the strategy holds beside the common values. */
  readonly states: Readonly<Record<string, PartState>>
  /** What the strategy had every living client keep, at the end: flat vectors by name. */
  readonly kept: Readonly<Record<Name, Readonly<Record<string, Float32Array>>>>
  /** Every living client's own parameters at the end, `private` segments among them: flat, in the layout's order. */
  readonly personal: Readonly<Record<Name, Float32Array>>
  /** Canonical events, one JSON line each: what `replay` compares. */
  readonly events: readonly string[]
  /** Test answers at the selected and the last round, if the specification asks for them. */
  readonly answers?: readonly TestAnswers[]
  /** What all clients would have served after the selected and the last round, if the specification asks for it. */
  readonly models?: readonly TrainedModel[]
  readonly status: 'complete' | 'interrupted'
}
