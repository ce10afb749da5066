import type { Chart } from '../chart.js'
import { named } from '../html.js'
import { table } from '../pieces.js'
import type { Spent } from './spent.js'

/** What a variant spent under a condition: means over seeds. */
export interface Bar {
  readonly condition: string
  readonly variant: string
  readonly label: string
  readonly colour: string
  readonly all: number
  readonly wasted: number
  readonly seeds: number
}

const hatched = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [3, 3], rotation: Math.PI / 4, color: 'var(--hatch)' }

/** Bars of what was spent, what came to nothing of it hatched at their ends. */
export const barChart = (bars: readonly Bar[], { title, waste, written, draws }: Spent, rest: string): Chart => {
  const share = ({ all, wasted }: Bar): string => (all > 0 ? `${((100 * wasted) / all).toFixed(1)} %` : '-')
  const told = (bar: Bar): string => `${bar.label}\n${title} ${written(bar.all)}, in vain ${written(bar.wasted)} (${share(bar)})`
  const six = (value: number): number => Number(value.toPrecision(6))
  const itemStyle = ({ colour: color }: Bar): object => ({ itemStyle: { color } })
  return {
    caption: `${title}, a run, mean over seeds. Hatched: ${waste}.${rest}`,
    height: 60 + Math.max(3, bars.length) * 22,
    option: {
      grid: { left: 168, right: 24, top: 8, bottom: 44 },
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, formatter: { draws: 'told' } },
      xAxis: { type: 'value', min: 0, name: title, axisLabel: { formatter: { draws } } },
      yAxis: { type: 'category', inverse: true, data: bars.map(({ label }) => label), axisLabel: { width: 158, overflow: 'truncate', interval: 0, formatter: null }, splitLine: { show: false } },
      series: [
        { type: 'bar', stack: 'spent', barWidth: '70%', data: bars.map((bar) => ({ value: six(bar.all - bar.wasted), told: told(bar), ...itemStyle(bar) })) },
        { type: 'bar', stack: 'spent', barWidth: '70%', itemStyle: { decal: hatched }, data: bars.map((bar) => ({ value: six(bar.wasted), ...itemStyle(bar) })) },
      ],
    },
    table: table(['condition', 'variant', { title: `${title}, mean`, isNumber: true }, { title: 'in vain', isNumber: true }, { title: 'share', isNumber: true }, { title: 'seeds', isNumber: true }],
      bars.map((bar) => [named(bar.condition), named(bar.variant), written(bar.all), written(bar.wasted), share(bar), bar.seeds])),
  }
}
