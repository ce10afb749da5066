import type { Cost } from '../engine.js'
import type { Graph, Node } from './graph.js'
import { sizeOf } from './shapes.js'

/**
 * Floating-point operations per element that a series or a division by a series stands for. Rough figures for vector
 * libraries: what counts is that they are fixed.
 */
const perElement: Readonly<Record<string, number>> = {
  Exp: 8, Expm1: 9, Log: 8, Log1p: 9, Sigmoid: 10, Tanh: 10, Softplus: 18, Erf: 12, Sin: 8, Cos: 8, Elu: 10, Selu: 11,
  Pow: 20, Sqrt: 4, Rsqrt: 5, RealDiv: 4, Reciprocal: 4, SquaredDifference: 2, Select: 1, Softmax: 13,
}

/** Views, constants and inputs cost nothing. */
const free = new Set(['Input', 'Constant', 'Reshape'])

/** Moving values around takes bytes but no arithmetic. */
const moving = new Set(['Transpose', 'BroadcastTo', 'Concat', 'Slice', 'PadV2', 'Tile', 'GatherV2', 'Cast', 'OneHot'])

const bytesPerElement = 4

const flopsOf = (node: Node, inputs: readonly Node[]): number => {
  const { op, shape, attributes } = node
  if (moving.has(op)) return 0
  switch (op) {
    case 'BatchMatMul': {
      const { shape: a } = inputs[0]
      return 2 * sizeOf(shape) * (attributes.transposeA ? a[a.length - 2] : a[a.length - 1])
    }
    case 'Sum':
    case 'Mean':
    case 'Max':
    case 'Min':
    case 'UnsortedSegmentSum':
      return sizeOf(inputs[0].shape)
    default:
      return sizeOf(shape) * (perElement[op] ?? 1)
  }
}

/** Elements that a kernel reads: of a table only the rows that are picked, of all else everything once. */
const elementsRead = (node: Node, inputs: readonly Node[]): number => {
  switch (node.op) {
    case 'GatherV2':
      return sizeOf(node.shape) + sizeOf(inputs[1].shape)
    case 'Slice':
      return sizeOf(node.shape)
    default:
      return [...new Set(inputs)].reduce((sum, { shape, values }) => sum + (values?.length ?? sizeOf(shape)), 0)
  }
}

/**
 * What a recorded graph costs one client, kernel by kernel and before any emitter: so the same on every engine and in
 * every cohort.
 *
 * A product of [M, K] and [K, N] takes 2 M N K operations, an elementwise operation one per element of its result, or
 * as many as `perElement` says, a reduction one per element that it reads. Every kernel reads each of its operands and
 * writes its result once, four bytes an element; views are free.
 */
export const cost = (graph: Graph): Cost => {
  let flops = 0
  let elements = 0
  for (const node of graph.nodes) {
    if (free.has(node.op)) continue
    const inputs = node.inputs.map((id) => graph.nodes[id])
    flops += flopsOf(node, inputs)
    elements += elementsRead(node, inputs) + sizeOf(node.shape)
  }
  return { flops, bytes: elements * bytesPerElement }
}
