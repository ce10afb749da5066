import { laneWidth } from '../graph/cohort.js'
import { axisIn } from '../graph/graph.js'
import { sizeOf } from '../graph/shapes.js'
import { reshaped, viewed, type Emit } from './emission.js'

const matMul: Emit = ({ writer, name, node: at }, { inputs, attributes }) => {
  const flat = inputs.every((id) => at(id).shape.length === 2 && !at(id).batched)
  const [a, b] = [Boolean(attributes.transposeA), Boolean(attributes.transposeB)]
  return flat
    ? writer.op('MatMul', inputs.map(name), { T: 'float32', transpose_a: a, transpose_b: b })
    : writer.op('BatchMatMulV2', inputs.map(name), { T: 'float32', adj_x: a, adj_y: b })
}

const reduction = (op: string): Emit => ({ writer, name, node: at }, node) => {
  const [x] = node.inputs
  const axes = (node.attributes.axes as readonly number[]).map((axis) => axisIn(node, axis))
  // A result with as many axes as before kept those of extent 1.
  const keep = node.shape.length === at(x).shape.length
  return writer.op(op, [name(x), writer.whole(...axes)], { T: node.dtype, Tidx: 'int32', keep_dims: keep })
}

/** The least multiple of `step` that is at least `count`. */
const upTo = (count: number, step: number): number => Math.ceil(count / step) * step

/** The least number of rows of so many classes that fills whole vectors. */
const wholeRows = (rows: number, classes: number): number => {
  let step = 1
  while ((step * classes) % laneWidth !== 0) step *= 2
  return upTo(rows, step)
}

/**
 * TensorFlow raises all logits of a run to powers in one pass, whose vectors and scalar tail give other bits: so that
 * a client's place does not matter, its rows are padded until they fill whole vectors.
 */
const softmax: Emit = ({ writer, name }, node) => {
  const { inputs, shape, batched } = node
  const x = name(inputs[0])
  const classes = shape.at(-1)!
  const rows = sizeOf(shape) / classes
  const padded = wholeRows(rows, classes)
  const float = { T: 'float32' } as const
  if (!batched || padded === rows) return writer.op('Softmax', [x], float)
  const table = reshaped(writer, x, 'float32', [-1, rows, classes])
  const ends = writer.constant('int32', [0, 0, 0, padded - rows, 0, 0], [3, 2])
  const whole = writer.op('PadV2', [table, ends, writer.float(0)], { ...float, Tpaddings: 'int32' })
  const sought = [writer.op('Softmax', [whole], float), writer.whole(0, 0, 0), writer.whole(-1, rows, classes)]
  return viewed(writer, writer.op('Slice', sought, { ...float, Index: 'int32' }), node, shape)
}

export const productEmitters: Readonly<Record<string, Emit>> = {
  BatchMatMul: matMul,
  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Softmax: softmax,
}
