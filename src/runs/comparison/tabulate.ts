import { SpecificationError } from '../../errors.js'
import { levelTitle, parseLevel } from '../../flight/level.js'
import { metrics } from '../../metrics/metric.js'
import { readAnswers } from '../answers.js'
import { realDisk } from '../disk.js'
import { type Budget, parseBudget } from './budget.js'
import { compare, type Comparison } from './compare.js'
import { parseCostMetric } from './cost-metric.js'
import { ats, gather, type At, type GatheredRun } from './gather.js'
import { type Cost, costsOf, weatherWarnings } from './spent.js'
import { userSampling } from './users.js'

/** What is to be compared, as commands and studies say it. */
export interface ComparisonWishes {
  readonly baseline?: readonly string[]
  readonly metric?: string
  readonly at?: At
  readonly within?: string
  readonly level?: number
  readonly samples?: number
  readonly summary?: boolean
  readonly gain?: boolean
  readonly byRows?: boolean
  /** Of what things cost alone. */
  readonly set?: readonly string[]
}

/** What a table says above and below its rows. */
export interface About {
  /** What is compared: `test AUC after the last round`. */
  readonly what: string
  /** Of the intervals. */
  readonly level: number
  /** Folders of runs with a model that diverged. */
  readonly diverged?: readonly string[]
  /** What runs took, beside the scores. */
  readonly costs?: readonly Cost[]
  /** What else a reader must know of these runs, a sentence each. */
  readonly warnings?: readonly string[]
}

/** Compares complete runs; the first variant is the baseline unless one is named. */
export const comparisonOf = (folders: readonly string[], wishes: ComparisonWishes): { rows: Comparison[]; about: About } => {
  const { metric = 'auc', at = 'selected', level = 0.95 } = wishes
  const reach = parseLevel(metric)
  const cost = parseCostMetric(metric, wishes.set)
  if (cost !== undefined && wishes.within !== undefined) throw new SpecificationError(`--within ${wishes.within}: what a flight costs is of the whole flight. Leave it out, or give another --metric.`)
  const within = wishes.within === undefined ? undefined : parseBudget(wishes.within)
  const runs = gather(folders, { metric: reach ?? cost ?? metric, at, within }, realDisk)
  const { title, better } = reach || cost ? { title: reach ? levelTitle(reach) : `${metric} of the whole flight`, better: 'lower' } : (metrics[metric] ?? { title: metric, better: 'higher' })
  const baselines = wishes.baseline ?? [runs[0].variant]
  const scoping = { lowerIsBetter: better !== 'higher', gain: wishes.gain, byRows: wishes.byRows }
  const answers = (folder: string) => readAnswers(folder, realDisk)
  // Samples of users know no rows, and the answers that they draw from are of the selected and the last round.
  const drawn = wishes.byRows !== true && (at === 'selected' || at === 'last')
  const usersOf = !drawn ? undefined : userSampling(runs, { metric, at, ...scoping, samples: wishes.samples ?? 400 }, answers)
  const rows = compare(runs, { baselines, level, ...scoping, usersOf })
  const summarised = new Set(rows.filter(({ scope }) => scope !== 'scenario').map(({ condition }) => condition))
  const shown = wishes.summary
    ? rows.filter(({ scope, condition }) => scope !== 'scenario' || !summarised.has(condition))
    : rows
  const round = at === 'selected' && !runs.some(({ validated }) => validated) ? `${ats.last} (nothing was validated)` : ats[at]
  const compared = better === 'nearer 1' ? `distance of ${title} from 1` : title
  const what = reach || cost ? title : `test ${compared} after ${round}${within ? ` within ${within.text}` : ''}`
  const diverged = runs.filter(({ scores }) => scores.some((score) => score.diverged)).map(({ folder }) => folder)
  const warnings = [...undefinedNotes(runs, title), ...reachedNotes(runs), ...shortNotes(runs, within), ...weatherWarnings(runs)]
  return { rows: shown, about: { what, level, diverged, costs: costsOf(runs), warnings } }
}

/** Scenarios without a score, such as an AUC where all test rows have one label: a mean leaves them out. */
const undefinedNotes = (runs: readonly GatheredRun[], title: string): string[] => {
  const lost = runs.flatMap(({ scores }) =>
    scores.filter((score) => score.value === null && !score.diverged).map(({ task, scenario }) => `${task} in ${scenario}`))
  const where = [...new Set(lost)]
  const shown = where.length > 6 ? `${where.slice(0, 5).join(', ')} and ${where.length - 5} more` : where.join(', ')
  return where.length === 0 ? [] : [`${title} is undefined for ${shown}: means leave ${where.length === 1 ? 'it' : 'them'} out.`]
}

/** How many runs reached a level, and what stands for those that did not. */
export const reachedNotes = (runs: readonly GatheredRun[]): string[] => {
  const conditions = new Map(runs.flatMap(({ condition, horizon }) => (horizon === undefined ? [] : [[condition, horizon]])))
  return [...conditions].map(([condition, horizon]) => {
    const own = runs.filter((run) => run.condition === condition)
    const variants = [...new Set(own.map(({ variant }) => variant))].map((name) => {
      const all = own.filter(({ variant }) => variant === name)
      return `${name} ${all.filter((run) => run.reached === true).length} of ${all.length}`
    })
    const by = `${condition}: reached by ${variants.join(', ')} runs`
    if (horizon === Infinity) return `${by}.`
    return `${by}; one that did not counts as ${Number(horizon.toPrecision(4))}, how far the one of those that was ` +
      'watched least was watched: means are restricted to that.'
  })
}

/** Who had not spent the budget when its rounds were over. */
const shortNotes = (runs: readonly GatheredRun[], within: Budget | undefined): string[] => {
  const names = [...new Set(runs.flatMap(({ short, variant }) => (short === true ? [variant] : [])))]
  if (within === undefined || names.length === 0) return []
  return [`${names.join(', ')}: had not spent ${within.text} when the flight was over: give more rounds.`]
}
