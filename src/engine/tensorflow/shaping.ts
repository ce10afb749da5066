import { axisIn, type Node } from '../graph/graph.js'
import { openShape, overAxes, reshaped, viewed, type Emission, type Emit } from './emission.js'

const vector = (node: Node, name: string): number[] => [...(node.attributes[name] as readonly number[])]

const slice: Emit = ({ sheet, name }, node) => {
  const x = name(node.inputs[0])
  const begin = vector(node, 'begin')
  if (node.attributes.strides === undefined) {
    const ends = [sheet.whole(...overAxes(node, 0, begin)), sheet.whole(...overAxes(node, -1, node.shape))]
    return sheet.op('Slice', [x, ...ends], { T: node.dtype, Index: 'int32' })
  }
  const strides = vector(node, 'strides')
  const end = begin.map((start, axis) => start + strides[axis] * node.shape[axis])
  // A masked end is as far as the stride goes: the cohort's last client, or past the front, where -1 means the back.
  const open = overAxes(node, -1, end).reduce((mask, past, axis) => (past < 0 ? mask | (1 << axis) : mask), 0)
  const whole = (first: number, entries: number[]): string => sheet.whole(...overAxes(node, first, entries))
  return sheet.op('StridedSlice', [x, whole(0, begin), whole(0, end), whole(1, strides)], {
    T: node.dtype, Index: 'int32', begin_mask: { int: 0 }, end_mask: { int: open }, ellipsis_mask: { int: 0 },
    new_axis_mask: { int: 0 }, shrink_axis_mask: { int: 0 },
  })
}

const pad: Emit = ({ sheet, name }, node) => {
  const [before, after] = [vector(node, 'before'), vector(node, 'after')]
  const ends = [...overAxes(node, 0, before).keys()].flatMap((axis) => [
    overAxes(node, 0, before)[axis], overAxes(node, 0, after)[axis],
  ])
  const value = sheet.constant(node.dtype, [node.attributes.value as number], [])
  const paddings = sheet.constant('int32', ends, [ends.length / 2, 2])
  return sheet.op('PadV2', [name(node.inputs[0]), paddings, value], { T: node.dtype, Tpaddings: 'int32' })
}

const tile = ({ sheet, name }: Emission, node: Node, reps: readonly number[]): string =>
  sheet.op('Tile', [name(node.inputs[0]), sheet.whole(...overAxes(node, 1, reps))], {
    T: node.dtype, Tmultiples: 'int32',
  })

/** A value with the cohort axis has the rank of the result already, and is repeated along its axes of extent 1. */
const broadcastTo: Emit = (emission, node) => {
  const { sheet, name, node: at } = emission
  if (node.batched) return tile(emission, node, node.shape.map((extent, i) => extent / at(node.inputs[0]).shape[i]))
  return sheet.op('BroadcastTo', [name(node.inputs[0]), sheet.whole(...node.shape)], { T: node.dtype, Tidx: 'int32' })
}

/** Rows of one table by everybody's ids, or by each client's ids of its own table. */
const gather: Emit = ({ sheet, name, node: at }, { inputs, attributes, dtype }) => {
  const [table, ids] = inputs.map((id) => at(id))
  const axis = sheet.constant('int32', [axisIn(table, attributes.axis as number)], [])
  return sheet.op('GatherV2', [...inputs.map(name), axis], {
    Tparams: dtype, Tindices: 'int32', Taxis: 'int32', batch_dims: { int: table.batched && ids.batched ? 1 : 0 },
  })
}

/** Sums of the rows with the same id: each client's rows go to a stretch of its own in one long table. */
const segmentSum: Emit = ({ sheet, name, node: at, clients }, node) => {
  const [x, ids] = node.inputs.map((id) => at(id))
  const [segments, ...row] = node.shape
  const types = { T: node.dtype, Tindices: 'int32', Tnumsegments: 'int32' } as const
  const count = sheet.constant('int32', [segments], [])
  if (!node.batched) return sheet.op('UnsortedSegmentSum', [name(x.id), name(ids.id), count], types)
  const int = { T: 'int32' } as const
  const all = reshaped(sheet, clients(), 'int32', [])
  const scalar = (value: number): string => sheet.constant('int32', [value], [])
  const order = sheet.op('Range', [scalar(0), all, scalar(1)], { Tidx: 'int32' })
  const starts = reshaped(sheet, sheet.op('Mul', [order, count], int), 'int32', [-1, ...ids.shape.map(() => 1)])
  const places = reshaped(sheet, sheet.op('AddV2', [name(ids.id), starts], int), 'int32', [-1])
  const rows = reshaped(sheet, name(x.id), node.dtype, [-1, ...row])
  const length = sheet.op('Mul', [all, count], int)
  return viewed(sheet, sheet.op('UnsortedSegmentSum', [rows, places, length], types), node, node.shape)
}

const oneHot: Emit = ({ sheet, name }, { inputs, attributes, dtype }) => {
  const value = (number: unknown): string => sheet.constant(dtype, [Number(number)], [])
  const depth = sheet.constant('int32', [attributes.depth as number], [])
  return sheet.op('OneHot', [name(inputs[0]), depth, value(attributes.on), value(attributes.off)], {
    T: dtype, TI: 'int32', axis: { int: -1 },
  })
}

export const shapingEmitters: Readonly<Record<string, Emit>> = {
  Reshape: ({ sheet, name }, node) => viewed(sheet, name(node.inputs[0]), node, node.shape),
  Transpose: ({ sheet, name }, node) => {
    const perm = overAxes(node, 0, vector(node, 'perm').map((axis) => axisIn(node, axis)))
    return sheet.op('Transpose', [name(node.inputs[0]), sheet.whole(...perm)], { T: node.dtype, Tperm: 'int32' })
  },
  BroadcastTo: broadcastTo,
  Replicate: ({ sheet, name, clients }, { inputs: [x], shape, dtype }) =>
    sheet.op('BroadcastTo', [name(x), openShape(sheet, clients(), shape)], { T: dtype, Tidx: 'int32' }),
  Concat: ({ sheet, name }, node) => {
    if (node.inputs.length === 1) return name(node.inputs[0])
    const axis = sheet.constant('int32', [axisIn(node, node.attributes.axis as number)], [])
    return sheet.op('ConcatV2', [...node.inputs.map(name), axis], {
      T: node.dtype, Tidx: 'int32', N: { int: node.inputs.length },
    })
  },
  Slice: slice,
  PadV2: pad,
  Tile: (emission, node) => tile(emission, node, vector(node, 'reps')),
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Cumsum: ({ sheet, name }, node) => {
    const axis = sheet.constant('int32', [axisIn(node, node.attributes.axis as number)], [])
    const { exclusive, reverse } = node.attributes
    return sheet.op('Cumsum', [name(node.inputs[0]), axis], {
      T: node.dtype, Tidx: 'int32', exclusive: Boolean(exclusive), reverse: Boolean(reverse),
    })
  },
}
