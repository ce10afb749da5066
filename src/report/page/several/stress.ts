import { plural } from '../../format.js'
import type { Drawer } from '../chart.js'
import { html, named, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, type Download, table, tabs } from '../pieces.js'
import { type Slice, slicesOf } from './axes.js'
import { bandChart, type BandLine } from './band-chart.js'
import { criticalsOf, crossingText, intervalText, samples, type Critical } from './critical.js'
import { firstOf, lookOf, lowerIsBetter, mostVariants, shortNames, titleOf } from './looks.js'
import { cellsOf, matrices, measuresOf } from './matrix.js'
import { completeOf, type SeveralFacts } from './read-several.js'
import { overSeeds, runsOf } from './spent.js'

/** The same runs with variants for conditions: variants may lie along an axis too, and conditions are then the lines. */
const turned = (facts: SeveralFacts): SeveralFacts => ({
  ...facts, conditions: facts.variants, variants: facts.conditions,
  runs: facts.runs.map((run) => ({ ...run, condition: run.variant, variant: run.condition })),
  compared: { why: 'Conditions are not compared.' },
})

/** Slices of which curves are drawn; a tab each. */
const mostSlices = 6
/** Crossings that are listed. */
const mostCritical = 60

/** Scores of a task along a slice, a line for each variant. */
export const levelLines = (facts: SeveralFacts, { levels }: Slice, task: string, of: 'mean' | 'worst'): BandLine[] => {
  const short = shortNames(facts.variants)
  return facts.variants.slice(0, mostVariants).flatMap((name, place): BandLine[] => {
    const points = levels.flatMap(({ condition, value }) => {
      const point = overSeeds(runsOf(facts, condition, name).map(({ summed }) => summed.scores.get(task)?.[of]))
      return point === undefined ? [] : [{ ...point, x: value }]
    })
    return points.length === 0 ? [] : [{ name, short: short.get(name)!, ...lookOf(place), points }]
  })
}

const nameOf = ({ axis, others }: Slice): string => `${axis}${others === '' ? '' : `, ${others}`}`

const criticalTable = (all: readonly Critical[], slice: Slice, lower: boolean): Content => {
  const levels = slice.levels.map(({ value }) => value)
  return [
    table(['task', 'variant', 'against', `crosses at ${slice.axis}`, '95 % interval', { title: 'seeds', isNumber: true }],
      all.slice(0, mostCritical).map((one) => [one.task, named(one.variant), named(one.baseline), html`<span class="words">${crossingText(one, levels, lower)}</span>`, intervalText(one, levels), one.units]),
      'Critical crossings: where a variant\'s mean over scenarios and seeds crosses a baseline\'s, on the straight line between neighbouring levels'),
    html`<p>Intervals are of ${samples} bootstrap samples of the seeds, each with its runs at all levels and of both variants; percentiles are expanded for few seeds. A sample that does not cross within the levels counts as crossing below or beyond them.</p>`,
    all.length > mostCritical && html`<p>${plural(all.length - mostCritical, 'pair')} more in the file below.</p>`,
  ]
}

const sliceContent = (facts: SeveralFacts, slice: Slice, drawer: Drawer): Content => {
  const { metric } = facts.looked
  const title = titleOf(metric)
  const figures = (of: 'mean' | 'worst'): Content => facts.tasks.flatMap((task) => {
    const lines = levelLines(facts, slice, task, of)
    if (lines.length === 0) return []
    const caption = `${title} of ${task} on test, ${of === 'mean' ? 'mean over scenarios' : 'of each run\'s worst scenario'}, against ${nameOf(slice)}. Line: mean over seeds; band: from the lowest seed to the highest.${firstOf(facts.variants, mostVariants, 'variants').rest}`
    return [drawer.figure({ ...bandChart(lines, { caption, along: slice.axis, measure: 'number', title }), isHalf: true })]
  })
  const all = facts.tasks.flatMap((task) => criticalsOf(facts, slice, task))
  return html`<div class="pair">${figures('mean')}</div>
${all.length > 0 && criticalTable(all, slice, lowerIsBetter(metric))}
<details><summary>The worst scenario</summary><div class="pair">${figures('worst')}</div></details>`
}

/** A slice, and the runs as it looks at them. */
interface Seen {
  readonly facts: SeveralFacts
  readonly slice: Slice
}

const curves = (seen: readonly Seen[], drawer: Drawer): Content => seen.length > 0 && html`
<h3>Over levels</h3>
${tabs('several-levels', 'Axis', seen.slice(0, mostSlices).map(({ facts, slice }) => ({ title: nameOf(slice).length > 40 ? `${nameOf(slice).slice(0, 39)}…` : nameOf(slice), content: sliceContent(facts, slice, drawer) })))}
${seen.length > mostSlices && html`<p>Of ${seen.length} stretches of levels, curves are drawn along the first ${mostSlices}, so that the page stays small: the files have the others' numbers.</p>`}`

const matrixFile = (facts: SeveralFacts): Download => ({
  file: 'matrix.csv',
  csv: csvOf(['measure', 'condition', 'variant', 'mean'], measuresOf(facts).flatMap(({ all }) => all).flatMap((measure) =>
    cellsOf(facts, facts.conditions, measure).flatMap(({ name, cells }) => cells.map((cell, i) => [measure.title, facts.conditions[i], name, cell?.value ?? null])))),
})

const known = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)

const crossingsFile = (seen: readonly Seen[]): Download => ({
  file: 'crossings.csv',
  csv: csvOf(['axis', 'others', 'task', 'variant', 'baseline', 'seeds', 'crossing', 'low', 'high', 'below', 'beyond'], seen.flatMap(({ facts, slice }) => facts.tasks.flatMap((task) =>
    criticalsOf(facts, slice, task).map(({ variant, baseline, units, crossings: [first], interval: [low, high], censored: { below, beyond } }) =>
      [slice.axis, slice.others, task, variant, baseline, units, known(first?.at), known(low), known(high), below, beyond])))),
})

/**
 * What conditions do to variants: the stress matrix, curves over levels, critical crossings. Undefined of one condition, where
 * variants lie along no axis either.
 */
export const underStress = (facts: SeveralFacts, drawer: Drawer): Section | undefined => {
  if (completeOf(facts).length === 0) return undefined
  const seen = [facts, turned(facts)].flatMap((of) => slicesOf(of.runs).map((slice): Seen => ({ facts: of, slice })))
  const isMatrix = facts.conditions.length > 1
  if (!isMatrix && seen.length === 0) return undefined
  return {
    id: 'stress', title: isMatrix ? 'What conditions do to it' : 'What levels do to it',
    content: html`${isMatrix && matrices(facts)}${curves(seen, drawer)}`,
    downloads: [...(isMatrix ? [matrixFile(facts)] : []), ...(seen.some((one) => 'baselines' in one.facts.compared) ? [crossingsFile(seen)] : [])],
  }
}
