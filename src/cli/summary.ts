import {
  bytesByDirection,
  bytesByFate,
  bytesStored,
  meanMetric,
  metricAt,
  roundsByOutcome,
  trainingsByOutcome,
} from '../runs/totals.js'
import type { Told } from '../runs/told.js'

import { askedBill, costData, type CostFlags } from './cost-table.js'

/** Test scores of one scenario and task at the selected and at the last round. */
export interface ScoreRow {
  readonly scenario: string
  readonly task: string
  readonly metric: string
  readonly selected: number | null
  readonly last: number | null
}

/** The last round at which the test split was scored; 0 before training. */
export const lastScored = (run: Pick<Told, 'metrics'>): number =>
  run.metrics.reduce((last, row) => (row.split === 'test' ? Math.max(last, row.round) : last), 0)

/** Test scores per scenario and task, in the order in which they were measured. */
export const scoreRows = (run: Pick<Told, 'metrics' | 'selectedRound'>): ScoreRow[] => {
  const last = lastScored(run)
  return run.metrics
    .filter((row) => row.round === last && row.split === 'test')
    .map(({ scenario, task, metric, value }) => {
      const at = { round: run.selectedRound, scenario, task, split: 'test' as const, metric }
      return { scenario, task, metric, selected: metricAt(run.metrics, at) ?? null, last: value }
    })
}

/** What `--json` prints: everything in the tables, as plain data. */
export const summarise = (run: Told, costs: CostFlags = {}): Record<string, unknown> => {
  const asked = askedBill(run, costs)
  const { resolved, folder } = run
  const mean = (round: number) => {
    const of = (metric: string): number | null => meanMetric(run.metrics, { round, split: 'test', metric })
    return { round, auc: of('auc'), logLoss: of('log-loss'), accuracy: of('accuracy'), mse: of('mse') }
  }
  const trainings = trainingsByOutcome(run.trainings)
  return {
    name: resolved.name,
    seed: resolved.seed,
    status: run.status,
    ...(run.manifest.error !== undefined && { error: run.manifest.error }),
    engine: resolved.engine,
    workers: resolved.workers,
    world: run.manifest.world.name,
    digest: run.digest ?? null,
    digests: run.digests ?? null,
    run: folder ?? null,
    virtualTime: run.virtualTime ?? null,
    rounds: { count: run.rounds.length, ...roundsByOutcome(run.rounds), selected: run.selectedRound },
    test: { selected: mean(run.selectedRound), last: mean(lastScored(run)) },
    scores: scoreRows(run),
    bytes: { ...bytesByDirection(run.ledger), byFate: bytesByFate(run.ledger), ...(run.checkpoints.length > 0 && { stored: bytesStored(run.checkpoints) }) },
    trainings,
    ...(asked && { costs: costData(asked.bill, asked.kinds) }),
    ...(run.privacy && { privacy: run.privacy }),
    faults: run.faults,
    marks: run.marks,
    coverage: run.coverage ?? null,
    ...(Object.keys(run.compared).length > 0 && { compared: run.compared }),
    warnings: run.warnings,
    realSeconds: run.spent?.realSeconds ?? null,
    cpuSeconds: run.spent?.cpuSeconds ?? null,
  }
}
