import type { Comparison } from '../../../runs/comparison/compare.js'
import type { About } from '../../../runs/comparison/tabulate.js'
import { plural } from '../../format.js'
import { body, caption, costBody, costCaption, costHeads, heads, notes as notesOf, type Section as Part, sectionsOf, significant } from '../../comparison/columns.js'
import type { Drawer } from '../chart.js'
import { html, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, notes, table, tabs } from '../pieces.js'
import { forestChart, type ForestRow, forestRows } from './forest-chart.js'
import { shortNames } from './looks.js'
import type { Compared, SeveralFacts } from './read-several.js'

/** Rows of a picture beyond which single scenarios are left to the table. */
const mostRows = 32
/** Rows of all pictures, and of all tables, beyond which the others are left to `compare`. */
const mostDrawn = 400
const mostTabled = 400
const mostTabs = 8

const cellsOf = (rows: readonly Comparison[], about: About): readonly (readonly Content[])[] =>
  body(rows).map((own, i) => own.map((cell, c) => (c === 4 && significant(rows[i], about) ? html`<b>${cell} *</b>` : cell)))

const numbered = (titles: readonly string[], texts: number): { readonly title: string; readonly isNumber: boolean }[] =>
  titles.map((title, i) => ({ title, isNumber: i >= texts }))

/** What is drawn of the comparisons of one task: of summaries, and of single scenarios where there is room. */
const drawnOf = (rows: readonly Comparison[], about: About): ForestRow[] => {
  const all = rows.filter(({ scope }) => scope !== 'gain')
  const summaries = all.filter(({ scope }) => scope !== 'scenario')
  return forestRows(all.length <= mostRows || summaries.length === 0 ? all : summaries, about.level).slice(0, 2 * mostRows)
}

const forest = (rows: readonly Comparison[], part: Part, about: About, drawer: Drawer): Content => {
  const drawn = drawnOf(rows, about)
  if (drawn.length === 0) return undefined
  const left = rows.filter(({ scope }) => scope !== 'gain').length - drawn.length
  const text = `${caption({ ...part, rows }, about)}. Points: means over seeds of variant minus ${part.baseline}, paired; lines: ${100 * about.level} % intervals; orange: significant after Holm's correction, whose p stands to the right. Grey: true differences too small for this study to find four times in five.${left > 0 ? ` ${plural(left, 'row')} not drawn, of single scenarios for the most part.` : ''}`
  return drawer.figure({ ...forestChart(drawn, { caption: text, title: `difference from ${shortNames([part.baseline]).get(part.baseline)!}` }), isHalf: true })
}

const byTask = ({ rows }: Part): readonly (readonly Comparison[])[] => [...new Set(rows.map(({ task }) => task))].map((task) => rows.filter((row) => row.task === task))

/** What of a part is on the page. */
interface Shown {
  readonly isDrawn: boolean
  /** Its rows in its table; none where that is left out. */
  readonly tabled: readonly Comparison[]
}

/** Which parts are drawn and tabled, the first ones first; of many, tables hold summaries alone. */
const shownOf = (parts: readonly Part[], about: About): ReadonlyMap<Part, Shown> => {
  const isSummary = parts.reduce((sum, { rows }) => sum + rows.length, 0) > mostTabled
  let [drawn, tabled] = [0, 0]
  return new Map(parts.map((part) => {
    const summaries = part.rows.filter(({ scope }) => scope !== 'scenario')
    const rows = isSummary && summaries.length > 0 ? summaries : part.rows
    drawn += byTask(part).reduce((sum, own) => sum + drawnOf(own, about).length, 0)
    tabled += rows.length
    return [part, { isDrawn: drawn <= mostDrawn, tabled: tabled <= mostTabled ? rows : [] }]
  }))
}

const partOf = (part: Part, { isDrawn, tabled }: Shown, about: About, drawer: Drawer): Content => {
  const left = part.rows.length - tabled.length
  return [
    isDrawn ? html`<div class="pair">${byTask(part).map((rows) => forest(rows, part, about, drawer))}</div>` : html`<p>Not drawn, so that the page stays small.</p>`,
    tabled.length > 0 && html`<details><summary>${caption(part, about)}: the table</summary>${table(numbered(heads(about.level * 100), 3), cellsOf(tabled, about))}</details>`,
    left > 0 && html`<p>${plural(left, 'row')} of single scenarios or of what is not tabled here: in the file below, and in what <code>npx windtunnel compare</code> prints.</p>`,
  ]
}

/** A row for each comparison, to six digits. */
const csv = (rows: readonly Comparison[]): string =>
  csvOf(['condition', 'baseline', 'task', 'scenario', 'variant', 'seeds', 'score', 'difference', 'low', 'high', 'p', 'p_holm', 'detectable'], rows.map((row) => [
    row.condition, row.baseline, row.task, row.scenario, row.variant, row.seeds,
    ...[row.score, row.effect.estimate, ...row.effect.interval, row.effect.p, row.adjusted, row.detectable].map((value) => (Number.isNaN(value) ? null : Number(value.toPrecision(6)))),
  ]))

/** One comparison: forests on tabs, and what compare says below its table. `name` tells its tabs from those of another. */
const comparisonOf = ({ rows, about: said, baselines }: Compared, name: string, drawer: Drawer): Content => {
  const parts = sectionsOf(rows)
  const shown = shownOf(parts, said)
  const conditions = [...new Set(parts.map(({ condition }) => condition))]
  const byBaseline = (baseline: string): Content => {
    const own = parts.filter((part) => part.baseline === baseline && shown.get(part)!.tabled.length > 0).slice(0, mostTabs)
    return tabs(`${name}-${baselines.indexOf(baseline) + 1}`, 'Condition', own.map((part) => ({ title: shortNames(conditions).get(part.condition)!, content: partOf(part, shown.get(part)!, said, drawer) })))
  }
  const seen = baselines.slice(0, mostTabs).flatMap((baseline) => parts.filter((part) => part.baseline === baseline && shown.get(part)!.tabled.length > 0).slice(0, mostTabs))
  const more = parts.length - seen.length
  return html`
${tabs(`${name}-baseline`, 'Baseline', baselines.slice(0, mostTabs).map((baseline) => ({ title: `against ${shortNames(baselines).get(baseline)!}`, content: byBaseline(baseline) })))}
${more > 0 && html`<p>${plural(more, 'table')} not shown, so that the page stays small: <code>npx windtunnel compare</code> prints all, and the file below has all rows.</p>`}
${said.costs !== undefined && name === 'several-compared' && table(numbered(costHeads(said.costs), 2), costBody(said.costs), costCaption)}
${notes(notesOf(rows, said))}`
}

/** Whether variants differ: what compare says, drawn, and in its words; of scores too, where the study asks for something else. */
export const whatDiffers = ({ compared, alsoCompared }: SeveralFacts, drawer: Drawer): Section => {
  const about = { id: 'compared', title: 'Whether it differs' }
  if ('why' in compared) return { ...about, content: html`<p class="warning">Nothing is compared. ${compared.why}</p>` }
  const titleOf = ({ about: { what } }: Compared): string => `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`
  return {
    ...about,
    content: alsoCompared === undefined ? comparisonOf(compared, 'several-compared', drawer) : html`
<h3>${titleOf(compared)}</h3>
${comparisonOf(compared, 'several-compared', drawer)}
<h3>${titleOf(alsoCompared)}</h3>
<p>A comparison of its own, beside what was asked: Holm's correction knows of either without the other.</p>
${comparisonOf(alsoCompared, 'several-scores', drawer)}`,
    downloads: [{ file: 'comparison.csv', csv: csv(compared.rows) }, ...(alsoCompared === undefined ? [] : [{ file: 'comparison-of-scores.csv', csv: csv(alsoCompared.rows) }])],
  }
}
