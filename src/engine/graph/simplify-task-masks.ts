import { sameShape, sizeOf } from './shapes.js'
import type { GraphSoFar, SimplifyRule } from './simplify-rule.js'

/*
 * What is left of a pass per task. A task's own gradient is the derivative of the total in which it weighs 1 and the
 * others 0. Where layers of all tasks are stacked, the pass computes as many zeros as there are other tasks; here these
 * are taken out of the products, which then are the same for all passes and are computed once.
 */

/** Nothing comes of a product with zeros. (Of NaN or infinity it would be NaN: a task's zero is no task's business.) */
export const annihilated: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  if (dtype !== 'float32' || (op !== 'Multiply' && op !== 'BatchMatMul')) return undefined
  return inputs.some((id) => graph.uniform(id) === 0) ? graph.constant([0], shape, dtype) : undefined
}

/** A constant of zeros and ones [tasks, 1, ...] that picks entries of the first axis. */
export const isMask = (graph: GraphSoFar, id: number): boolean => {
  const { values, shape } = graph.node(id)
  if (values === undefined || values.length < 2 || shape.length < 2) return false
  return values.length === shape[0] && values.every((value) => value === 0 || value === 1)
}

interface Masked {
  readonly value: number
  readonly mask: number
}

/** A value times a mask that is smaller than it. */
const masked = (graph: GraphSoFar, id: number): Masked | undefined => {
  const { op, inputs, shape } = graph.node(id)
  if (op !== 'Multiply') return undefined
  const mask = inputs.find((input) => isMask(graph, input))
  const value = inputs.find((input) => input !== mask)
  if (mask === undefined || value === undefined) return undefined
  const larger = sizeOf(shape) > sizeOf(graph.node(mask).shape)
  return larger && sameShape(graph.node(value).shape, shape) ? { value, mask } : undefined
}

const through = new Set(['Multiply', 'RealDiv', 'BatchMatMul'])

/** A mask goes through products, quotients and stacks of matrices: (x m) y = (x y) m. */
export const masksLast: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (dtype !== 'float32' || !through.has(op)) return undefined
  const [a, b] = inputs
  const [left, right] = [masked(graph, a), op === 'RealDiv' ? undefined : masked(graph, b)]
  const found = left ?? right
  if (found === undefined || isMask(graph, a) || isMask(graph, b)) return undefined
  const { shape: extent } = graph.node(found.mask)
  if (extent.length !== shape.length || extent[0] !== shape[0]) return undefined
  const bare = graph.add(op, left ? [left.value, b] : [a, right!.value], shape, dtype, attributes)
  return graph.add('Multiply', [bare, found.mask], shape, dtype)
}

/** x m + y m = (x + y) m, and so for a difference. */
export const sumsOfMasked: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  if (op !== 'Add' && op !== 'Sub') return undefined
  const [a, b] = inputs.map((id) => masked(graph, id))
  if (a === undefined || b?.mask !== a.mask || graph.node(a.mask).shape.length !== shape.length) return undefined
  return graph.add('Multiply', [graph.add(op, [a.value, b.value], shape, dtype), a.mask], shape, dtype)
}
