import type { GraphBuilder } from './graph-builder.js'
import type { Node } from './graph.js'
import { elementwise } from './operations.js'
import { sameShape, sizeOf, type Shape } from './shapes.js'

/** The shape of what a view looks at. */
const beneath = (builder: GraphBuilder, id: number): Shape | undefined => {
  const { op, inputs } = builder.node(id)
  return op === 'Reshape' ? builder.node(inputs[0]).shape : undefined
}

const full = (builder: GraphBuilder, ids: readonly number[]): readonly number[] =>
  ids.filter((id) => sizeOf(builder.node(id).shape) > 1)

/**
 * Whether a value can be had in another shape for nothing: a view of that shape, an input (the emitter chooses the
 * shape in which it is declared), or an elementwise value of such.
 */
const flexible = (builder: GraphBuilder, id: number, shape: Shape): boolean => {
  const { op, inputs, shape: own } = builder.node(id)
  if (op === 'Input') return true
  if (op === 'Reshape') return sameShape(beneath(builder, id)!, shape)
  if (!elementwise.has(op)) return false
  return full(builder, inputs).every(
    (input) => sameShape(builder.node(input).shape, own) && flexible(builder, input, shape),
  )
}

/** A flexible value in that shape. Single elements get its rank. */
const reshaped = (builder: GraphBuilder, id: number, shape: Shape): number => {
  const { op, inputs, shape: own, dtype, batched, attributes } = builder.node(id)
  if (sizeOf(own) === 1) return builder.add('Reshape', [id], batched ? shape.map(() => 1) : [], dtype)
  if (op === 'Input' || op === 'Reshape') return builder.add('Reshape', [id], shape, dtype)
  return builder.add(op, inputs.map((input) => reshaped(builder, input, shape)), shape, dtype, attributes)
}

/**
 * An elementwise node over views, computed on what lies beneath them and viewed afterwards. Views that meet then
 * cancel: a bias's gradient is [1, units] and its parameter [units], and no step has to turn one into the other.
 * Nothing if the operands do not agree on a shape.
 */
export const hoisted = (builder: GraphBuilder, node: Node, operands: readonly number[]): number | undefined => {
  const large = full(builder, operands)
  const shape = large.map((id) => beneath(builder, id)).find((candidate) => candidate !== undefined)
  if (shape === undefined || node.op === 'BroadcastTo') return undefined
  const agree = large.every((id) => sameShape(builder.node(id).shape, node.shape) && flexible(builder, id, shape))
  if (!agree) return undefined
  const lowered = operands.map((id) => reshaped(builder, id, shape))
  const computed = builder.add(node.op, lowered, shape, node.dtype, node.attributes)
  return builder.add('Reshape', [computed], node.shape, node.dtype)
}
