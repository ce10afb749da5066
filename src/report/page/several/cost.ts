import type { Drawer } from '../chart.js'
import { html, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, tabs } from '../pieces.js'
import type { Bar } from './bar-chart.js'
import { barChart } from './bar-chart.js'
import { frontChart, type FrontPoint } from './front-chart.js'
import { drawnOf, firstOf, lookOf, lowerIsBetter, mostVariants, shortNames, titleOf } from './looks.js'
import { completeOf, type SeveralFacts } from './read-several.js'
import { overSeeds, runsOf, spendings, type Spent } from './spent.js'

/** Bars beyond which the rest is left to the file. */
const mostBars = 64

/** What every variant spent under every condition. */
export const barsOf = (facts: SeveralFacts, { of, wasted }: Pick<Spent, 'of' | 'wasted'>): Bar[] => {
  const { conditions, variants } = facts
  const short = { condition: shortNames(conditions, 18), variant: shortNames(variants, 20) }
  return conditions.flatMap((condition) => variants.flatMap((variant, place): Bar[] => {
    const own = runsOf(facts, condition, variant).map(({ summed }) => summed.spent)
    const [all, vain] = [overSeeds(own.map(of)), overSeeds(own.map(wasted))]
    if (all === undefined || vain === undefined) return []
    const label = conditions.length > 1 ? `${short.variant.get(variant)!} · ${short.condition.get(condition)!}` : short.variant.get(variant)!
    return [{ condition, variant, label, colour: lookOf(place).colour, all: all.mean, wasted: vain.mean, seeds: own.length }]
  }))
}

const bars = (facts: SeveralFacts, drawer: Drawer): Content => html`<div class="pair">${spendings.map((spent) => {
  const all = barsOf(facts, spent)
  const rest = all.length > mostBars ? ` The first ${mostBars} of ${all.length} bars: the file below has all.` : ''
  return drawer.figure({ ...barChart(all.slice(0, mostBars), spent, rest), isHalf: true })
})}</div>`

/** Fronts over all conditions, tasks and costs. */
const mostFronts = 18

/** What quality is set against. */
const against: readonly { readonly title: string; readonly of: (spent: Parameters<Spent['of']>[0]) => number; readonly like: Spent }[] = [
  { title: 'bytes', of: spendings[0].of, like: spendings[0] },
  { title: 'virtual time', of: spendings[1].of, like: spendings[1] },
  { title: 'bytes in vain', of: spendings[0].wasted, like: spendings[0] },
]

/** Every variant's quality and cost under a condition. */
export const frontPoints = (facts: SeveralFacts, condition: string, task: string, of: Spent['of']): FrontPoint[] => {
  const short = shortNames(facts.variants)
  return facts.variants.slice(0, mostVariants).flatMap((name, place): FrontPoint[] => {
    const own = runsOf(facts, condition, name)
    const [cost, quality] = [overSeeds(own.map(({ summed }) => of(summed.spent))), overSeeds(own.map(({ summed }) => summed.scores.get(task)?.mean))]
    return cost === undefined || quality === undefined ? [] : [{ name, short: short.get(name)!, colour: lookOf(place).colour, cost, quality }]
  })
}

const fronts = (facts: SeveralFacts, drawer: Drawer): Content => {
  const { conditions, tasks, variants, looked: { metric } } = facts
  const { shown, rest } = drawnOf(conditions, against.length * tasks.length, mostFronts)
  const lower = lowerIsBetter(metric)
  const figures = (condition: string, { title, of, like }: (typeof against)[number]): Content => tasks.flatMap((task) => {
    const points = frontPoints(facts, condition, task, of)
    if (points.length < 2) return []
    const quality = `${titleOf(metric)} of ${task}`
    const caption = `${quality} on test, mean over scenarios, against ${title}, under ${condition}: each point is a variant's mean with its range over seeds. Full and joined: those that no other beats, at ${lower ? 'as low' : 'as high'} a score for less or a better one for as much.${firstOf(variants, mostVariants, 'variants').rest}`
    return [drawer.figure({ ...frontChart(points, { caption, cost: title, quality, lower, draws: like.draws, written: like.written }), isHalf: true })]
  })
  return [rest !== '' && html`<p>${rest}</p>`, tabs('several-fronts', 'What quality is set against', against.map((one, i) => ({
    title: `against ${one.title}`,
    content: tabs(`several-fronts-${i + 1}`, 'Condition', shown.map((condition) => ({ title: shortNames(conditions, 24).get(condition)!, content: html`<div class="pair">${figures(condition, one)}</div>` }))),
  })))]
}

const file = (facts: SeveralFacts): Section['downloads'] => [{
  file: 'spent.csv',
  csv: csvOf(['condition', 'variant', 'seed', ...spendings.flatMap(({ title }) => [title, `${title} in vain`])], completeOf(facts).map(({ condition, variant, manifest: { seed }, summed: { spent } }) =>
    [condition, variant, seed, ...spendings.flatMap(({ of, wasted }) => [of(spent), wasted(spent)])])),
}]

/** What it cost: what every variant spent, what of it came to nothing, and what quality it bought. */
export const whatItCost = (facts: SeveralFacts, drawer: Drawer): Section => {
  const about = { id: 'cost', title: 'What it cost' }
  if (completeOf(facts).length === 0) return { ...about, content: html`<p>No run is complete: nothing was summed.</p>` }
  const several = facts.variants.length > 1
  return {
    ...about,
    content: html`${bars(facts, drawer)}
${several && [html`<h3>What quality it bought</h3>`, fronts(facts, drawer)]}`,
    downloads: file(facts),
  }
}
