import { axisIn, type Node } from '../graph/graph.js'
import { clientsOf, viewed, type Emission, type Emit } from './emission.js'
import { elementTypes } from './model.js'

const vector = (node: Node, name: string): number[] => [...(node.attributes[name] as readonly number[])]

/** A vector over the client's axes, with `first` for the cohort axis. */
const overAxes = (node: Node, first: number, entries: readonly number[]): number[] =>
  node.batched ? [first, ...entries] : [...entries]

const slice: Emit = ({ writer, name, node: at }, node) => {
  const [x] = node.inputs
  const begin = vector(node, 'begin')
  const strides = node.attributes.strides === undefined ? begin.map(() => 1) : vector(node, 'strides')
  const full = at(x).shape
  const axes = begin.map((_, axis) => axis).filter((axis) => strides[axis] !== 1 || node.shape[axis] !== full[axis])
  const end = (axis: number): number => {
    const past = begin[axis] + strides[axis] * node.shape[axis]
    // Past the front: ONNX counts a negative end from the back, so it must be out of range there too.
    return past < 0 ? past - full[axis] : past
  }
  return writer.op('Slice', [
    name(x),
    writer.whole(...axes.map((axis) => begin[axis])),
    writer.whole(...axes.map(end)),
    writer.whole(...axes.map((axis) => axisIn(node, axis))),
    writer.whole(...axes.map((axis) => strides[axis])),
  ])
}

const pad: Emit = ({ writer, name }, node) => {
  const ends = [...overAxes(node, 0, vector(node, 'before')), ...overAxes(node, 0, vector(node, 'after'))]
  const value = writer.constant(node.dtype === 'float32' ? 'float32' : 'int32', [node.attributes.value as number], [])
  return writer.op('Pad', [name(node.inputs[0]), writer.whole(...ends), value])
}

/** [ids, 1] int64: the places of the clients' own rows in all their tables of `rows` rows, one after the other. */
const places = ({ writer, name }: Emission, ids: Node, model: string, rows: number): string => {
  const index = writer.op('Cast', [name(ids.id)], { to: elementTypes.int64 })
  if (!ids.batched) return viewed(writer, index, false, [...ids.shape, 1])
  const count = writer.op('Squeeze', [clientsOf(writer, model)])
  const order = writer.op('Range', [writer.constant('int64', [0], []), count, writer.constant('int64', [1], [])])
  const starts = viewed(writer, writer.op('Mul', [order, writer.whole(rows)]), false, [-1, ...ids.shape.map(() => 1)])
  return writer.op('Reshape', [writer.op('Add', [index, starts]), writer.whole(-1, 1)])
}

/** Rows of one table by everybody's ids, or by each client's ids of its own table. */
const gather: Emit = (emission, node) => {
  const { writer, name } = emission
  const [table, ids] = node.inputs.map((id) => emission.node(id))
  const axis = node.attributes.axis as number
  if (!(table.batched && ids.batched)) {
    return writer.op('Gather', node.inputs.map(name), { axis: axisIn(table, axis) })
  }
  const [rows, ...row] = table.shape
  const flat = writer.op('Reshape', [name(table.id), writer.whole(-1, ...row)])
  const index = writer.op('Reshape', [places(emission, ids, name(ids.id), rows), writer.whole(-1)])
  return viewed(writer, writer.op('Gather', [flat, index], { axis: 0 }), false, [-1, ...node.shape])
}

/** Sums of the rows with the same id: each client's rows go to a stretch of its own in one long table of zeros. */
const segmentSum: Emit = (emission, node) => {
  const { writer, name } = emission
  const [x, ids] = node.inputs.map((id) => emission.node(id))
  const [segments, ...row] = node.shape
  const zero = { value: { type: node.dtype, shape: [1], bytes: new Uint8Array(4) } }
  const add = { reduction: 'add' }
  const to = places(emission, ids, name(ids.id), segments)
  if (!node.batched) {
    const zeros = writer.op('ConstantOfShape', [writer.whole(...node.shape)], zero)
    return writer.op('ScatterND', [zeros, to, name(x.id)], add)
  }
  const length = writer.op('Mul', [clientsOf(writer, name(ids.id)), writer.whole(segments)])
  const shape = row.length === 0 ? length : writer.op('Concat', [length, writer.whole(...row)], { axis: 0 })
  const rows = writer.op('Reshape', [name(x.id), writer.whole(-1, ...row)])
  const sums = writer.op('ScatterND', [writer.op('ConstantOfShape', [shape], zero), to, rows], add)
  return viewed(writer, sums, false, [-1, ...node.shape])
}

const oneHot: Emit = ({ writer, name, node: at }, { inputs, attributes, dtype }) => {
  const ids = at(inputs[0])
  const depth = attributes.depth as number
  const classes = writer.constant('int32', Array.from({ length: depth }, (_, i) => i), [depth])
  const hot = writer.op('Equal', [viewed(writer, name(ids.id), ids.batched, [...ids.shape, 1]), classes])
  if (dtype === 'bool') return hot
  const value = (number: unknown): string => writer.constant(dtype, [number as number], [])
  return writer.op('Where', [hot, value(attributes.on), value(attributes.off)])
}

export const shapingEmitters: Readonly<Record<string, Emit>> = {
  Reshape: ({ writer, name }, { inputs, batched, shape }) => viewed(writer, name(inputs[0]), batched, shape),
  Transpose: ({ writer, name }, node) =>
    writer.op('Transpose', [name(node.inputs[0])], {
      perm: overAxes(node, 0, vector(node, 'perm').map((axis) => axisIn(node, axis))),
    }),
  BroadcastTo: ({ writer, name }, node) =>
    writer.op('Expand', [name(node.inputs[0]), writer.whole(...overAxes(node, 1, node.shape))]),
  Replicate: ({ writer, name }, { inputs: [x, model], shape }) => {
    const clients = clientsOf(writer, name(model))
    const full = shape.length === 0 ? clients : writer.op('Concat', [clients, writer.whole(...shape)], { axis: 0 })
    return writer.op('Expand', [name(x), full])
  },
  Concat: ({ writer, name }, node) =>
    writer.op('Concat', node.inputs.map(name), { axis: axisIn(node, node.attributes.axis as number) }),
  Slice: slice,
  PadV2: pad,
  Tile: ({ writer, name }, node) =>
    writer.op('Tile', [name(node.inputs[0]), writer.whole(...overAxes(node, 1, vector(node, 'reps')))]),
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Cumsum: ({ writer, name }, node) => {
    const axis = writer.constant('int64', [axisIn(node, node.attributes.axis as number)], [])
    const { exclusive, reverse } = node.attributes
    return writer.op('CumSum', [name(node.inputs[0]), axis], { exclusive: Number(exclusive), reverse: Number(reverse) })
  },
}
