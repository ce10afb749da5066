import { metrics as known } from '../../metrics/metric.js'
import type { MetricRow } from '../../record/rows.js'
import type { RunFacts } from './read-run.js'

/** What a curve runs over. */
export type Over = 'rounds' | 'virtual time' | 'bytes'

export const overs: readonly Over[] = ['rounds', 'virtual time', 'bytes']

/** What was spent by the close of a round: rounds, virtual microseconds, or bytes that left lines of clients and servers. */
export const spentBy = (run: Pick<RunFacts, 'rounds'>, over: Over): ((round: number) => number) => {
  const at = new Map<number, number>([[0, 0]])
  let bytes = 0
  for (const { round, closed, up, down, inside } of run.rounds) {
    bytes += up + down + inside
    at.set(round, over === 'rounds' ? round : over === 'bytes' ? bytes : closed)
  }
  return (round) => at.get(round) ?? round
}

/** Round by round what was measured of one scenario and task; null where it is undefined. */
export interface Curve {
  readonly scenario: string
  readonly task: string
  /** `[round, value]`. */
  readonly points: readonly (readonly [number, number | null])[]
}

/** The metric that says most: AUC where there is one, else the first that was measured. */
export const leading = (rows: readonly Pick<MetricRow, 'metric' | 'value'>[]): string => {
  const measured = [...new Set(rows.filter(({ value }) => value !== null).map(({ metric }) => metric))]
  return ['auc', 'ndcg@20', 'accuracy'].find((metric) => measured.includes(metric)) ?? measured[0] ?? 'auc'
}

/** The split on which curves are drawn: validation, unless test alone was scored round by round. */
export const curveSplit = (rows: readonly MetricRow[]): MetricRow['split'] => {
  const rounds = (split: string): number => new Set(rows.filter((row) => row.split === split).map(({ round }) => round)).size
  return rounds('validation') > 1 || rounds('validation') >= rounds('test') ? 'validation' : 'test'
}

/** Curves of a metric on a split, by task and scenario, in the order in which they were measured. */
export const curvesOf = (rows: readonly MetricRow[], split: MetricRow['split'], metric: string): Curve[] => {
  const found = new Map<string, { scenario: string; task: string; points: (readonly [number, number | null])[] }>()
  for (const row of rows) {
    if (row.split !== split || row.metric !== metric) continue
    const key = JSON.stringify([row.task, row.scenario])
    const own = found.get(key) ?? { scenario: row.scenario, task: row.task, points: [] }
    own.points.push([row.round, row.value])
    found.set(key, own)
  }
  return [...found.values()]
}

/** Round by round the mean over scenarios that have a value at all, each counting alike; null where a model diverged, as the others are not the same mean. */
export const meanCurve = (curves: readonly Curve[]): Curve['points'] =>
  combined(curves, (values) => values.reduce((sum, value) => sum + value, 0) / values.length)

/** Round by round the scenario that does worst. */
export const worstCurve = (curves: readonly Curve[], metric: string): Curve['points'] =>
  combined(curves, (values) => (known[metric]?.better === 'lower' ? Math.max(...values) : Math.min(...values)))

/** Curves that have a value at all: of a scenario whose rows are all of one label there is no AUC, in any round. */
export const definedOf = (curves: readonly Curve[]): Curve[] => curves.filter(({ points }) => points.some(([, value]) => value !== null))

const combined = (all: readonly Curve[], of: (values: readonly number[]) => number): Curve['points'] => {
  const curves = definedOf(all)
  const rounds = [...new Set(curves.flatMap(({ points }) => points.map(([round]) => round)))].sort((a, b) => a - b)
  const at = curves.map(({ points }) => new Map(points))
  return rounds.map((round) => {
    const values = at.map((own) => own.get(round))
    return [round, values.length === 0 || values.some((value) => value === null || value === undefined) ? null : of(values as number[])]
  })
}
