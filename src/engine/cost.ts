import type { Cost } from './engine.js'
import type { Graph, Node } from './graph.js'
import { elementwise, reductions, transcendental } from './operations.js'

/** Operations that a series such as exp or log costs per element: what a vectorised implementation takes, roughly. */
const SERIES = 10

const sizeOf = ({ shape }: Pick<Node, 'shape'>): number => shape.reduce((a, b) => a * b, 1)

const series: ReadonlySet<string> = new Set(transcendental)
const folding: ReadonlySet<string> = new Set(reductions)

/** Moved nowhere: another shape for the same bytes. */
const free: ReadonlySet<string> = new Set(['Input', 'Constant', 'Reshape'])

const flopsOf = (node: Node, inputs: readonly Node[]): number => {
  const out = sizeOf(node)
  if (node.op === 'BatchMatMul') {
    const [a] = inputs
    const inner = a.shape[a.shape.length - (node.attributes['transposeA'] === true ? 2 : 1)]
    return 2 * out * inner
  }
  if (node.op === 'Softmax' || node.op === 'LogSoftmax') return out * (SERIES + 4)
  if (series.has(node.op)) return out * SERIES
  if (elementwise.has(node.op)) return out
  if (folding.has(node.op) || node.op === 'UnsortedSegmentSum' || node.op === 'Cumsum') return sizeOf(inputs[0])
  return 0
}

/**
 * What a recorded program costs, kernel by kernel, before any runtime sees it: the same on every engine and in every
 * cohort. A product [m, k] x [k, n] counts 2 m k n operations, an elementwise kernel one per element (ten for series
 * such as exp), a reduction one per element read; every kernel but a reshape reads its inputs and writes its output
 * once. A gather reads the rows that it takes, not the table.
 */
export const cost = (graph: Graph): Cost => {
  let flops = 0
  let bytes = 0
  for (const node of graph.nodes) {
    if (free.has(node.op)) continue
    const inputs = node.inputs.map((id) => graph.nodes[id])
    flops += flopsOf(node, inputs)
    const read = node.op === 'GatherV2' ? sizeOf(node) + sizeOf(inputs[1]) : inputs.reduce((sum, from) => sum + sizeOf(from), 0)
    bytes += 4 * (read + sizeOf(node))
  }
  return { flops, bytes }
}
