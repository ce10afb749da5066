import { formatScore } from '../../format.js'
import { signed } from '../../comparison/columns.js'
import { type Columns, columnsOf } from './axes.js'
import { html, type Content } from '../html.js'
import { tabs } from '../pieces.js'
import { heatTable, type HeatCell } from './heat.js'
import { titleOf } from './looks.js'
import type { SeveralFacts } from './read-several.js'
import { overSeeds, runsOf, spendings } from './spent.js'
import type { Summed } from './sum-run.js'

/** A number of a run that matrices show. */
export interface Measured {
  readonly title: string
  readonly of: (run: Summed) => number | null | undefined
  readonly written: (value: number) => string
  /** Beside the calm condition. */
  readonly beside: (value: number, calm: number) => string
}

const ratio = (value: number, calm: number): string => (calm > 0 ? `x${(value / calm).toFixed(2)}` : '-')

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

const points = (value: number, calm: number): string => `${value >= calm ? '+' : ''}${(100 * (value - calm)).toFixed(1)}`

const score = (title: string, of: Measured['of']): Measured => ({ title, of, written: formatScore, beside: (value, calm) => signed(value - calm) })

/** What there is a matrix of, by what a tab is called. */
export const measuresOf = ({ tasks, looked: { metric } }: Pick<SeveralFacts, 'tasks' | 'looked'>): readonly { readonly tab: string; readonly all: readonly Measured[] }[] => {
  const name = titleOf(metric)
  const [bytes, time] = spendings
  return [
    { tab: 'quality', all: tasks.map((task) => score(`${name} of ${task} on test, mean over scenarios`, ({ scores }) => scores.get(task)?.mean)) },
    { tab: 'virtual time', all: [{ title: 'virtual time of a run', of: ({ spent }) => spent.time, written: time.written, beside: ratio }] },
    { tab: 'bytes', all: [{ title: 'bytes of a run', of: ({ spent }) => spent.bytes, written: bytes.written, beside: ratio }] },
    { tab: 'waste', all: [{ title: 'share of bytes from which nothing came', of: ({ spent }) => (spent.bytes > 0 ? spent.wastedBytes / spent.bytes : 0), written: percent, beside: points }] },
    {
      tab: 'fairness', all: tasks.flatMap((task) => [
        score(`${name} of ${task} on test, in each run's worst scenario`, ({ scores }) => scores.get(task)?.worst),
        score(`${name} of ${task} on test, spread between the best scenario and the worst`, ({ scores }) => scores.get(task)?.spread),
      ]),
    },
  ]
}

/** The cells of a matrix, by variant and condition: means over seeds; undefined where there is no run, or one has no number. */
export const cellsOf = (facts: SeveralFacts, conditions: readonly string[], { of, written, beside }: Measured): readonly { readonly name: string; readonly cells: readonly (HeatCell | undefined)[] }[] =>
  facts.variants.map((name) => {
    const mean = (condition: string): number | undefined => overSeeds(runsOf(facts, condition, name).map(({ summed }) => of(summed)))?.mean
    const calm = facts.calm === undefined ? undefined : mean(facts.calm)
    return {
      name,
      cells: conditions.map((condition): HeatCell | undefined => {
        const value = mean(condition)
        if (value === undefined) return undefined
        return { value, text: written(value), ...(calm !== undefined && condition !== facts.calm && { beside: beside(value, calm) }) }
      }),
    }
  })

/** The stress matrix: what every variant came to under every condition, by the axes along which conditions differ. */
export const matrices = (facts: SeveralFacts): Content => {
  const columns = columnsOf(facts.runs, facts.conditions, facts.calm)
  const against = facts.calm === undefined ? '' : `; below, beside ${facts.calm}`
  const ofMeasure = (measure: Measured): Content => {
    const groups = columns.map((group): Columns & { rows: ReturnType<typeof cellsOf> } => ({ ...group, rows: cellsOf(facts, group.conditions, measure) }))
    const values = groups.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.flatMap((cell) => cell?.value ?? [])))
    const range = [Math.min(...values), Math.max(...values)] as const
    if (values.length === 0) return html`<p>${measure.title}: no run has it.</p>`
    return html`<p class="about">${measure.title}. Mean over seeds; the darker, the higher, from ${measure.written(range[0])} to ${measure.written(range[1])}${against}.</p>
<div class="heats">${groups.map(({ title, conditions, rows }) => heatTable({ caption: title, title: `${measure.title}, by ${title}`, columns: conditions, rows }, range))}</div>`
  }
  return tabs('several-matrix', 'What matrices are of', measuresOf(facts).map(({ tab, all }) => ({ title: tab, content: all.map(ofMeasure) })))
}
