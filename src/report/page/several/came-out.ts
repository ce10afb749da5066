import { metrics as known } from '../../../metrics/metric.js'
import { formatScore, plural } from '../../format.js'
import type { Drawer } from '../chart.js'
import { html, named, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, table, tabs } from '../pieces.js'
import { type Along, bandOf } from './band.js'
import { bandChart, type BandLine } from './band-chart.js'
import { drawnOf, firstOf, lookOf, mostVariants, shortNames, titleOf } from './looks.js'
import { completeOf, type SeveralFacts } from './read-several.js'

interface View {
  readonly title: string
  readonly along: Along
  readonly of: 'mean' | 'worst'
}

const views: readonly View[] = [
  { title: 'over rounds', along: 'round', of: 'mean' },
  { title: 'over virtual time', along: 'time', of: 'mean' },
  { title: 'over bytes', along: 'bytes', of: 'mean' },
  { title: 'worst scenario', along: 'round', of: 'worst' },
]

const names: Readonly<Record<Along, string>> = { round: 'round', time: 'virtual time', bytes: 'bytes' }

const places: Readonly<Record<Along, string>> = {
  round: 'at the rounds that all seeds were scored at',
  time: 'along straight lines between closes, as long as all seeds flew',
  bytes: 'along straight lines between closes, as long as all seeds flew',
}

/** The bands of a task under a condition, of the first variants. */
export const linesOf = (facts: SeveralFacts, condition: string, task: string, { along, of }: Pick<View, 'along' | 'of'>): BandLine[] => {
  const short = shortNames(facts.variants)
  const runs = completeOf(facts).filter((run) => run.condition === condition)
  return facts.variants.slice(0, mostVariants).flatMap((name, place): BandLine[] => {
    const seeds = runs.filter(({ variant }) => variant === name).map(({ summed }) => summed.curves.get(task) ?? [])
    const points = bandOf(seeds, along, of)
    return points.length === 0 ? [] : [{ name, short: short.get(name)!, ...lookOf(place), points }]
  })
}

const curves = (facts: SeveralFacts, drawer: Drawer): Content => {
  const { conditions, tasks, variants, looked: { metric, split } } = facts
  const lines = Math.min(variants.length, mostVariants)
  const { shown, rest } = drawnOf(conditions, views.length * tasks.length, Math.floor(mostLines / lines))
  const title = titleOf(metric)
  const figures = (view: View, condition: string): Content => tasks.map((task) => {
    const bands = linesOf(facts, condition, task, view)
    if (bands.length === 0) return html`<p>Nothing of ${task} was scored by all seeds of a variant under ${named(condition)}.</p>`
    const what = view.of === 'mean' ? 'mean over scenarios' : 'of whichever scenario is worst'
    const caption = `${title} of ${task} on ${split}, ${what}, against ${names[view.along]}, under ${condition}. Line: mean over seeds, ${places[view.along]}. Band: from the lowest seed to the highest.${firstOf(variants, mostVariants, 'variants').rest}`
    const { table: numbers, ...chart } = bandChart(bands, { caption, along: names[view.along], measure: view.along, title })
    return drawer.figure({ ...chart, isHalf: true, ...(view.along === 'round' && { table: numbers }) })
  })
  return [rest !== '' && html`<p>${rest}</p>`, tabs('several-over', 'What curves run over', views.map((view, i) => ({
    title: view.title,
    content: tabs(`several-under-${i + 1}`, 'Condition', shown.map((condition) => ({ title: shortNames(conditions, 24).get(condition)!, content: html`<div class="pair">${figures(view, condition)}</div>` }))),
  })))]
}

const stat = (values: readonly (number | null)[]): Content => {
  const all = values.filter((value) => value !== null)
  if (all.length === 0 || all.length < values.length) return '-'
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  return all.length === 1 ? formatScore(mean) : html`${formatScore(mean)} <small>(${formatScore(Math.min(...all))} to ${formatScore(Math.max(...all))})</small>`
}

/** Lines of charts over all conditions and tasks. */
const mostLines = 192

/** Rows beyond which a table is folded up. */
const mostRows = 24

/** Scenarios beyond which a variant's worst are not named one by one. */
const mostWorst = 2

/** Which scenario is a variant's worst, in how many of its runs. */
const worstOf = (scenarios: readonly ReadonlyMap<string, number | null>[], lower: boolean): Content => {
  const counted = new Map<string, number>()
  for (const own of scenarios) {
    const defined = [...own].flatMap(([name, value]) => (value === null ? [] : [{ name, value }]))
    if (defined.length < 2) continue
    const { name } = defined.reduce((a, b) => ((lower ? b.value > a.value : b.value < a.value) ? b : a))
    counted.set(name, (counted.get(name) ?? 0) + 1)
  }
  const all = [...counted].sort(([, a], [, b]) => b - a)
  if (all.length === 0) return '-'
  return [all.slice(0, mostWorst).map(([name, times], i) => [i > 0 && ', ', named(name), scenarios.length > 1 && ` (${times}x)`]), all.length > mostWorst && `, and ${all.length - mostWorst} more`]
}

/** The scores that the page is of, by condition, task and variant. */
const scoreTable = (facts: SeveralFacts): Content => {
  const { conditions, tasks, variants, looked: { metric } } = facts
  const runs = completeOf(facts)
  const lower = known[metric]?.better === 'lower'
  const rows = conditions.flatMap((condition) => tasks.flatMap((task) => variants.flatMap((variant) => {
    const own = runs.filter((run) => run.condition === condition && run.variant === variant).flatMap(({ summed }) => summed.scores.get(task) ?? [])
    return own.length === 0 ? [] : [[named(condition), task, named(variant), own.length, stat(own.map(({ mean }) => mean)), stat(own.map(({ worst }) => worst)), worstOf(own.map(({ scenarios }) => scenarios), lower)]]
  })))
  const whole = table(['condition', 'task', 'variant', { title: 'seeds', isNumber: true }, { title: `${titleOf(metric)}, mean over scenarios`, isNumber: true }, { title: 'worst scenario', isNumber: true }, 'which is the worst'], rows,
    `${titleOf(metric)} on test after each run's selected round: mean over seeds (lowest to highest); a dash where a model diverged in any of them`)
  return rows.length <= mostRows ? whole : html`<details><summary>The scores: ${plural(rows.length, 'row')}</summary>${whole}</details>`
}

const six = (value: number | null | undefined): number | null => (value == null ? null : Number(value.toPrecision(6)))

const downloads = (facts: SeveralFacts): Section['downloads'] => {
  const complete = completeOf(facts)
  const scenarios = [...new Set(complete.flatMap(({ summed }) => [...summed.scores.values()].flatMap(({ scenarios: own }) => [...own.keys()])))]
  return [{
    file: 'scores.csv',
    csv: csvOf(['condition', 'variant', 'seed', 'task', ...scenarios.map((name) => `${facts.looked.metric} of ${name}`)], complete.flatMap(({ condition, variant, manifest: { seed }, summed }) =>
    [...summed.scores].map(([task, { scenarios: own }]) => [condition, variant, seed, task, ...scenarios.map((name) => six(own.get(name)))]))),
  }]
}

/** What came out of several runs: bands over seeds, the worst scenario, scores. */
export const cameOut = (facts: SeveralFacts, drawer: Drawer): Section => {
  const complete = completeOf(facts).length
  const content = complete === 0
    ? html`<p>No run is complete: there is nothing to draw.</p>`
    : html`<p>Of ${plural(complete, 'complete run')}.</p>${curves(facts, drawer)}${scoreTable(facts)}`
  return { id: 'came-out', title: 'What came out', content, ...(complete > 0 && { downloads: downloads(facts) }) }
}
