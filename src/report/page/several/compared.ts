import type { Comparison } from '../../../runs/comparison/compare.js'
import type { About } from '../../../runs/comparison/tabulate.js'
import { plural } from '../../format.js'
import { body, caption, costBody, costCaption, costHeads, heads, notes as notesOf, type Section as Part, sectionsOf, significant } from '../../comparison/columns.js'
import type { Drawer } from '../chart.js'
import { html, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, notes, table, tabs } from '../pieces.js'
import { forestChart, forestRows } from './forest-chart.js'
import { shortNames } from './looks.js'
import type { SeveralFacts } from './read-several.js'

/** Rows beyond which single scenarios, and then the page itself, are left to the table. */
const mostRows = 32
/** Rows of all tables beyond which those of single scenarios are left to the file. */
const mostTabled = 400
/** Tables beyond which the others are left to `compare`. */
const mostParts = 24

const cellsOf = (rows: readonly Comparison[], about: About): readonly (readonly Content[])[] =>
  body(rows).map((own, i) => own.map((cell, c) => (c === 4 && significant(rows[i], about) ? html`<b>${cell} *</b>` : cell)))

const numbered = (titles: readonly string[], texts: number): { readonly title: string; readonly isNumber: boolean }[] =>
  titles.map((title, i) => ({ title, isNumber: i >= texts }))

/** Comparisons of one task: of summaries, and of single scenarios where there is room. */
const forest = (task: string, rows: readonly Comparison[], part: Part, about: About, drawer: Drawer): Content => {
  const all = rows.filter(({ scope }) => scope !== 'gain')
  const summaries = all.filter(({ scope }) => scope !== 'scenario')
  const wanted = all.length <= mostRows || summaries.length === 0 ? all : summaries
  const drawn = forestRows(wanted, about.level).slice(0, 2 * mostRows)
  if (drawn.length === 0) return undefined
  const left = all.length - drawn.length
  const text = `${caption({ ...part, rows }, about)}. Points: means over seeds of variant minus ${part.baseline}, paired; lines: ${100 * about.level} % intervals; orange: significant after Holm's correction, whose p stands to the right. Grey: true differences too small for this study to find four times in five.${left > 0 ? ` ${plural(left, 'row')} not drawn, of single scenarios for the most part.` : ''}`
  return drawer.figure({ ...forestChart(drawn, { caption: text, title: `difference from ${shortNames([part.baseline]).get(part.baseline)!}` }), isHalf: true })
}

const partOf = (part: Part, about: About, isSummary: boolean, drawer: Drawer): Content => {
  const tasks = [...new Set(part.rows.map(({ task }) => task))]
  const rows = isSummary ? part.rows.filter(({ scope }) => scope !== 'scenario') : part.rows
  return [
    html`<div class="pair">${tasks.map((task) => forest(task, part.rows.filter((row) => row.task === task), part, about, drawer))}</div>`,
    html`<details><summary>${caption(part, about)}: the table</summary>${table(numbered(heads(about.level * 100), 3), cellsOf(rows, about))}${isSummary && html`<p>Single scenarios are in the file below, and in what <code>npx windtunnel compare</code> prints.</p>`}</details>`,
  ]
}

/** A row for each comparison, to eight digits. */
const csv = (rows: readonly Comparison[]): string =>
  csvOf(['condition', 'baseline', 'task', 'scenario', 'variant', 'seeds', 'score', 'difference', 'low', 'high', 'p', 'p_holm', 'detectable'], rows.map((row) => [
    row.condition, row.baseline, row.task, row.scenario, row.variant, row.seeds,
    ...[row.score, row.effect.estimate, ...row.effect.interval, row.effect.p, row.adjusted, row.detectable].map((value) => (Number.isNaN(value) ? null : Number(value.toPrecision(8)))),
  ]))

/** Whether variants differ: what compare says, drawn, and in its words. */
export const whatDiffers = ({ compared }: SeveralFacts, drawer: Drawer): Section => {
  const about = { id: 'compared', title: 'Whether it differs' }
  if ('why' in compared) return { ...about, content: html`<p class="warning">Nothing is compared. ${compared.why}</p>` }
  const { rows, about: said, baselines } = compared
  const parts = sectionsOf(rows)
  const shown = parts.slice(0, mostParts)
  const isSummary = rows.length > mostTabled && rows.some(({ scope }) => scope !== 'scenario')
  const byBaseline = (baseline: string): Content => {
    const own = shown.filter((part) => part.baseline === baseline)
    return tabs(`several-compared-${baselines.indexOf(baseline) + 1}`, 'Condition', own.slice(0, 8).map((part) => ({ title: shortNames(own.map(({ condition }) => condition)).get(part.condition)!, content: partOf(part, said, isSummary, drawer) })))
  }
  const more = parts.length - baselines.reduce((sum, baseline) => sum + Math.min(8, shown.filter((part) => part.baseline === baseline).length), 0)
  return {
    ...about,
    content: html`
${tabs('several-baseline', 'Baseline', baselines.slice(0, 8).map((baseline) => ({ title: `against ${shortNames(baselines).get(baseline)!}`, content: byBaseline(baseline) })))}
${more > 0 && html`<p>${plural(more, 'table')} not shown, so that the page stays small: <code>npx windtunnel compare</code> prints all, and the file below has all rows.</p>`}
${said.costs !== undefined && table(numbered(costHeads(said.costs), 2), costBody(said.costs), costCaption)}
${notes(notesOf(rows, said))}`,
    downloads: [{ file: 'comparison.csv', csv: csv(rows) }],
  }
}
