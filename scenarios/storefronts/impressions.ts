import { normal, type Stream, type Streams } from '../../src/random/streams.js'
import type { Frame } from '../../src/data/assemble.js'
import { splitByTime } from '../../src/data/split.js'
import {
  below, contexts, coordinates, fieldNames, fieldSizes, normals, numericNames, products, width,
  type Catalogue, type FieldName, type Item, type Person,
} from './catalogue.js'
import { dot, drawPreference } from './preference.js'
import { intercept, sigmoid, type Rates } from './rates.js'

interface Dials {
  readonly divergence: number
  readonly correlation: number
  readonly shift: number
  readonly signal: number
  readonly noise: number
  readonly ids: number
  readonly days: number
}

/** 2024-01-01, the first day of every made world, in milliseconds since 1970. */
const firstDay = 1_704_067_200_000
const day = 86_400_000

/** The impressions of scenario `s`, in the order of their time. Every draw is from a stream named by `s` and by what it
 * decides, so that neither another scenario nor another dial shifts it. */
export const drawImpressions = (
  s: number, rows: number, rates: Rates, dials: Dials, catalogue: Catalogue, named: Streams,
): Frame => {
  const from = (what: string): Stream => named('storefronts', 'impressions', what, s)
  const preference = drawPreference(s, dials, named)
  const visitor = tilted(catalogue.people, (p) => p.activity, dials.shift, normals(width, from('audience')))
  const shown = tilted(catalogue.items, (i) => i.popularity, dials.shift, normals(width, from('assortment')))
  const [who, what, when, where, context] = ['who', 'what', 'when', 'where', 'context'].map(from)
  const noises = [from('noise-ctr'), from('noise-ctcvr')]

  const fields = fieldNames.length + (dials.ids > 0 ? 2 : 0)
  const categorical = Array.from({ length: fields }, () => new Int32Array(rows))
  const numeric = numericNames.map(() => new Float64Array(rows))
  const scores = [new Float64Array(rows), new Float64Array(rows)]
  const user = new Int32Array(rows)
  const time = new Float64Array(rows)
  const x = new Float64Array(coordinates)

  for (let row = 0; row < rows; row++) {
    const u = visitor(who)
    const i = shown(what)
    const person = catalogue.people[u]
    const item = catalogue.items[i]
    user[row] = u
    time[row] = firstDay + Math.floor(((row + when()) / rows) * dials.days * day)
    const values: Record<FieldName, number> = {
      ...person.categories,
      ...item.categories,
      hour: Math.floor((time[row] % day) / 3_600_000),
      placement: below(fieldSizes.placement, where),
    }
    fieldNames.forEach((name, f) => (categorical[f][row] = values[name]))
    if (dials.ids > 0) {
      categorical[fieldNames.length][row] = bucket(u, dials.ids)
      categorical[fieldNames.length + 1][row] = bucket(i, dials.ids)
    }
    place(x, person, item, context, values, catalogue)
    for (let n = 0; n < numeric.length; n++) numeric[n][row] = x[n]
    for (const t of [0, 1] as const) {
      const z = dot(preference.weights[t], x) + dials.noise * normal(noises[t])
      scores[t][row] = dials.signal * preference.bend[t](z)
    }
  }
  return {
    name: `store-${s + 1}`,
    rows,
    categorical,
    numeric,
    labels: funnel(scores, rates, from('click'), from('conversion')),
    user,
    time,
    parts: splitByTime(time, { train: 0.7, validation: 0.1, test: 0.2 }),
  }
}

/** Fills `x`: numeric coordinates first, as `numericNames` has them. */
const place = (
  x: Float64Array, person: Person, item: Item, context: Stream, values: Record<FieldName, number>,
  catalogue: Catalogue,
): void => {
  let at = 0
  for (let k = 0; k < width; k++) x[at++] = person.vector[k]
  for (let k = 0; k < width; k++) x[at++] = item.vector[k]
  for (let k = 0; k < contexts; k++) x[at++] = normal(context)
  for (let k = 0; k < products; k++) x[at++] = person.vector[k] * item.vector[k]
  x[at++] = person.eagerness
  x[at++] = item.quality
  for (const name of fieldNames) for (const c of catalogue.categories[name][values[name]]) x[at++] = c
}

/** Draws an entry with probability proportional to `weight * exp(shift * direction . vector / sqrt(width))`. */
const tilted = <T extends { readonly vector: Float64Array }>(
  list: readonly T[], weight: (entry: T) => number, shift: number, direction: Float64Array,
): ((stream: Stream) => number) => {
  const sums = new Float64Array(list.length)
  let total = 0
  list.forEach((entry, i) => {
    total += weight(entry) * Math.exp((shift * dot(direction, entry.vector)) / Math.sqrt(width))
    sums[i] = total
  })
  return (stream) => {
    const sought = stream() * total
    let low = 0
    let high = list.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] > sought) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Clicks with `sigmoid(b1 + y1)`, converts after a click with `sigmoid(b2 + y2)`, where b1 and b2 make the means of
 * the chances the rates that were asked for. */
const funnel = (
  [y1, y2]: readonly Float64Array[], rates: Rates, click: Stream, conversion: Stream,
): [Float32Array, Float32Array] => {
  const rows = y1.length
  const b1 = intercept(rates.ctr, (b) => y1.reduce((sum, y) => sum + sigmoid(b + y), 0) / rows)
  const chance = y1.map((y) => sigmoid(b1 + y))
  const b2 = intercept(rates.ctcvr, (b) => y2.reduce((sum, y, i) => sum + chance[i] * sigmoid(b + y), 0) / rows)
  const clicked = Float32Array.from(chance, (p) => (click() < p ? 1 : 0))
  const bought = clicked.map((c, i) => (conversion() < sigmoid(b2 + y2[i]) ? c : 0))
  return [clicked, bought]
}

/** Knuth's multiplicative hash, so that neighbouring ids land in unrelated buckets. */
const bucket = (id: number, buckets: number): number => (Math.imul(id + 1, 0x9e3779b1) >>> 0) % buckets
