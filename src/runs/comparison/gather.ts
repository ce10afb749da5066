import { SpecificationError, StorageError } from '../../errors.js'
import { type Asked, demandMeasured } from '../../metrics/condition.js'
import { diverged, validationScore } from '../../metrics/judging.js'
import { metrics, worth } from '../../metrics/metric.js'
import type { Split } from '../../data/world.js'
import type { MetricRow } from '../../record/rows.js'
import { mean } from '../../statistics/moments.js'
import type { Disk } from '../disk.js'
import { rowFiles } from '../files.js'
import { demandComplete, manifestFile, readManifest, type Manifest } from '../manifest.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import { readRows } from '../rows.js'
import { demandSound } from '../seal.js'
import { type Budget, endsBelow, roundsWithin } from './budget.js'
import { type CostMetric, costScores } from './cost-metric.js'
import { labelsOf } from './label.js'
import { horizonOf, type Level, levelTitle, type Reached, reached } from '../../flight/level.js'
import { type Spent, spentOf } from './spent.js'

/** Which rounds can be compared by, each with what it says. */
export const ats = {
  selected: 'the round best on validation',
  own: 'the round best on validation in each scenario',
  last: 'the last round',
  mean: 'every scored round, in the mean',
} as const

/** Which round's test scores are compared (each scenario's own, where clients stop by themselves), or the mean over all. */
export type At = keyof typeof ats

/** A run's number in one scenario and task. */
export interface TestScore {
  readonly scenario: string
  readonly task: string
  /** Of a metric that is best at 1, how far it is from there. */
  readonly value: number | null
  /** Test rows behind it. */
  readonly rows?: number
  /** The model's scores are not finite there: a mean over the other scenarios would not be of the same ones. */
  readonly diverged?: true
}

/** One run, as a table needs it. */
export interface ScoredRun {
  readonly folder: string
  readonly condition: string
  readonly variant: string
  readonly seed: string
  /** The round whose scores these are; the last of them where there are several. */
  readonly round: number
  /** Test scores, in the order in which they were measured; of a level, what it took, as the only one; of a cost, in all, of use and wasted. */
  readonly scores: readonly TestScore[]
}

/** A run as its folder tells of it. */
export interface GatheredRun extends ScoredRun {
  readonly spent: Spent
  /** Whether any round was scored on validation; where none was, the last round stands for the selected one. */
  readonly validated: boolean
  /** Of a level: whether it was reached. */
  readonly reached?: boolean
  /** Of a level: the restriction of its mean. */
  readonly horizon?: number
  /** Of a budget: there was more to spend when the run ended. */
  readonly short?: boolean
}

export interface Wanted {
  /** The name of a metric, what a level takes, or what a flight costs. */
  readonly metric: string | Level | CostMetric
  readonly at: At
  readonly within?: Budget
}

/** One run as its folder has it. */
interface Read {
  readonly folder: string
  readonly manifest: Manifest
  readonly rows: readonly MetricRow[]
  readonly rounds: readonly RoundSummary[]
}

/** A run that is complete, its manifest, metrics and rounds. */
const readRun = (folder: string, disk: Disk): Read => {
  const manifest = readManifest(folder, disk)
  demandComplete(folder, manifest)
  for (const file of [manifestFile, rowFiles.metrics, rowFiles.rounds]) demandSound(folder, file, manifest, disk)
  return {
    folder,
    manifest,
    rows: readRows<MetricRow>(folder, rowFiles.metrics, disk),
    rounds: readRows<RoundSummary>(folder, rowFiles.rounds, disk),
  }
}

/** Rounds say what was spent on them, or an error that names the folder: it was written by an earlier version. */
const summed = ({ folder, rounds }: Read): readonly RoundSummary[] => {
  if (rounds.every(({ examples }) => (examples as number | undefined) !== undefined)) return rounds
  throw new StorageError(`${folder}: its rounds do not say what was spent on them. Fly the run again.`)
}

const tested = (rows: readonly MetricRow[], allowed?: ReadonlySet<number>): number[] => {
  const all = new Set(rows.flatMap(({ round, split }) => (split === 'test' ? [round] : [])))
  return [...all].filter((round) => allowed === undefined || round === 0 || allowed.has(round)).sort((a, b) => a - b)
}

/** The round best on validation among these, the first of equals; the last where nothing was validated. */
const bestOf = (rounds: readonly number[], rows: readonly MetricRow[]): number => {
  const scored = rounds.map((round) => ({ round, score: validationScore(rows, round) })).filter(({ score }) => score > -Infinity)
  const [first] = scored
  return first === undefined ? (rounds.at(-1) ?? 0) : scored.reduce((best, one) => (one.score > best.score ? one : best), first).round
}

/** Test was scored whenever validation was, or an error: by default only the selected and the last round are. */
const testedAsOften = ({ folder, rows }: Read, at: At): void => {
  const on = (wanted: Split): Set<number> => new Set(rows.flatMap(({ round, split }) => (split === wanted ? [round] : [])))
  const test = on('test')
  const missing = [...on('validation')].find((round) => !test.has(round))
  if (missing === undefined) return
  throw new SpecificationError(
    `${folder} has no test score after round ${missing}, which ${ats[at]} needs. Score test whenever validation is: evaluate.on.`,
  )
}

/** The rounds whose test scores are compared in a scenario: one, or all after the start where their mean is. */
const roundsOf = (run: Read, { at, within }: Wanted, scenario: string): readonly number[] => {
  const { folder, manifest, rows } = run
  if (at === 'own' || at === 'mean') testedAsOften(run, at)
  const rounds = tested(rows, within && roundsWithin(summed(run), within))
  if (within !== undefined && !rounds.some((round) => round > 0)) {
    throw new SpecificationError(
      `${folder} has no test score within ${within.text}: give more, or score test at every round (evaluate.on).`,
    )
  }
  const last = rounds.at(-1) ?? 0
  switch (at) {
    case 'mean':
      return rounds.length > 1 ? rounds.filter((round) => round > 0) : [last]
    case 'last':
      return [last]
    case 'own':
      return [bestOf(rounds, rows.filter((row) => row.scenario === scenario))]
    case 'selected':
      return [within === undefined ? (manifest.selectedRound ?? last) : bestOf(rounds, rows)]
  }
}

type Scores = Pick<GatheredRun, 'round' | 'scores' | 'reached' | 'horizon'>

const testScores = (run: Read, wanted: Wanted, metric: string): Scores => {
  const { folder, manifest, rows } = run
  const rowsIn = new Map(manifest.world.scenarios.map((own) => [own.name, own.rows.test]))
  const test = rows.filter((row) => row.split === 'test')
  const places = [...new Set(test.map(({ scenario }) => scenario))].map((scenario) => {
    const own = test.filter((row) => row.scenario === scenario)
    const rounds = roundsOf(run, wanted, scenario)
    return { rounds, scores: meanOver(rounds.map((round) => scoresIn(own.filter((row) => row.round === round), metric))) }
  })
  const round = Math.max(...places.flatMap(({ rounds }) => rounds))
  const scores = places.flatMap((place) => place.scores)
  if (scores.length === 0) {
    const known = [...new Set(test.flatMap((row) => (row.round === round ? [row.metric] : [])))].join(', ')
    throw new SpecificationError(`${folder} has no ${metric} on test after round ${round}. It has: ${known}.`)
  }
  return { round, scores: scores.map((score) => ({ ...score, rows: rowsIn.get(score.scenario) })) }
}

/** Refuses a scenario or task that a run has not, with the nearest name. */
const demandWhose = ({ folder, rows }: Read, asked: Asked): void => {
  try {
    demandMeasured(asked, rows)
  } catch (cause) {
    throw new SpecificationError(`${folder}: ${(cause as Error).message}`, { cause })
  }
}

/** What each run took to reach a level, restricted to what all runs of its condition were watched for. */
const levelScores = (runs: readonly Read[], conditions: readonly string[], level: Level): Scores[] => {
  const all = runs.map((run): Reached => {
    const { split, metric, whose } = level
    if (whose !== undefined) demandWhose(run, { text: levelTitle(level), split, metric, of: whose })
    const found = reached(summed(run), level, run.rows)
    if (run.rounds.some(({ scores }) => scores?.[level.split]?.[level.metric] !== undefined)) return found
    throw new SpecificationError(`${run.folder} has no ${level.metric} on ${level.split}: evaluate.on must hold ${level.split}.`)
  })
  return runs.map((_, i) => {
    const alike = all.filter((__, j) => conditions[j] === conditions[i])
    const horizon = horizonOf(alike)
    const { at = Infinity } = all[i]
    // Where nobody got there, nothing can be said of who was faster.
    const value = alike.some((run) => (run.at ?? Infinity) <= horizon) ? Math.min(at, horizon) : null
    return { round: 0, scores: [{ scenario: 'all', task: 'all', value }], horizon, reached: at <= horizon }
  })
}

/** The mean over rounds of each scenario and task; undefined, or diverged, where it was so after any of them. */
const meanOver = (rounds: readonly (readonly TestScore[])[]): readonly TestScore[] =>
  rounds.length === 1
    ? rounds[0]
    : rounds[0].map((score) => {
        const own = rounds.flatMap((scores) =>
          scores.filter(({ scenario, task }) => scenario === score.scenario && task === score.task))
        const values = own.flatMap(({ value }) => (value === null ? [] : [value]))
        return {
          scenario: score.scenario,
          task: score.task,
          value: values.length === rounds.length ? mean(values) : null,
          ...(own.some((one) => one.diverged) && { diverged: true as const }),
        }
      })

/** The numbers of one metric among a run's on test. */
const scoresIn = (test: readonly MetricRow[], metric: string): TestScore[] => {
  const nameOf = ({ scenario, task }: Pick<MetricRow, 'scenario' | 'task'>): string => JSON.stringify([scenario, task])
  const lost = new Set(test.filter(diverged).map(nameOf))
  const better = Object.hasOwn(metrics, metric) ? metrics[metric].better : 'higher'
  return test.filter((row) => row.metric === metric).map(({ scenario, task, value }) => ({
    scenario,
    task,
    value: value !== null && better === 'nearer 1' ? -worth(better, value) : value,
    ...(lost.has(nameOf({ scenario, task })) && { diverged: true }),
  }))
}

/**
 * Reads run folders for a comparison of one metric. A run says its condition and variant if a study flew it; otherwise
 * they are named after what sets the specifications apart. Errors name the folder: one that is no complete run, that
 * lacks the metric, or that repeats another's condition, variant and seed.
 */
export const gather = (folders: readonly string[], wanted: Wanted, disk: Disk): GatheredRun[] => {
  const { metric, within } = wanted
  const runs = folders.map((folder) => readRun(folder, disk))
  const labels = labelsOf(runs.map(({ manifest }) => manifest))
  const taken = new Map<string, string>()
  for (const [i, { folder, manifest }] of runs.entries()) {
    const { condition, variant } = labels[i]
    const key = JSON.stringify([condition, variant, manifest.seed])
    if (taken.has(key)) {
      throw new SpecificationError(
        `${folder} and ${taken.get(key)} are both ${variant} of ${condition} with seed ${manifest.seed}: ` +
          'leave one out, or fly it with another seed.',
      )
    }
    taken.set(key, folder)
  }
  const scores = typeof metric === 'string'
    ? runs.map((run) => testScores(run, wanted, metric))
    : 'cost' in metric
      ? runs.map(({ folder, manifest }): Scores => ({ round: 0, scores: costScores(folder, manifest, metric, disk) }))
      : levelScores(runs, labels.map(({ condition }) => condition), metric)
  return runs.map(({ folder, manifest, rounds, rows }, i) => ({
    folder,
    condition: labels[i].condition,
    variant: labels[i].variant,
    seed: manifest.seed,
    spent: spentOf(manifest, rounds),
    validated: rows.some(({ split }) => split === 'validation'),
    ...scores[i],
    ...(within && { short: endsBelow(rounds, within) }),
  }))
}
