import { formatBytes, formatScore, formatTime } from '../../format.js'
import type { Chart } from '../chart.js'
import { table } from '../pieces.js'
import { html, named, type Content } from '../html.js'
import type { BandPoint } from './band.js'

/** A band of seeds under its name. */
export interface BandLine {
  readonly name: string
  /** As charts hold it. */
  readonly short: string
  readonly colour: string
  readonly broken: boolean
  readonly points: readonly BandPoint[]
}

/** How places along an axis are written. */
export type Measure = 'round' | 'time' | 'bytes' | 'number'

const writtenAt: Readonly<Record<Measure, (x: number) => string>> = {
  round: String, time: formatTime, bytes: (x) => formatBytes(Math.round(x)), number: (x) => String(Number(x.toPrecision(6))),
}

const axisOf = (name: string, measure: Measure): object => ({
  type: 'value', name, min: measure === 'number' ? 'dataMin' : 0, max: 'dataMax',
  ...(measure === 'time' && { axisLabel: { formatter: { draws: 'time' } } }),
  ...(measure === 'bytes' && { axisLabel: { formatter: { draws: 'bytes' } } }),
  ...(measure === 'round' && { minInterval: 1 }),
})

const rounded = (value: number, i: number): number => Number(value.toPrecision([6, 5, 4, 4][i]))

/** What tells of a place, by what it is measured in. */
const tellers: Readonly<Record<Measure, string>> = { round: 'each', number: 'each', time: 'eachTime', bytes: 'eachBytes' }

/** Lines beyond which their bands are drawn fainter, as they lie upon each other. */
const few = 4

/** Names above a picture that is half a desk wide, in as many rows as they take, and the space below them. */
export const legendOf = (lines: readonly { readonly short: string; readonly broken?: boolean }[]): { readonly legend: object; readonly grid: object } => {
  const widths = lines.map(({ short }) => 40 + 6.6 * short.length)
  let [rows, used] = [1, 0]
  for (const width of widths) {
    if (used > 0 && used + width > 460) [rows, used] = [rows + 1, 0]
    used += width
  }
  return {
    legend: { data: lines.map(({ short }) => ({ name: short })), itemGap: 14, ...(!lines.some(({ broken }) => broken === true) && { icon: 'rect' }) },
    grid: { left: 58, right: 24, top: 34 + 20 * rows, bottom: 44 },
  }
}

/** What a chart of bands is of. */
export interface BandAbout {
  readonly caption: string
  /** Of the axis along which it runs. */
  readonly along: string
  readonly measure: Measure
  readonly height?: number
  /** Of the other axis. */
  readonly title: string
  /** Upright lines, by what stands at them. */
  readonly marks?: readonly { readonly at: number; readonly text: string }[]
}

/** Lines of means with bands from the lowest to the highest seed. */
export const bandChart = (lines: readonly BandLine[], { caption, along, measure, height = 330, title, marks = [] }: BandAbout): Chart => {
  const at = writtenAt[measure]
  const spread = lines.flatMap((line, i) => (line.points.some(({ low, high }) => high > low)
    ? [{ name: line.short, datasetIndex: i, type: 'custom', renderItem: { draws: lines.length > few ? 'faintBand' : 'band' }, encode: { x: 0, y: [2, 3] }, silent: true, clip: true }] : []))
  const means = lines.map((line, i) => ({
    name: line.short, datasetIndex: i, type: 'line', showSymbol: line.points.length === 1, z: 3, ...(line.broken && { lineStyle: { type: [5, 4] } }),
  }))
  const markLine = { silent: true, symbol: 'none', lineStyle: { color: 'var(--faint)', type: 'dashed' }, data: marks.map(({ at: x, text }) => ({ xAxis: x, label: { formatter: text, color: 'var(--faint)', position: 'insideEndTop' } })) }
  return {
    caption, height, zooms: 'x',
    option: {
      color: lines.map(({ colour }) => colour),
      ...legendOf(lines),
      tooltip: { trigger: 'axis', formatter: { draws: tellers[measure] } },
      dataset: lines.map(({ points }) => ({ sourceHeader: false, source: points.map(({ x, mean, low, high }) => [x, mean, low, high].map(rounded)) })),
      xAxis: axisOf(along, measure),
      yAxis: { type: 'value', scale: true, name: title, nameLocation: 'end', nameGap: 14 },
      series: [...spread, ...means.map((one, i) => (i === 0 && marks.length > 0 ? { ...one, markLine } : one))],
    },
    table: ends(lines, at, along, title),
  }
}

/** Where each line begins, is in its middle, and ends. */
const ends = (lines: readonly BandLine[], at: (x: number) => string, along: string, title: string): Content =>
  table(['line', { title: along, isNumber: true }, { title: `${title}, mean`, isNumber: true }, { title: 'lowest', isNumber: true }, { title: 'highest', isNumber: true }, { title: 'seeds', isNumber: true }],
    lines.flatMap(({ name, points }) => {
      const places = points.length <= 8 ? points.map((_, i) => i) : [0, Math.floor((points.length - 1) / 2), points.length - 1]
      return places.map((i, nth) => {
        const { x, mean, low, high, seeds } = points[i]
        return [nth === 0 ? named(name) : html``, at(x), formatScore(mean), formatScore(low), formatScore(high), seeds]
      })
    }))
