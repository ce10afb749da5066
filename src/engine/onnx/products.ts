import { axisIn } from '../graph/graph.js'
import type { Emit } from './emission.js'

/**
 * Columns up to which a product with a transposed left side is computed the other way round, (B^T A)^T, because the
 * runtime turns the left side row by row for few columns: 17 microseconds instead of 22 for 136 x 256 x 8, and
 * 94 instead of 118 for 272 x 1024 x 16.
 */
const fewColumns = 16

const matMul: Emit = ({ writer, name }, { inputs, attributes, shape, batched }) => {
  const { transposeA, transposeB } = attributes
  const [rows, columns] = shape
  const narrow = shape.length === 2 && !batched && columns <= fewColumns && rows > 4 * columns && columns > 1
  if (narrow && transposeA && !transposeB) {
    const turned = writer.op('FusedMatMul', inputs.map(name).toReversed(), { transA: 1, transB: 0 }, 'com.microsoft')
    return writer.op('Transpose', [turned], { perm: [1, 0] })
  }
  if (!transposeA && !transposeB) return writer.op('MatMul', inputs.map(name))
  const flags = { transA: Number(transposeA), transB: Number(transposeB) }
  return writer.op('FusedMatMul', inputs.map(name), flags, 'com.microsoft')
}

/** Operator set 17 takes the axes of a sum as an input, and those of other reductions as an attribute. */
const reduction = (op: string): Emit => ({ writer, name, node: at }, node) => {
  const [x] = node.inputs
  const axes = (node.attributes.axes as readonly number[]).map((axis) => axisIn(node, axis))
  // A result with as many axes as before kept those of extent 1.
  const keepdims = Number(node.shape.length === at(x).shape.length)
  if (op === 'ReduceSum') return writer.op(op, [name(x), writer.whole(...axes)], { keepdims })
  return writer.op(op, [name(x)], { axes, keepdims })
}

export const productEmitters: Readonly<Record<string, Emit>> = {
  BatchMatMul: matMul,
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Softmax: ({ writer, name }, { inputs }) => writer.op('Softmax', inputs.map(name), { axis: -1 }),
}
