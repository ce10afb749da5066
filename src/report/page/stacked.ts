import type { Chart } from './chart.js'
import type { Content } from './html.js'
import { formatBytes, formatCount, formatTime } from '../format.js'
import { formatJoules, formatMoney } from '../costs.js'

/** What a length of a bar counts. */
export type Unit = 'bytes' | 'time' | 'count' | 'joules' | 'money'

/** Amounts of one kind, one for each bar. */
export interface Stack {
  readonly name: string
  /** Of the stylesheet: `var(--c1)`. */
  readonly colour: string
  /** What came to nothing is hatched. */
  readonly wasted: boolean
  readonly values: readonly number[]
}

/** Lines across a colour: what came to nothing. */
export const hatch = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: 'var(--hatch)' }

export const amountIn = (unit: Unit, value: number): string => {
  switch (unit) {
    case 'bytes':
      return formatBytes(Math.round(value))
    case 'time':
      return formatTime(value)
    case 'count':
      return formatCount(Math.round(value))
    case 'joules':
      return formatJoules(value)
    case 'money':
      return formatMoney(value)
    default:
      return unit satisfies never
  }
}

/** Bytes are counted by powers of two: steps of an axis at which they are round numbers. */
const byteSteps = (most: number): object => {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, most)) / 10))
  const raw = most / unit / 4
  const size = 10 ** Math.floor(Math.log10(raw))
  const interval = unit * Math.max(unit === 1 ? 1 : 0, size * ([1, 2, 5].find((times) => times * size >= raw) ?? 10))
  return { interval, max: Math.max(1, Math.ceil(most / interval)) * interval }
}

const axisOf = (unit: Unit, stacks: readonly Stack[], bars: readonly string[]): object => ({
  ...(unit === 'count' && { minInterval: 1 }),
  ...((unit === 'bytes' || unit === 'time') && { axisLabel: { formatter: { draws: unit } } }),
  ...(unit === 'bytes' && byteSteps(Math.max(0, ...bars.map((_, i) => stacks.reduce((sum, { values }) => sum + values[i], 0))))),
})

const inAxis: Readonly<Record<Unit, string>> = { bytes: 'bytes', time: 'virtual time', count: '', joules: 'joules', money: '' }

/** Colours of what came to nothing: with hatching across, no two of these are taken for what was of use. */
export const wastedColours = ['var(--c2)', 'var(--c6)', 'var(--c4)', 'var(--c5)', 'var(--c7)', 'var(--c3)'] as const

export interface Stacked {
  readonly caption: string
  readonly bars: readonly string[]
  readonly stacks: readonly Stack[]
  readonly unit: Unit
  /** What is counted, where the unit does not say it. */
  readonly counted?: string
  readonly table?: Content
}

const seriesOf = (stacks: readonly Stack[], unit: Unit, bars: readonly string[], more: object = {}): object[] =>
  stacks.map(({ name, colour, wasted, values }) => ({
    name, type: 'bar', stack: 'all', ...more,
    itemStyle: { color: colour, ...(wasted && { decal: hatch }) },
    data: values.map((value, i) => ({ value, told: `${bars[i]}\n${name}: ${amountIn(unit, value)}` })),
  }))

/** How many rows a legend takes on a phone. */
const legendRows = (names: readonly string[]): number => Math.ceil(names.reduce((sum, name) => sum + Math.min(24, name.length) * 7 + 34, 0) / 320)

const legendHeight = (stacks: readonly Stack[]): number => (stacks.length < 2 ? 8 : 4 + 34 * legendRows(stacks.map(({ name }) => name)))

/** Bars from left to right, one below the other. */
export const lyingBars = ({ caption, bars, stacks, unit, counted, table }: Stacked): Chart => {
  const top = legendHeight(stacks)
  return {
    caption, table,
    height: top + 52 + 32 * bars.length,
    option: {
      ...(stacks.length > 1 && { legend: { itemGap: 20 } }),
      grid: { left: 8, right: 24, top, bottom: 44, containLabel: false, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: { type: 'value', name: counted ?? inAxis[unit], ...axisOf(unit, stacks, bars) },
      yAxis: { type: 'category', inverse: true, data: bars, splitLine: { show: false } },
      series: seriesOf(stacks, unit, bars, { barMaxWidth: 20 }),
    },
  }
}

/** Columns side by side along rounds. */
export const standingBars = ({ caption, bars, stacks, unit, counted, table }: Stacked): Chart => {
  const top = Math.max(32, legendHeight(stacks)) + 22
  return {
    caption, table,
    height: top + 250,
    zooms: 'x',
    option: {
      legend: { itemGap: 20 },
      grid: { left: 64, right: 16, top, bottom: 44 },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: { type: 'category', data: bars, name: 'round', axisLabel: { hideOverlap: true } },
      yAxis: { type: 'value', name: counted ?? inAxis[unit], nameTextStyle: { align: 'left' }, ...axisOf(unit, stacks, bars) },
      series: seriesOf(stacks, unit, bars, { barCategoryGap: '15%' }),
    },
  }
}
