import { metrics as known } from '../../../metrics/metric.js'
import { lastScored, scoreRows } from '../../../runs/score-rows.js'
import { formatAuc, formatScore, plural } from '../../format.js'
import type { Chart, Drawer } from '../chart.js'
import { type Curve, curveSplit, curvesOf, definedOf, leading, meanCurve, type Over, overs, spentBy, worstCurve } from '../curves.js'
import { html, named, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, table, tabs } from '../pieces.js'
import type { RunFacts } from '../read-run.js'

/** Scenarios beyond which only the mean and the worst are drawn, so that lines can be told apart. */
const mostLines = 8

/** Rows of scores beyond which they are folded up. */
const mostRows = 40

const titleOf = (metric: string): string => known[metric]?.title ?? metric

/** How an axis of what was spent is written. */
export const axisOf = (over: Over): object => ({
  type: 'value', name: over, min: 0, max: 'dataMax',
  ...(over === 'virtual time' && { axisLabel: { formatter: { draws: 'time' } } }),
  ...(over === 'bytes' && { axisLabel: { formatter: { draws: 'bytes' } } }),
  ...(over === 'rounds' && { minInterval: 1 }),
})

interface Line {
  readonly name: string
  readonly points: Curve['points']
  readonly bold?: boolean
  readonly dashed?: boolean
}

const lineChart = (lines: readonly Line[], over: Over, spent: (round: number) => number, about: { readonly metric: string; readonly task: string; readonly split: string; readonly selected: number }): Chart => {
  const { metric, task, split, selected } = about
  const series = lines.map(({ name, points, bold, dashed }) => ({
    name, type: 'line', showSymbol: points.length < 40, symbol: 'circle', symbolSize: 4,
    lineStyle: { width: bold ? 3 : 1.5, type: dashed ? [6, 4] : 'solid', ...(bold && { color: 'var(--ink)' }), ...(dashed && { color: 'var(--bad)' }) },
    itemStyle: bold ? { color: 'var(--ink)' } : dashed ? { color: 'var(--bad)' } : {},
    z: bold ? 4 : 3,
    data: points.map(([round, value]) => [spent(round), value]),
  }))
  const mark = { silent: true, symbol: 'none', label: { formatter: 'selected', color: 'var(--faint)', position: 'insideEndTop' }, lineStyle: { color: 'var(--faint)', type: 'dashed' }, data: [{ xAxis: spent(selected) }] }
  return {
    caption: `${titleOf(metric)} of ${task} on ${split} against ${over}${lines.length > 2 ? ', by scenario; the thick line is their mean, the dashed one whichever is worst' : lines.length === 2 ? ': the mean over scenarios, and whichever is worst' : ''}. The upright line is the selected round, ${selected}.`,
    height: 330,
    zooms: 'x',
    option: {
      legend: { type: 'scroll' },
      grid: { left: 58, right: 24, top: 44, bottom: 44 },
      tooltip: { trigger: 'axis', valueFormatter: { draws: 'number' } },
      xAxis: axisOf(over),
      yAxis: { type: 'value', scale: true, name: titleOf(metric), nameLocation: 'end', nameGap: 10 },
      series: series.map((one, i) => (i === 0 ? { ...one, markLine: mark } : one)),
    },
    ...(over === 'rounds' && { table: roundTable(lines) }),
  }
}

/** The same round by round. */
const roundTable = (lines: readonly Line[]): Content => {
  const rounds = [...new Set(lines.flatMap(({ points }) => points.map(([round]) => round)))].sort((a, b) => a - b)
  const at = lines.map(({ points }) => new Map(points))
  return table(['round', ...lines.map(({ name }) => name)].map((title) => ({ title, isNumber: true })),
    rounds.map((round) => [round, ...at.map((own) => formatScore(own.get(round)))]))
}

const linesOf = (curves: readonly Curve[], metric: string): Line[] => {
  const each = definedOf(curves).map(({ scenario, points }) => ({ name: scenario, points }))
  if (each.length < 2) return each
  const summary: Line[] = [{ name: 'mean', points: meanCurve(curves), bold: true }, { name: 'worst', points: worstCurve(curves, metric), dashed: true }]
  return each.length > mostLines ? summary : [...each, ...summary]
}

/** Curves of each task against what was spent, on tabs. */
const curvesBlock = (run: RunFacts, drawer: Drawer): Content => {
  const metric = leading(run.metrics)
  const split = curveSplit(run.metrics)
  const curves = curvesOf(run.metrics, split, metric)
  if (curves.length === 0) return html`<p>Nothing was scored.</p>`
  const tasks = [...new Set(curves.map(({ task }) => task))]
  const charts = (over: Over): Content => tasks.map((task) => {
    const lines = linesOf(curves.filter((curve) => curve.task === task), metric)
    return drawer.figure(lineChart(lines, over, spentBy(run, over), { metric, task, split, selected: run.selectedRound }))
  })
  return tabs('over', 'What curves run over', overs.map((over) => ({ title: `over ${over}`, content: charts(over) })))
}

/** Scores on test at the selected and the last round, of every scenario and task; of each task the mean and the worst. */
const scoreTable = (run: RunFacts): Content => {
  const rows = scoreRows(run)
  if (rows.length === 0) return html`<p>Nothing was scored on test.</p>`
  const measured = Object.keys(known).filter((metric) => rows.some((row) => row.metric === metric))
  const shown = measured.filter((metric) => known[metric].final !== true)
  const last = lastScored(run)
  const same = run.selectedRound === last
  const pairs = [...new Map(rows.map((row) => [JSON.stringify([row.scenario, row.task]), row])).values()]
  const cells = (metric: string, scenario: string, task: string): Content[] => {
    const row = rows.find((one) => one.scenario === scenario && one.task === task && one.metric === metric)
    const said = (value: number | null | undefined): string =>
      metric === 'auc' ? formatAuc(value, run.manifest.labels?.[scenario]?.[task]) : formatScore(value)
    return same ? [said(row?.last)] : [said(row?.selected), said(row?.last)]
  }
  const heads = shown.flatMap((metric) => same ? [`${titleOf(metric)} (round ${last})`] : [`${titleOf(metric)} (round ${run.selectedRound})`, `${titleOf(metric)} (round ${last})`])
  const all = table(['scenario', 'task', ...heads.map((title) => ({ title, isNumber: true }))],
    pairs.map(({ scenario, task }) => [named(scenario), task, ...shown.flatMap((metric) => cells(metric, scenario, task))]),
    `Scores on test after round ${run.selectedRound}, the selected one${same ? ', which is the last' : `, and round ${last}, the last`}`)
  return pairs.length > mostRows ? html`<details><summary>Scores of all ${pairs.length} scenarios and tasks</summary>${all}</details>` : all
}

/** Of each task the scenario that does worst at the selected round, in a sentence. */
const worstLines = (run: RunFacts): Content[] => {
  const metric = leading(run.metrics)
  const lower = known[metric]?.better === 'lower'
  const rows = scoreRows(run).filter((row) => row.metric === metric && row.selected !== null)
  return [...new Set(rows.map(({ task }) => task))].flatMap((task) => {
    const own = rows.filter((row) => row.task === task)
    if (own.length < 2) return []
    const mean = own.reduce((sum, { selected }) => sum + selected!, 0) / own.length
    const worst = own.reduce((a, b) => ((lower ? b.selected! > a.selected! : b.selected! < a.selected!) ? b : a))
    const all = run.manifest.world.scenarios.length
    const over = own.length === all ? plural(all, 'scenario') : `${own.length} of ${all} scenarios, where it is defined,`
    return [html`Of ${task}, ${named(worst.scenario)} does worst: ${titleOf(metric)} ${formatScore(worst.selected)}, the mean over ${over} being ${formatScore(mean)}.`]
  })
}

/** What came out: scores of every scenario and task, against rounds, virtual time and bytes. */
export const cameOut = (run: RunFacts, drawer: Drawer): Section => ({
  id: 'came-out',
  title: 'What came out',
  content: html`${curvesBlock(run, drawer)}
${worstLines(run).map((line) => html`<p>${line}</p>`)}
${scoreTable(run)}`,
  downloads: [{
    file: 'metrics.csv',
    csv: csvOf(['round', 'virtualTime', 'scenario', 'task', 'split', 'metric', 'value'],
      run.metrics.map(({ round, virtualTime, scenario, task, split, metric, value }) => [round, virtualTime, scenario, task, split, metric, value])),
  }],
})
