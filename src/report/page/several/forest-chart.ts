import type { Comparison } from '../../../runs/comparison/compare.js'
import { interval, probability, signed } from '../../comparison/columns.js'
import type { Chart } from '../chart.js'
import { shortNames } from './looks.js'

/** A row of a forest: compare's difference, its interval, and what could have been found. */
export interface ForestRow {
  readonly label: string
  readonly told: string
  readonly estimate: number
  readonly low: number
  readonly high: number
  readonly detectable: number
  readonly adjusted: number
  readonly isSignificant: boolean
}

export const forestRows = (rows: readonly Comparison[], level: number): ForestRow[] => {
  const short = shortNames([...new Set(rows.map(({ variant }) => variant))], 20)
  const where = shortNames([...new Set(rows.map(({ scenario }) => scenario))], 16)
  return rows.flatMap((row) => {
    const { scenario, variant, effect, adjusted, detectable } = row
    if (Number.isNaN(effect.estimate)) return []
    const label = `${short.get(variant)!} · ${where.get(scenario)!}`
    return [{
      label, estimate: effect.estimate, low: effect.interval[0], high: effect.interval[1], detectable, adjusted, isSignificant: adjusted <= 1 - level,
      told: `${label}\n${signed(effect.estimate)} ${interval(effect.interval)}\np (Holm) ${probability(adjusted)}, detectable ${Number.isNaN(detectable) ? '-' : detectable.toFixed(4)}`,
    }]
  })
}

/** A number in few digits; where there is none, ECharts' sign for that. */
const five = (value: number): number | '-' => (Number.isNaN(value) ? '-' : Number(value.toPrecision(5)))

/** Space for what is seen: intervals and points, and bars of what is detectable as far as they go. */
const limitsOf = (rows: readonly ForestRow[]): readonly [number, number] => {
  const ends = rows.flatMap(({ estimate, low, high }) => [estimate, low, high]).filter((value) => Number.isFinite(value))
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  const room = 0.06 * (most - least || 1)
  return [least - room, most + room]
}

/** Differences with their intervals about the line of no difference. */
export const forestChart = (rows: readonly ForestRow[], about: { readonly caption: string; readonly title: string }): Chart => {
  const [min, max] = limitsOf(rows)
  const zero = { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: 'var(--ink)', type: 'solid', width: 1 }, data: [{ xAxis: 0 }] }
  const right = rows.map(({ adjusted, isSignificant }) => `${probability(adjusted)}${isSignificant ? ' *' : ''}`)
  return {
    caption: about.caption, height: 74 + 22 * rows.length, zooms: 'x',
    option: {
      grid: { left: 148, right: 52, top: 26, bottom: 44 },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: { type: 'value', min, max, name: about.title, axisLabel: { formatter: { draws: 'number' }, showMinLabel: false, showMaxLabel: false } },
      yAxis: [
        { type: 'category', inverse: true, data: rows.map(({ label }) => label), splitLine: { show: false }, axisLabel: { width: 136, overflow: 'truncate', interval: 0, formatter: null } },
        { type: 'category', inverse: true, position: 'right', data: right, name: 'p (Holm)', nameLocation: 'start', nameGap: 6, axisLabel: { interval: 0, formatter: null }, axisLine: { show: false } },
      ],
      series: [
        {
          type: 'custom', renderItem: { draws: 'bar' }, encode: { x: [0, 1], y: 2 }, silent: true, clip: true, z: 1, itemStyle: { color: 'var(--line)', opacity: 0.7 },
          data: rows.flatMap(({ detectable }, i) => (Number.isNaN(detectable) ? [] : [[...[Math.max(min, -detectable), Math.min(max, detectable)].map(five), i, 0.78, 0]])),
        },
        {
          type: 'custom', renderItem: { draws: 'interval' }, encode: { x: [0, 2, 3], y: 1 }, clip: true, z: 3,
          data: rows.map(({ estimate, low, high, told, isSignificant }, i) => ({
            value: [five(estimate), i, five(low), five(high)], told, itemStyle: { color: isSignificant ? 'var(--c2)' : 'var(--c1)' },
          })),
          markLine: zero,
        },
        // So that the labels to the right have an axis that is drawn.
        { type: 'custom', yAxisIndex: 1, renderItem: { draws: 'interval' }, data: [], silent: true },
      ],
    },
  }
}
