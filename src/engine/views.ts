import type { GraphBuilder } from './graph-builder.js'
import type { Node } from './graph.js'
import { sameShape, sizeOf, type Shape } from './shapes.js'

/** The shape of what a view looks at, where that has as many elements. */
const beneath = (builder: GraphBuilder, id: number): Shape | undefined => {
  const { op, inputs } = builder.node(id)
  return op === 'Reshape' ? builder.node(inputs[0]).shape : undefined
}

/**
 * An elementwise node over views, computed on what lies beneath them and viewed afterwards. Views that meet then cancel:
 * a bias's gradient is [1, units] and its parameter [units], and no step has to turn one into the other. Inputs, whose
 * declared shape the emitter may choose, and single elements take any view. Nothing if the views do not agree.
 */
export const hoisted = (builder: GraphBuilder, node: Node, operands: readonly number[]): number | undefined => {
  const full = operands.filter((id) => sizeOf(builder.node(id).shape) > 1)
  const shape = full.map((id) => beneath(builder, id)).find((candidate) => candidate !== undefined)
  if (shape === undefined || sizeOf(shape) !== sizeOf(node.shape)) return undefined
  const agree = full.every((id) => {
    const { op, shape: own } = builder.node(id)
    if (!sameShape(own, node.shape)) return false
    return op === 'Input' || sameShape(beneath(builder, id) ?? [], shape)
  })
  if (!agree || node.op === 'BroadcastTo') return undefined
  const lowered = operands.map((id) => {
    const { shape: own, dtype, batched } = builder.node(id)
    if (sizeOf(own) > 1) return builder.add('Reshape', [id], shape, dtype)
    return builder.add('Reshape', [id], batched ? shape.map(() => 1) : [], dtype)
  })
  const computed = builder.add(node.op, lowered, shape, node.dtype, node.attributes)
  return builder.add('Reshape', [computed], node.shape, node.dtype)
}
