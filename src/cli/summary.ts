import {
  bytesByDirection,
  bytesByFate,
  bytesStored,
  meanMetric,
  roundsByOutcome,
  trainingsByOutcome,
} from '../runs/totals.js'
import { lastScored, scoreRows } from '../runs/score-rows.js'
import type { Told } from '../runs/told.js'

import { askedBill, type CostFlags } from '../report/costs.js'
import { costData } from './cost-table.js'

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
