import type { Comparison } from '../../runs/comparison/compare.js'
import type { Cost } from '../../runs/comparison/spent.js'
import type { About } from '../../runs/comparison/tabulate.js'
import { formatBytes, formatCount, formatTime } from '../format.js'

/** A table of a comparison: one per condition and baseline. */
export interface Section {
  readonly condition: string
  readonly baseline: string
  readonly rows: readonly Comparison[]
}

/** In the order of the rows: each condition, and in it each baseline. */
export const sectionsOf = (rows: readonly Comparison[]): Section[] => {
  const sections = new Map<string, Comparison[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.condition, row.baseline])
    sections.set(key, [...(sections.get(key) ?? []), row])
  }
  return [...sections.values()].map((own) => ({ condition: own[0].condition, baseline: own[0].baseline, rows: own }))
}

const known = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits))

/** `+0.0123`, `-0.0123`; a dash where there is none. */
export const signed = (value: number): string =>
  Number.isNaN(value) ? '-' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`

/** `<.001`, `.023`, `1`; a dash where nothing was tested. */
export const probability = (p: number): string =>
  Number.isNaN(p) ? '-' : p < 0.001 ? '<.001' : p >= 0.9995 ? '1' : p.toFixed(3).slice(1)

export const interval = ([low, high]: readonly [number, number]): string =>
  Number.isNaN(low) ? '-' : `[${signed(low)}, ${signed(high)}]`

/** Significant after Holm's correction. */
export const significant = (row: Comparison, { level }: About): boolean => row.adjusted <= 1 - level

export const heads = (percent: number): readonly string[] => [
  'task', 'scenario', 'variant', 'score', 'difference', `${percent} % interval`, 'p', 'p (Holm)', 'detectable', 'seeds',
  'users',
]

/** The cells of one row, as people read them. */
export const cells = (row: Comparison): readonly string[] => [
  row.task,
  row.scenario,
  row.variant,
  known(row.score, 4),
  signed(row.effect.estimate),
  interval(row.effect.interval),
  probability(row.effect.p),
  probability(row.adjusted),
  known(row.detectable, 4),
  String(row.seeds),
  row.users === undefined ? '-' : String(row.users),
]

/** The cells of every row; what repeats the row above in the first two columns is left empty. */
export const body = (rows: readonly Comparison[]): readonly (readonly string[])[] =>
  rows.map((row, i) => {
    const [task, scenario, ...rest] = cells(row)
    const before = rows[i - 1]
    const sameTask = before?.task === row.task
    return [sameTask ? '' : task, sameTask && before.scenario === row.scenario ? '' : scenario, ...rest]
  })

/** The condition, the metric and the round, and what the differences are against. */
export const caption = ({ condition, baseline, rows }: Section, { what }: About): string => {
  const against = [...new Map(rows.map((row) => [`${row.task}, ${row.scenario}`, row.against]))]
    .filter(([, value]) => !Number.isNaN(value))
    .slice(0, 1)
    .map(([of, value]) => ` (${of}: ${known(value, 4)})`)
  return `${condition}: ${what}, against ${baseline}${against.join('')}`
}

const storesAny = (costs: readonly Cost[]): boolean => costs.some(({ stored }) => stored > 0)

/** Checkpoints have a column where any were written. */
export const costHeads = (costs: readonly Cost[]): readonly string[] => [
  'condition', 'variant', 'runs', 'rounds', 'aborted', 'trainings', 'examples', 'virtual time', 'up', 'down',
  ...(storesAny(costs) ? ['checkpoints'] : []), 'faults fired',
]

/** Up to here a mean is printed with a decimal where it has one. */
const few = 1000

const count = (value: number): string =>
  Number.isNaN(value) ? '-' : Number.isInteger(value) || value >= few ? formatCount(Math.round(value)) : value.toFixed(1)

/** The cells of what runs took, means over runs; a condition that repeats is left empty. */
export const costBody = (costs: readonly Cost[]): readonly (readonly string[])[] =>
  costs.map((cost, i) => [
    costs[i - 1]?.condition === cost.condition ? '' : cost.condition,
    cost.variant,
    String(cost.runs),
    count(cost.closed),
    count(cost.aborted),
    count(cost.trainings),
    count(cost.examples),
    formatTime(cost.virtualTime),
    Number.isNaN(cost.up) ? '-' : formatBytes(Math.round(cost.up)),
    Number.isNaN(cost.down) ? '-' : formatBytes(Math.round(cost.down)),
    ...(storesAny(costs) ? [formatBytes(Math.round(cost.stored))] : []),
    count(cost.fired),
  ])

export const costCaption = 'What it took, means over runs'

/** Said where there are runs, and no two to be compared. */
const unpaired = 'Nothing is compared: no two variants flew under the same condition with the same seed. Runs whose specifications ' +
  'differ in world, labels, schedule, network, devices or faults flew under different conditions; elsewhere they differ in variant.'

/** What a reader must know of the numbers, one sentence each. */
export const notes = (
  rows: readonly Comparison[],
  { level, diverged = [], warnings = [] }: About,
): readonly string[] => {
  const summaries = rows.filter(({ scope, effect }) => scope !== 'scenario' && !Number.isNaN(effect.p)).length
  const singles = rows.filter(({ scope, effect }) => scope === 'scenario' && !Number.isNaN(effect.p)).length
  const families = [summaries, singles].filter((size) => size > 0).join(' and ')
  const seeds = Math.min(...rows.map((row) => row.seeds))
  const others = [
    ...(diverged.length > 0 ? [`A model diverged, and its run is left out where it did: ${diverged.join(', ')}.`] : []),
    ...(seeds < 10 ? [`${seeds} seed${seeds === 1 ? '' : 's'}: fewer than the ten that a claim needs.`] : []),
    ...warnings,
  ]
  if (rows.length === 0) return [unpaired, ...others]
  return [
    'Differences are paired by seed; intervals are Student’s over seeds' +
      (rows.some(({ users }) => users !== undefined)
        ? ', plus the sampling of users (bootstrap) where all seeds share one test set.' : '.'),
    ...(families === '' ? ['Nothing here has a spread, as nothing has of one seed: so there is no interval, no p and nothing to detect.'] : [
      `p (Holm) is corrected within the families of ${families} comparisons; * marks ${probability(1 - level)} or less.`,
      'detectable: the true difference found with a probability of .8 after a Bonferroni correction for the family.',
    ]),
    ...others,
  ]
}
