import type { Layout } from '../layout.js'
import type { History, UserItemVectors } from '../model.js'
import type { EncoderKind } from './encoder.js'
import { slope } from './ngcf.js'

/** The distinct interactions with their weights 1 / sqrt(degree * degree). */
interface Weighted {
  readonly users: Int32Array
  readonly items: Int32Array
  readonly weights: Float64Array
}

const weigh = ({ users, items }: History, rows: { readonly users: number; readonly items: number }): Weighted => {
  const pairs = new Set<number>()
  for (let r = 0; r < users.length; r++) if (users[r] > 0 && items[r] > 0) pairs.add(users[r] * rows.items + items[r])
  const distinct = Float64Array.from(pairs).sort()
  const own = Int32Array.from(distinct, (pair) => Math.floor(pair / rows.items))
  const theirs = Int32Array.from(distinct, (pair) => pair % rows.items)
  const degrees = [new Int32Array(rows.users), new Int32Array(rows.items)]
  for (let e = 0; e < own.length; e++) {
    degrees[0][own[e]]++
    degrees[1][theirs[e]]++
  }
  const weights = Float64Array.from(own, (user, e) => 1 / Math.sqrt(degrees[0][user] * degrees[1][theirs[e]]))
  return { users: own, items: theirs, weights }
}

/** Adds each edge's weight times its source row to its target row. */
const spread = (source: Float32Array, width: number, graph: Weighted, from: Int32Array, to: Int32Array, rows: number) => {
  const sums = new Float32Array(rows * width)
  for (let e = 0; e < from.length; e++) {
    const [a, b, w] = [from[e] * width, to[e] * width, graph.weights[e]]
    for (let d = 0; d < width; d++) sums[b + d] += w * source[a + d]
  }
  return sums
}

/** One layer of NGCF on rows [rows, width]: LeakyReLU((near + own) W1 + (near * own) W2). */
const ngcfLayer = (own: Float32Array, near: Float32Array, w1: Float32Array, w2: Float32Array, width: number) => {
  const out = new Float32Array(own.length)
  for (let at = 0; at < own.length; at += width) {
    for (let from = 0; from < width; from++) {
      const [sum, product] = [near[at + from] + own[at + from], near[at + from] * own[at + from]]
      for (let to = 0; to < width; to++) out[at + to] += sum * w1[from * width + to] + product * w2[from * width + to]
    }
    for (let d = 0; d < width; d++) if (out[at + d] < 0) out[at + d] *= slope
  }
  return out
}

/** Layers side by side: [rows, layers * width]. */
const beside = (layers: readonly Float32Array[], width: number): Float32Array => {
  const rows = layers[0].length / width
  const all = new Float32Array(rows * width * layers.length)
  layers.forEach((layer, l) => {
    for (let row = 0; row < rows; row++) {
      all.set(layer.subarray(row * width, (row + 1) * width), (row * layers.length + l) * width)
    }
  })
  return all
}

const meanOf = (layers: readonly Float32Array[]): Float32Array =>
  layers[0].map((_, at) => layers.reduce((sum, layer) => sum + layer[at], 0) / layers.length)

/**
 * What the ranker's encoder makes of a client's parameters, on the host and without an engine: for full ranking, which
 * needs all rows at once. Same numbers as the traced model within rounding; the test compares both with dense matrices.
 */
export const encode = (
  { encoder, layers = 3 }: { readonly encoder: EncoderKind; readonly layers?: number },
  layout: Layout,
  parameters: Float32Array,
  history: History,
): UserItemVectors => {
  const segment = (name: string) => layout.segments.find((each) => each.name === name)!
  const read = (name: string): Float32Array => {
    const { offset, size } = segment(name)
    return parameters.subarray(offset, offset + size)
  }
  const [[users, width], [items]] = [segment('user').shape, segment('item').shape]
  const all = [{ users: read('user'), items: read('item') }]
  if (encoder === 'mf') return { ...all[0], width }
  const graph = weigh(history, { users, items })
  for (let layer = 1; layer <= layers; layer++) {
    const before = all[layer - 1]
    const near = {
      users: spread(before.items, width, graph, graph.items, graph.users, users),
      items: spread(before.users, width, graph, graph.users, graph.items, items),
    }
    const step = (own: Float32Array, around: Float32Array): Float32Array =>
      encoder === 'ngcf'
        ? ngcfLayer(own, around, read(`ngcf.${layer}.sum`), read(`ngcf.${layer}.product`), width)
        : around
    all.push({ users: step(before.users, near.users), items: step(before.items, near.items) })
  }
  const [ofUsers, ofItems] = [all.map((layer) => layer.users), all.map((layer) => layer.items)]
  return encoder === 'ngcf'
    ? { users: beside(ofUsers, width), items: beside(ofItems, width), width: width * (layers + 1) }
    : { users: meanOf(ofUsers), items: meanOf(ofItems), width }
}
