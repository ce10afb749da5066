/*
 * What charts are drawn with, on the server and in the browser alike: a chart is plain data, and where ECharts wants a function, the
 * data names one of these. Nothing is imported: a page carries this file.
 */

/** The name of a function of this file where ECharts wants a function. */
export interface Draws {
  readonly draws: 'bar' | 'time' | 'bytes' | 'percent' | 'number' | 'told' | 'brief' | 'cell' | 'band' | 'faintBand' | 'each' | 'eachTime' | 'eachBytes' | 'interval' | 'ranges'
}

/** What ECharts gives those who draw an item. */
interface Drawn {
  value(dimension: number, item?: number): number
  coord(point: readonly number[]): readonly [number, number]
  size(extent: readonly number[]): readonly [number, number]
  visual(name: 'color' | 'borderColor' | 'decal'): unknown
}

/** The part of the chart that axes enclose, in pixels; which item is drawn, and of how many. */
interface Area {
  readonly coordSys: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  readonly dataIndexInside: number
  readonly dataInsideLength: number
}

const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** At most three digits that say something: `1.25`, `12.5`, `125`. */
const short = (value: number): string => {
  const size = Math.abs(value)
  return String(Number(size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toPrecision(3)))
}

/** Bytes on an axis. */
const bytes = (value: number): string => {
  let [left, step] = [value, 0]
  while (Math.abs(left) >= 1024 && step < steps.length - 1) [left, step] = [left / 1024, step + 1]
  return `${short(left)} ${steps[step]}`
}

/** Virtual microseconds on an axis. */
const time = (value: number): string => {
  const seconds = value / 1e6
  if (value === 0) return '0'
  if (Math.abs(seconds) < 1) return `${short(seconds * 1e3)} ms`
  if (Math.abs(seconds) < 120) return `${short(seconds)} s`
  if (Math.abs(seconds) < 7200) return `${short(seconds / 60)} min`
  return Math.abs(seconds) < 172_800 ? `${short(seconds / 3600)} h` : `${short(seconds / 86_400)} d`
}

const percent = (value: number): string => `${short(100 * value)} %`

const number = (value: number): string => (Math.abs(value) >= 1e5 ? `${short(value / 1e6)} M` : String(Number(value.toPrecision(6))))

/** What an item says of itself when it is pointed at: `told`, that it carries. */
const told = (about: unknown): string => {
  const one = (Array.isArray(about) ? about[0] : about) as { readonly data?: { readonly told?: string }; readonly name?: string }
  return one.data?.told ?? one.name ?? ''
}

/** A name where there is room for few letters. */
const brief = (name: string): string => {
  const letters = Array.from(name)
  return letters.length <= 24 ? name : `${letters.slice(0, 23).join('')}\u2026`
}

/** How an item is painted: in its colour, `[..., opacity]` where its value ends with one. */
const paint = (api: Drawn, dimension: number): object => {
  const opacity = api.value(dimension)
  return { fill: api.visual('color'), stroke: api.visual('borderColor'), decal: api.visual('decal'), ...(Number.isFinite(opacity) && { opacity }) }
}

/** A stretch of time in a row: `[from, until, row, share of the row's height, shift down in shares of it, opacity]`. */
const bar = ({ coordSys }: Area, api: Drawn): object | undefined => {
  const [from, until, row, height, shift] = [0, 1, 2, 3, 4].map((dimension) => api.value(dimension))
  const [x, middle] = api.coord([from, row])
  const [end] = api.coord([until, row])
  const tall = api.size([0, 1])[1]
  const left = Math.max(coordSys.x, x)
  const right = Math.min(coordSys.x + coordSys.width, Math.max(end, x + 1))
  if (right <= coordSys.x || left >= coordSys.x + coordSys.width) return undefined
  const shape = { x: left, y: middle + (shift - height / 2) * tall, width: Math.max(1, right - left), height: Math.max(1, height * tall) }
  return { type: 'rect', shape, style: paint(api, 5) }
}

/** A square of a matrix whose middle is a point of two axes of categories: `[column, row, value, opacity]`. */
const cell = (_: Area, api: Drawn): object => {
  const [x, y] = api.coord([api.value(0), api.value(1)])
  const [width, height] = api.size([1, 1])
  return { type: 'rect', shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2 }, style: paint(api, 3) }
}

/** Four decimals, as tables have scores. */
const score = (value: number): string => value.toFixed(4)

/** What lines of means say at one place, each `[x, mean, lowest, highest]`: the place as `write` writes it, then a line each. */
const eachAt = (write: (x: number) => string) => (about: unknown): string => {
  const all = (Array.isArray(about) ? about : [about]) as readonly { readonly seriesName: string; readonly seriesType: string; readonly value: readonly number[] }[]
  const lines = all.filter(({ seriesType }) => seriesType === 'line')
  const means = lines.map(({ seriesName, value: [, mean, low, high] }) => `${seriesName}: ${score(mean)}${high > low ? ` (${score(low)} to ${score(high)})` : ''}`)
  return lines.length === 0 ? '' : [write(lines[0].value[0]), ...means].join('\n')
}

const [each, eachTime, eachBytes] = [eachAt(number), eachAt(time), eachAt(bytes)]

/** An area between two lines, of all items together: each is `[x, mean, low, high]`. */
const bandOf = (opacity: number) => ({ dataIndexInside, dataInsideLength }: Area, api: Drawn): object | undefined => {
  if (dataIndexInside > 0) return undefined
  const items = Array.from({ length: dataInsideLength }, (_, i) => i)
  const along = (dimension: number): (readonly [number, number])[] => items.map((i) => api.coord([api.value(0, i), api.value(dimension, i)]))
  return { type: 'polygon', shape: { points: [...along(3), ...along(2).toReversed()] }, style: { fill: api.visual('color'), opacity } }
}

const [band, faintBand] = [bandOf(0.16), bandOf(0.06)]

/** An estimate with its interval in a row: `[estimate, row, low, high]`; bounds that are not known are not drawn. */
const interval = ({ coordSys }: Area, api: Drawn): object => {
  const [estimate, row, low, high] = [0, 1, 2, 3].map((dimension) => api.value(dimension))
  const fill = api.visual('color')
  const inside = (x: number): number => Math.min(coordSys.x + coordSys.width, Math.max(coordSys.x, x))
  const at = (value: number): number => api.coord([value, row])[0]
  const y = api.coord([estimate, row])[1]
  const tall = Math.min(16, 0.7 * api.size([0, 1])[1])
  const end = (value: number): string => (inside(at(value)) === at(value) ? `M${at(value)} ${y - tall / 4}L${at(value)} ${y + tall / 4}` : '')
  const pathData = Number.isFinite(low) ? `M${inside(at(low))} ${y}L${inside(at(high))} ${y}${end(low)}${end(high)}` : ''
  return {
    type: 'group',
    children: [
      ...(pathData === '' ? [] : [{ type: 'path', shape: { pathData }, style: { fill: 'none', stroke: fill, lineWidth: 2 } }]),
      ...(inside(at(estimate)) === at(estimate) ? [{ type: 'circle', shape: { cx: at(estimate), cy: y, r: 4 }, style: { fill } }] : []),
    ],
  }
}

/** A point with its ranges along both axes: `[x, y, lowest x, highest x, lowest y, highest y, 1 if it is full]`. */
const ranges = (_: Area, api: Drawn): object => {
  const [x, y, left, right, low, high, full] = [0, 1, 2, 3, 4, 5, 6].map((dimension) => api.value(dimension))
  const fill = api.visual('color')
  const line = (from: readonly number[], to: readonly number[]): object => {
    const [[x1, y1], [x2, y2]] = [api.coord(from), api.coord(to)]
    return { type: 'line', shape: { x1, y1, x2, y2 }, style: { fill: 'none', stroke: fill, lineWidth: 1.5, opacity: 0.7 } }
  }
  const [cx, cy] = api.coord([x, y])
  return {
    type: 'group',
    children: [
      line([left, y], [right, y]), line([x, low], [x, high]),
      { type: 'circle', shape: { cx, cy, r: 5.5 }, style: full === 1 ? { fill } : { fill: 'none', stroke: fill, lineWidth: 2 } },
    ],
  }
}

const functions = { bar, time, bytes, percent, number, told, brief, cell, band, faintBand, each, eachTime, eachBytes, interval, ranges }

/**
 * A chart with functions where it named them. `colours`: what `var(--name)` is here; absent: it stays as it is, for a stylesheet to say.
 */
export const bound = (value: unknown, colours?: (name: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((one) => bound(one, colours))
  if (typeof value === 'string' && colours !== undefined) return value.startsWith('var(--') ? colours(value.slice(4, -1)) : value
  if (typeof value !== 'object' || value === null) return value
  const { draws } = value as Partial<Draws>
  if (draws !== undefined) return functions[draws]
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bound(one, colours)]))
}
