import type { RunSum, SeveralFacts } from '../../../../src/report/page/several/read-several.js'
import type { Spending } from '../../../../src/report/page/several/sum-run.js'
import { manifest } from '../../../runs/flights.js'

const nothing: Spending = { bytes: 0, wastedBytes: 0, time: 0, wastedTime: 0, examples: 0, wastedExamples: 0, joules: 0, wastedJoules: 0 }

/** A complete run of one task, by its score in every scenario. */
export const runOf = (
  { condition, variant, seed, scores, point, spent = {}, fired = 0 }: {
    readonly condition: string; readonly variant: string; readonly seed: string; readonly scores: Readonly<Record<string, number | null>>
    readonly point?: Readonly<Record<string, unknown>>; readonly spent?: Partial<Spending>; readonly fired?: number
  },
): RunSum => {
  const values = Object.values(scores).filter((value) => value !== null)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return {
    folder: `runs/study/${condition}/${variant}/seed-${seed}`, condition, variant,
    manifest: {
      ...manifest, seed, status: 'complete', study: { name: 'study', condition, variant, ...(point && { point }) },
      faults: fired === 0 ? [] : [{ id: 'lose', kind: 'lose', text: 'lost', targets: [], fired, outcome: '' }],
    },
    summed: {
      curves: new Map(),
      scores: new Map([['ctr', { mean: values.reduce((sum, value) => sum + value, 0) / values.length, worst: low, spread: high - low, scenarios: new Map(Object.entries(scores)) }]]),
      spent: { ...nothing, ...spent },
    },
  }
}

/** What a report is made from, of these runs; the first variant is the baseline. */
export const factsOf = (runs: readonly RunSum[], about: Partial<SeveralFacts> = {}): SeveralFacts => {
  const variants = [...new Set(runs.map(({ variant }) => variant))]
  return {
    runs, studies: [], unflown: [], variants, conditions: [...new Set(runs.map(({ condition }) => condition))], tasks: ['ctr'],
    looked: { metric: 'auc', split: 'validation' }, calm: undefined, alsoCompared: undefined,
    compared: { rows: [], about: { what: 'test AUC', level: 0.95 }, baselines: variants.slice(0, 1) }, ...about,
  }
}
