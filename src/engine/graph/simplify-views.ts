import type { Node } from './graph.js'
import { elementwise } from './operations.js'
import { broadcast, coreOf, sameShape, sizeOf, withRank, type Shape } from './shapes.js'
import type { SimplifyRule } from './simplify-rule.js'

/** A view of a constant is a constant. */
export const reshapeConstant: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  const values = op === 'Reshape' ? graph.node(inputs[0]).values : undefined
  return values && graph.constant(values, shape, dtype)
}

export const reshapes: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  if (op !== 'Reshape') return undefined
  const x = graph.node(inputs[0])
  if (sameShape(x.shape, shape)) return x.id
  if (x.op === 'Reshape') return graph.add('Reshape', x.inputs, shape, dtype)
  if (x.op !== 'BroadcastTo') return undefined
  const source = graph.node(x.inputs[0])
  if (sizeOf(source.shape) === 1) {
    const single = graph.add('Reshape', [source.id], shape.map(() => 1), dtype)
    return graph.add('BroadcastTo', [single], shape, dtype)
  }
  if (!sameShape(coreOf(x.shape), coreOf(shape))) return undefined
  const extents = withRank(source.shape, x.shape.length).filter((_, axis) => x.shape[axis] !== 1)
  const view = shape.map((extent) => (extent === 1 ? 1 : extents.shift()!))
  return graph.add('BroadcastTo', [graph.add('Reshape', [source.id], view, dtype)], shape, dtype)
}

export const transposes: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Transpose') return undefined
  const x = graph.node(inputs[0])
  const perm = attributes.perm as readonly number[]
  const moving = perm.filter((axis) => x.shape[axis] !== 1)
  if (moving.every((axis, i) => i === 0 || moving[i - 1] < axis)) return graph.add('Reshape', [x.id], shape, dtype)
  if (x.op !== 'Transpose') return undefined
  const inner = x.attributes.perm as readonly number[]
  return graph.add('Transpose', x.inputs, shape, dtype, { perm: perm.map((axis) => inner[axis]) })
}

/** A broadcast, a slice or a repetition that changes nothing; a repetition of single elements. */
export const idle: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (!['BroadcastTo', 'Slice', 'Tile', 'PadV2', 'Concat'].includes(op)) return undefined
  const x = graph.node(inputs[0])
  if (inputs.length === 1 && sameShape(x.shape, shape) && attributes.strides === undefined) return x.id
  if (op === 'BroadcastTo' && sizeOf(x.shape) === sizeOf(shape)) return graph.add('Reshape', inputs, shape, dtype)
  if (op === 'BroadcastTo' && x.op === 'BroadcastTo') return graph.add(op, x.inputs, shape, dtype)
  if (op !== 'Tile') return undefined
  const single = (attributes.reps as readonly number[]).every((times, axis) => times === 1 || x.shape[axis] === 1)
  return single ? graph.add('BroadcastTo', [x.id], shape, dtype) : undefined
}

/** `rest` broadcast on its own has the shape of the whole, so an operand can be left out of the reckoning. */
const reaches = (shape: Shape, ...rest: readonly Shape[]): boolean => sameShape(broadcast(...rest), shape)

/** Elementwise operations broadcast by themselves: their operands need not be, and equal elements need only one. */
export const implicitBroadcast: SimplifyRule = (graph, draft) => {
  const { op, inputs, shape, dtype, attributes } = draft
  if (!elementwise.has(op)) return undefined
  const operands = inputs.map((id) => {
    const x = graph.node(id)
    if (x.op === 'BroadcastTo') return x.inputs[0]
    const value = x.shape.length > 0 ? graph.uniform(id) : undefined
    return value === undefined ? id : graph.constant([value], [], x.dtype)
  })
  if (operands.every((id, i) => id === inputs[i])) return undefined
  const shapes = operands.map((id) => graph.node(id).shape)
  if (reaches(shape, ...shapes)) return graph.add(op, operands, shape, dtype, attributes)
  const small = graph.add(op, operands, broadcast(...shapes), dtype, attributes)
  return graph.add('BroadcastTo', [small], shape, dtype)
}

/** A product reads its operands transposed without a pass of its own. */
export const transposedOperands: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'BatchMatMul') return undefined
  const operands = inputs.map((id) => {
    const x = graph.node(id)
    const perm = x.op === 'Transpose' ? (x.attributes.perm as readonly number[]) : []
    const rank = perm.length
    const last = rank >= 2 && perm[rank - 1] === rank - 2 && perm[rank - 2] === rank - 1
    const flip = last && perm.slice(0, -2).every((axis, i) => axis === i)
    return { id: flip ? x.inputs[0] : id, flip }
  })
  const [a, b] = operands
  if (!a.flip && !b.flip) return undefined
  return graph.add(op, [a.id, b.id], shape, dtype, {
    transposeA: attributes.transposeA !== a.flip,
    transposeB: attributes.transposeB !== b.flip,
  })
}

/** Whether b begins where a ends along an axis, as pieces of one value. */
const adjacent = (a: Node, b: Node, axis: number): boolean => {
  if (a.op !== 'Slice' || b.op !== 'Slice' || a.inputs[0] !== b.inputs[0]) return false
  if (a.attributes.strides !== undefined || b.attributes.strides !== undefined) return false
  const [from, to] = [a.attributes.begin as Shape, b.attributes.begin as Shape]
  return to.every((start, i) => start === from[i] + (i === axis ? a.shape[axis] : 0))
}

/** All pieces of a value, joined again in their order, are the value; joined constants are a constant. */
export const rejoined: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Concat') return undefined
  const parts = inputs.map((id) => graph.node(id))
  const axis = attributes.axis as number
  if (parts.every((part, i) => part.op === 'Slice' && (i === 0 || adjacent(parts[i - 1], part, axis)))) {
    const [whole] = parts[0].inputs
    return sameShape(graph.node(whole).shape, shape) ? whole : undefined
  }
  if (!parts.every(({ values }) => values !== undefined) || sizeOf(shape.slice(0, axis)) > 1) return undefined
  const values = parts.flatMap((part) => {
    const all = Array.from(part.values!)
    return all.length === 1 ? Array.from({ length: sizeOf(part.shape) }, () => all[0]) : all
  })
  return graph.constant(values, shape, dtype)
}

/** A sum over axes of extent 1 is a view; one over nothing is nothing. */
export const thinReduction: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Sum' && op !== 'Mean' && op !== 'Max' && op !== 'Min') return undefined
  const { shape: from } = graph.node(inputs[0])
  return (attributes.axes as readonly number[]).every((axis) => from[axis] === 1)
    ? graph.add('Reshape', inputs, shape, dtype)
    : undefined
}
