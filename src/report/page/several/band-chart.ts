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

const rounded = (value: number): number => Number(value.toPrecision(7))

/** What tells of a place, by what it is measured in. */
const tellers: Readonly<Record<Measure, string>> = { round: 'each', number: 'each', time: 'eachTime', bytes: 'eachBytes' }

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
  const series = lines.flatMap((line, i) => {
    const about = { name: line.short, datasetIndex: i, itemStyle: { color: line.colour } }
    return [
      {
        ...about, type: 'line', encode: { x: 0, y: 1 }, showSymbol: line.points.length === 1, symbol: 'circle', symbolSize: 5, z: 3,
        lineStyle: { width: 2, color: line.colour, type: line.broken ? [5, 4] : 'solid' },
      },
      ...(line.points.some(({ low, high }) => high > low)
        ? [{ ...about, type: 'custom', renderItem: { draws: 'band' }, encode: { x: 0, y: [2, 3] }, silent: true, clip: true, z: 2 }] : []),
    ]
  })
  const markLine = { silent: true, symbol: 'none', lineStyle: { color: 'var(--faint)', type: 'dashed' }, data: marks.map(({ at: x, text }) => ({ xAxis: x, label: { formatter: text, color: 'var(--faint)', position: 'insideEndTop' } })) }
  return {
    caption, height, zooms: 'x',
    option: {
      legend: { type: 'scroll', data: lines.map(({ short }) => ({ name: short })) },
      grid: { left: 58, right: 24, top: 60, bottom: 44 },
      tooltip: { trigger: 'axis', formatter: { draws: tellers[measure] } },
      dataset: lines.map(({ points }) => ({ sourceHeader: false, source: points.map(({ x, mean, low, high }) => [x, mean, low, high].map(rounded)) })),
      xAxis: axisOf(along, measure),
      yAxis: { type: 'value', scale: true, name: title, nameLocation: 'end', nameGap: 14 },
      series: series.map((one, i) => (i === 0 && marks.length > 0 ? { ...one, markLine } : one)),
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
