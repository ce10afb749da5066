import type { EChartsType } from 'echarts'

import { bound } from './browser/drawing.js'
import { dataBlock, html, Html, printed, type Content } from './html.js'

/** What is to be drawn: plain data for ECharts, in which functions are named (`{ draws: 'bytes' }`) and colours are of the stylesheet. */
export type Option = Readonly<Record<string, unknown>>

/** A picture of a report. */
export interface Chart {
  /** What is to be seen, in a sentence: it stands below the picture, and is read out in its place. */
  readonly caption: string
  readonly option: Option
  /** Height in pixels. */
  readonly height: number
  /** Whether it can be zoomed, where JavaScript runs: along its first axis, or both. */
  readonly zooms?: 'x' | 'both'
  /** Drawn once, at half the width of a desk, which a phone has too: two of them stand side by side. */
  readonly isHalf?: boolean
  /** Its numbers as a table, folded up below it. */
  readonly table?: Content
}

/** Widths, in pixels, at which pictures are drawn: of a desk, and of a phone. */
const widths = { wide: 960, narrow: 340 } as const
/** Of half a desk. */
const half = { once: 470 } as const

const ink = 'var(--ink)'
const faint = 'var(--faint)'
const line = 'var(--line)'

const axis = {
  axisLine: { show: true, lineStyle: { color: line } },
  axisTick: { show: false },
  axisLabel: { color: faint, hideOverlap: true },
  nameTextStyle: { color: faint },
  splitLine: { lineStyle: { color: line } },
}

/** Names on an axis are cut short, as one may be longer than the picture. */
const labels = (one: Option): object => ({
  ...axis.axisLabel, ...(one['type'] === 'category' && { formatter: { draws: 'brief' } }), ...(one['axisLabel'] as object),
})

const each = <T>(value: unknown, change: (one: T) => unknown): unknown =>
  Array.isArray(value) ? value.map((one) => change(one as T)) : value === undefined ? undefined : change(value as T)

/** How all charts look: quiet axes, the page's letters and colours. */
const styled = (option: Option): Option => ({
  color: Array.from({ length: 8 }, (_, i) => `var(--c${i + 1})`),
  textStyle: { fontFamily: 'inherit', color: ink },
  ...option,
  animation: false,
  aria: { enabled: false },
  grid: each<object>(option['grid'] ?? {}, (one) => ({ left: 56, right: 16, top: 36, bottom: 40, ...one })),
  xAxis: each<Option>(option['xAxis'], (one) => ({ nameLocation: 'middle', nameGap: 26, ...axis, ...one, axisLabel: labels(one) })),
  yAxis: each<Option>(option['yAxis'], (one) => ({ ...axis, ...one, axisLabel: labels(one) })),
  legend: each<object>(option['legend'], (one) => ({ type: 'plain', top: 0, left: 0, textStyle: { color: ink }, itemWidth: 16, itemHeight: 10, inactiveColor: faint, formatter: { draws: 'brief' }, ...one })),
  tooltip: { renderMode: 'richText', confine: true, backgroundColor: 'var(--raised)', borderColor: line, textStyle: { color: ink }, ...(option['tooltip'] as object) },
})

/** What a stylesheet that allows no styles in attributes would refuse, said in attributes of their own. */
const withoutStyles = (svg: string): string =>
  svg
    .replace(/<style >[^]*?<\/style>/g, '')
    .replace(/ style="([^"]*)"/g, (_, style: string) =>
      style.split(';').filter((part) => part.includes(':')).map((part) => {
        const colon = part.indexOf(':')
        return ` ${part.slice(0, colon).trim()}="${part.slice(colon + 1).trim()}"`
      }).filter((attribute) => !attribute.includes('font-family')).join(''))
    .replace(/ (?:ecmeta_[a-z_]+|class)="[^"]*"/g, '')
    .replace(/ pointer-events="visible"/g, '')

/** What most elements have alike: the picture has it once, or its stylesheet. */
const alike = / (?:fill="none"|font-size="12px"|dominant-baseline="central"|stroke-linecap="butt"|stroke-miterlimit="10"|xml:space="preserve")/g

/** Areas that are cut out alike, as one. */
const clippedOnce = (svg: string): string => {
  const first = new Map<string, string>()
  const same = new Map<string, string>()
  const kept = svg.replace(/<clipPath id="([^"]*)">([^]*?)<\/clipPath>\n?/g, (whole, id: string, area: string) => {
    const known = first.get(area)
    same.set(id, known ?? id)
    if (known !== undefined) return ''
    first.set(area, id)
    return whole
  })
  return kept.replace(/url\(#([^)]*)\)/g, (whole, id: string) => (same.has(id) ? `url(#${same.get(id)!})` : whole))
}

/** The same picture in fewer signs: places to a tenth of a pixel, nothing that nobody sees. */
const slim = (svg: string): string =>
  clippedOnce(svg)
    .replace(alike, '')
    .replace(/ (?:d|transform|points)="[^"]*"/g, (attribute) => attribute.replace(/(\.\d)\d+/g, '$1'))
    .replace(/<path [^>]*><\/path>\n?/g, (path) => (/ (?:fill|stroke)="/.test(path) && !path.includes('fill-opacity="0"') ? path : ''))
    .replace('<svg ', '<svg fill="none" font-size="12px" ')

/** Draws charts as SVG, numbers in their order: what is within one picture is named apart from others. */
export class Drawer {
  #drawn = 0

  private constructor(private readonly library: typeof import('echarts')) {}

  static async open(): Promise<Drawer> {
    return new Drawer(await import('echarts'))
  }

  /** The picture at some width, as an element. */
  #svg(option: unknown, width: number, height: number): string {
    const chart: EChartsType = this.library.init(null, null, { renderer: 'svg', ssr: true, width, height })
    try {
      chart.setOption(option as never)
      const name = `p${++this.#drawn}`
      return slim(withoutStyles(chart.renderToSVGString())).replace(/zr\d+-/g, `${name}-`).replace('<svg ', '<svg role="img" aria-hidden="true" ')
    } finally {
      chart.dispose()
    }
  }

  /** The chart as part of a page: pictures for two widths, what they were drawn from for the page's script, and its numbers. */
  figure({ caption, option, height, zooms, isHalf, table }: Chart): Html {
    const whole = printed(styled(option)) as Option
    const drawn = bound(whole)
    const pictures = Object.entries(isHalf === true ? half : widths).map(([name, width]) =>
      html`<div class="${name}">${new Html(this.#svg(drawn, width, height))}</div>`)
    return html`
<figure class="chart" data-height="${height}px">
<div class="picture" role="img" aria-label="${caption}">${pictures}</div>
${dataBlock({ option: whole, zooms })}
<figcaption>${caption}</figcaption>
${table !== undefined && html`<details><summary>The numbers</summary>${table}</details>`}
</figure>`
  }
}
