import type { Graph } from './graph.js'
import { sizeOf } from './shapes.js'

/**
 * Operations in the products of one step from which on clients run one by one. A choice between few points: with 8
 * clients an MLP of 17 million gained a seventh from sharing runs, and an MMoE of 72 million next to nothing. On one of
 * 5,200 million running alone took from 1% to 10% less in four runs of `npm run bench -- mmoe`'s medium size, on a
 * machine whose noise is as large.
 */
export const aloneFrom = 50e6

/** How many steps of training a graph holds: its inputs say of which step they are. */
const stepsOf = (graph: Graph): number =>
  Math.max(0, ...graph.nodes.map(({ source }) => (source && 'step' in source ? source.step : 0))) + 1

/**
 * Operations in the products of one step. Products only, because they do not change with the number of steps in a
 * graph: the same training in chunks of another length must be compiled in the same way, to give the same bits.
 */
const productsPerStep = (graph: Graph): number => {
  const flops = graph.nodes.reduce((sum, { op, inputs, shape, attributes }) => {
    if (op !== 'BatchMatMul') return sum
    const { shape: a } = graph.nodes[inputs[0]]
    return sum + 2 * sizeOf(shape) * a[a.length - (attributes.transposeA ? 2 : 1)]
  }, 0)
  return flops / stepsOf(graph)
}

/** Whether clients of this program are better run one by one than together. */
export const worthAlone = (graph: Graph): boolean => productsPerStep(graph) >= aloneFrom
