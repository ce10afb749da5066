import { axisIn, type Node } from '../graph/graph.js'
import { clientsOf, viewed, type Emission, type Emit } from './emission.js'
import { elementTypes } from './model.js'

const vector = (node: Node, name: string): number[] => [...(node.attributes[name] as readonly number[])]

/** A vector over the client's axes, with `first` for the cohort axis. */
const overAxes = (node: Node, first: number, entries: readonly number[]): number[] =>
  node.batched ? [first, ...entries] : [...entries]

const slice: Emit = ({ sheet, name, node: at }, node) => {
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
  return sheet.op('Slice', [
    name(x),
    sheet.whole(...axes.map((axis) => begin[axis])),
    sheet.whole(...axes.map(end)),
    sheet.whole(...axes.map((axis) => axisIn(node, axis))),
    sheet.whole(...axes.map((axis) => strides[axis])),
  ])
}

const pad: Emit = ({ sheet, name }, node) => {
  const ends = [...overAxes(node, 0, vector(node, 'before')), ...overAxes(node, 0, vector(node, 'after'))]
  const value = sheet.constant(node.dtype === 'float32' ? 'float32' : 'int32', [node.attributes.value as number], [])
  return sheet.op('Pad', [name(node.inputs[0]), sheet.whole(...ends), value])
}

/** [ids, 1] int64: the places of the clients' own rows in all their tables of `rows` rows, one after the other. */
const places = ({ sheet, name }: Emission, ids: Node, model: string, rows: number): string => {
  const index = sheet.op('Cast', [name(ids.id)], { to: elementTypes.int64 })
  if (!ids.batched) return viewed(sheet, index, false, [...ids.shape, 1])
  const count = sheet.op('Squeeze', [clientsOf(sheet, model)])
  const order = sheet.op('Range', [sheet.constant('int64', [0], []), count, sheet.constant('int64', [1], [])])
  const starts = viewed(sheet, sheet.op('Mul', [order, sheet.whole(rows)]), false, [-1, ...ids.shape.map(() => 1)])
  return sheet.op('Reshape', [sheet.op('Add', [index, starts]), sheet.whole(-1, 1)])
}

/** Rows of one table by everybody's ids, or by each client's ids of its own table. */
const gather: Emit = (emission, node) => {
  const { sheet, name } = emission
  const [table, ids] = node.inputs.map((id) => emission.node(id))
  const axis = node.attributes.axis as number
  if (!(table.batched && ids.batched)) {
    return sheet.op('Gather', node.inputs.map(name), { axis: axisIn(table, axis) })
  }
  const [rows, ...row] = table.shape
  const flat = sheet.op('Reshape', [name(table.id), sheet.whole(-1, ...row)])
  const index = sheet.op('Reshape', [places(emission, ids, name(ids.id), rows), sheet.whole(-1)])
  return viewed(sheet, sheet.op('Gather', [flat, index], { axis: 0 }), false, [-1, ...node.shape])
}

/** Sums of the rows with the same id: each client's rows go to a stretch of its own in one long table of zeros. */
const segmentSum: Emit = (emission, node) => {
  const { sheet, name } = emission
  const [x, ids] = node.inputs.map((id) => emission.node(id))
  const [segments, ...row] = node.shape
  const zero = { value: { type: node.dtype, shape: [1], bytes: new Uint8Array(4) } }
  const add = { reduction: 'add' }
  const to = places(emission, ids, name(ids.id), segments)
  if (!node.batched) {
    return sheet.op('ScatterND', [sheet.op('ConstantOfShape', [sheet.whole(...node.shape)], zero), to, name(x.id)], add)
  }
  const length = sheet.op('Mul', [clientsOf(sheet, name(ids.id)), sheet.whole(segments)])
  const shape = row.length === 0 ? length : sheet.op('Concat', [length, sheet.whole(...row)], { axis: 0 })
  const rows = sheet.op('Reshape', [name(x.id), sheet.whole(-1, ...row)])
  const sums = sheet.op('ScatterND', [sheet.op('ConstantOfShape', [shape], zero), to, rows], add)
  return viewed(sheet, sums, false, [-1, ...node.shape])
}

const oneHot: Emit = ({ sheet, name, node: at }, { inputs, attributes, dtype }) => {
  const ids = at(inputs[0])
  const depth = attributes.depth as number
  const classes = sheet.constant('int32', Array.from({ length: depth }, (_, i) => i), [depth])
  const hot = sheet.op('Equal', [viewed(sheet, name(ids.id), ids.batched, [...ids.shape, 1]), classes])
  if (dtype === 'bool') return hot
  const value = (number: unknown): string => sheet.constant(dtype, [number as number], [])
  return sheet.op('Where', [hot, value(attributes.on), value(attributes.off)])
}

export const shapingEmitters: Readonly<Record<string, Emit>> = {
  Reshape: ({ sheet, name }, { inputs, batched, shape }) => viewed(sheet, name(inputs[0]), batched, shape),
  Transpose: ({ sheet, name }, node) =>
    sheet.op('Transpose', [name(node.inputs[0])], {
      perm: overAxes(node, 0, vector(node, 'perm').map((axis) => axisIn(node, axis))),
    }),
  BroadcastTo: ({ sheet, name }, node) =>
    sheet.op('Expand', [name(node.inputs[0]), sheet.whole(...overAxes(node, 1, node.shape))]),
  Replicate: ({ sheet, name }, { inputs: [x, model], shape }) => {
    const clients = clientsOf(sheet, name(model))
    const full = shape.length === 0 ? clients : sheet.op('Concat', [clients, sheet.whole(...shape)], { axis: 0 })
    return sheet.op('Expand', [name(x), full])
  },
  Concat: ({ sheet, name }, node) =>
    sheet.op('Concat', node.inputs.map(name), { axis: axisIn(node, node.attributes.axis as number) }),
  Slice: slice,
  PadV2: pad,
  Tile: ({ sheet, name }, node) =>
    sheet.op('Tile', [name(node.inputs[0]), sheet.whole(...overAxes(node, 1, vector(node, 'reps')))]),
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Cumsum: ({ sheet, name }, node) => {
    const axis = sheet.constant('int64', [axisIn(node, node.attributes.axis as number)], [])
    const { exclusive, reverse } = node.attributes
    return sheet.op('CumSum', [name(node.inputs[0]), axis], { exclusive: Number(exclusive), reverse: Number(reverse) })
  },
}
