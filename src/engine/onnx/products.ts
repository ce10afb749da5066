import { axisIn } from '../graph/graph.js'
import type { Emit } from './emission.js'

const matMul: Emit = ({ sheet, name }, { inputs, attributes }) => {
  const { transposeA, transposeB } = attributes
  if (!transposeA && !transposeB) return sheet.op('MatMul', inputs.map(name))
  const flags = { transA: Number(transposeA), transB: Number(transposeB) }
  return sheet.op('FusedMatMul', inputs.map(name), flags, 'com.microsoft')
}

/** Operator set 17 takes the axes of a sum as an input, and those of other reductions as an attribute. */
const reduction = (op: string): Emit => ({ sheet, name, node: at }, node) => {
  const [x] = node.inputs
  const axes = (node.attributes.axes as readonly number[]).map((axis) => axisIn(node, axis))
  // A result with as many axes as before kept those of extent 1.
  const keepdims = Number(node.shape.length === at(x).shape.length)
  if (op === 'ReduceSum') return sheet.op(op, [name(x), sheet.whole(...axes)], { keepdims })
  return sheet.op(op, [name(x)], { axes, keepdims })
}

export const productEmitters: Readonly<Record<string, Emit>> = {
  BatchMatMul: matMul,
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Softmax: ({ sheet, name }, { inputs }) => sheet.op('Softmax', inputs.map(name), { axis: -1 }),
}
