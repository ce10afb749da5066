import { paretoFront } from '../../../statistics/pareto.js'
import { formatScore } from '../../format.js'
import type { Chart } from '../chart.js'
import { named } from '../html.js'
import { table } from '../pieces.js'
import type { BandPoint } from './band.js'
import { legendOf } from './band-chart.js'

/** A variant as a point: what it cost and how well it did, each with its range over seeds. */
export interface FrontPoint {
  readonly name: string
  readonly short: string
  readonly colour: string
  readonly cost: BandPoint
  readonly quality: BandPoint
}

/** The points that no other beats, by their means, from the cheapest on. */
export const frontOf = (points: readonly FrontPoint[], lower: boolean): FrontPoint[] =>
  paretoFront(points.map((point) => ({ point, cost: point.cost.mean, worth: lower ? -point.quality.mean : point.quality.mean }))).map(({ point }) => point)

export interface FrontAbout {
  readonly caption: string
  readonly cost: string
  readonly quality: string
  readonly lower: boolean
  readonly draws: 'bytes' | 'time' | 'number'
  readonly written: (value: number) => string
}

/** Quality against cost: those that are not beaten are full and joined. */
export const frontChart = (points: readonly FrontPoint[], { caption, cost, quality, lower, draws, written }: FrontAbout): Chart => {
  const front = frontOf(points, lower)
  const range = ({ low, high, seeds }: BandPoint, say: (value: number) => string): string => (seeds > 1 ? ` (${say(low)} to ${say(high)})` : '')
  const told = ({ short, cost: c, quality: q }: FrontPoint): string => `${short}\n${cost} ${written(c.mean)}${range(c, written)}\n${quality} ${formatScore(q.mean)}${range(q, formatScore)}`
  const places = new Map(front.map((point, i) => [point, i]))
  const sorted = points.toSorted((a, b) => a.cost.mean - b.cost.mean)
  return {
    caption, height: 330, zooms: 'both',
    option: {
      ...legendOf(points),
      tooltip: { formatter: { draws: 'told' } },
      xAxis: { type: 'value', scale: true, name: cost, axisLabel: { formatter: { draws } } },
      yAxis: { type: 'value', scale: true, name: quality, nameLocation: 'end', nameGap: 14 },
      series: [
        {
          name: 'front', type: 'line', silent: true, showSymbol: false, z: 1, lineStyle: { color: 'var(--faint)', width: 1.5, type: 'dashed' }, itemStyle: { color: 'var(--faint)' },
          data: front.map((point) => [point.cost.mean, point.quality.mean]),
        },
        ...points.map((point) => ({
          name: point.short, type: 'custom', renderItem: { draws: 'ranges' }, encode: { x: [0, 2, 3], y: [1, 4, 5] }, z: 3, itemStyle: { color: point.colour },
          data: [{
            value: [point.cost.mean, point.quality.mean, point.cost.low, point.cost.high, point.quality.low, point.quality.high, places.has(point) ? 1 : 0], told: told(point),
          }],
        })),
      ],
    },
    table: table(['variant', { title: cost, isNumber: true }, { title: quality, isNumber: true }, 'beaten by none'], sorted.map((point) =>
      [named(point.name), `${written(point.cost.mean)}${range(point.cost, written)}`, `${formatScore(point.quality.mean)}${range(point.quality, formatScore)}`, places.has(point) ? 'yes' : ''])),
  }
}
