import { macroMean } from '../../metrics/macro-mean.js'
import { relativeMtlGain } from '../../metrics/mtl-gain.js'
import type { ScoredRun } from './gather.js'

/**
 * What a line of the table is about: one scenario, the mean over scenarios, the scenario that does worst, or the
 * relative gain over all tasks.
 */
export type Scope = 'mean' | 'worst' | 'scenario' | 'gain'

type Scores = Pick<ScoredRun, 'scores'>

/** What two runs are compared by. */
export interface Scoped {
  readonly scope: Scope
  readonly scenario: string
  readonly task: string
  /** null where it is undefined. */
  readonly valueOf: (run: Scores) => number | null
  readonly differenceOf: (run: Scores, baseline: Scores) => number | null
}

export interface Scoping {
  /** Of the metric: the worst scenario then has the highest, and a gain is a fall. */
  readonly lowerIsBetter?: boolean
  /** Means over scenarios weigh each by its test rows, as if all rows were of one; otherwise each counts alike. */
  readonly byRows?: boolean
  /** With a line for the relative gain over all tasks (`relativeMtlGain`), in percent. */
  readonly gain?: boolean
}

/** A line whose difference is that of its values. */
const line = (about: Pick<Scoped, 'scope' | 'scenario' | 'task' | 'valueOf'>): Scoped => ({
  ...about,
  differenceOf(run, baseline) {
    const [own, theirs] = [about.valueOf(run), about.valueOf(baseline)]
    return own === null || theirs === null ? null : own - theirs
  },
})

/** A run's scores in all scenarios that have one; none if a model diverged in any, for they are then of fewer scenarios. */
const valuesOf = ({ scores }: Scores, task: string): number[] => {
  const own = scores.filter((score) => score.task === task)
  return own.some(({ diverged }) => diverged) ? [] : own.flatMap(({ value }) => (value === null ? [] : [value]))
}

/** The lowest score, or the highest loss. */
const worst = (values: readonly number[], lower: boolean): number | null =>
  values.length === 0 ? null : lower ? Math.max(...values) : Math.min(...values)

/** The mean over rows of what is defined; null where nothing is, or where a scenario was lost. */
const rowMean = ({ scores }: Scores, task: string): number | null => {
  const own = scores.filter((score) => score.task === task)
  if (own.some(({ diverged }) => diverged)) return null
  const defined = own.flatMap(({ value, rows = 0 }) => (value === null ? [] : [{ value, rows }]))
  const rows = defined.reduce((sum, score) => sum + score.rows, 0)
  return rows === 0 ? null : defined.reduce((sum, score) => sum + score.rows * score.value, 0) / rows
}

const gainLine = (tasks: readonly string[], lowerIsBetter: boolean): Scoped => ({
  scope: 'gain',
  scenario: 'relative gain, %',
  task: 'all',
  valueOf: () => null,
  differenceOf(run, baseline) {
    const pairs = tasks.map((task) => [macroMean(valuesOf(run, task)), macroMean(valuesOf(baseline, task))] as const)
    if (pairs.some((pair) => pair.includes(null))) return null
    const better = lowerIsBetter ? 'lower' : 'higher'
    return 100 * relativeMtlGain(pairs.map(([together, alone]) => ({ together: together!, alone: alone!, better })))
  },
})

/**
 * Task by task: the macro mean over scenarios (so that a large scenario counts no more than a small one), the worst
 * scenario of that very run, then each scenario. With one scenario there is nothing to summarise.
 */
export const scopesOf = (
  runs: readonly Scores[],
  { lowerIsBetter = false, byRows = false, gain = false }: Scoping = {},
): Scoped[] => {
  const scores = runs.flatMap((run) => run.scores)
  const tasks = [...new Set(scores.map(({ task }) => task))]
  const lines = tasks.flatMap((task) => {
    const scenarios = [...new Set(scores.filter((score) => score.task === task).map(({ scenario }) => scenario))]
    const each = scenarios.map((scenario) => line({
      scope: 'scenario', scenario, task,
      valueOf: ({ scores: own }) =>
        own.find((score) => score.scenario === scenario && score.task === task)?.value ?? null,
    }))
    if (scenarios.length < 2) return each
    return [
      line({
        scope: 'mean', scenario: byRows ? 'mean by rows' : 'mean', task,
        valueOf: (run) => (byRows ? rowMean(run, task) : macroMean(valuesOf(run, task))),
      }),
      line({ scope: 'worst', scenario: 'worst', task, valueOf: (run) => worst(valuesOf(run, task), lowerIsBetter) }),
      ...each,
    ]
  })
  return gain && tasks.length > 1 ? [gainLine(tasks, lowerIsBetter), ...lines] : lines
}
