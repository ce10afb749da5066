import { axisIn, type Node } from '../graph/graph.js'
import { openShape, overAxes, reshaped, viewed, type Emission, type Emit } from './emission.js'

const vector = (node: Node, name: string): number[] => [...(node.attributes[name] as readonly number[])]

const slice: Emit = ({ writer, name }, node) => {
  const x = name(node.inputs[0])
  const begin = vector(node, 'begin')
  if (node.attributes.strides === undefined) {
    const ends = [writer.whole(...overAxes(node, 0, begin)), writer.whole(...overAxes(node, -1, node.shape))]
    return writer.op('Slice', [x, ...ends], { T: node.dtype, Index: 'int32' })
  }
  const strides = vector(node, 'strides')
  const end = begin.map((start, axis) => start + strides[axis] * node.shape[axis])
  // A masked end is as far as the stride goes: the cohort's last client, or past the front, where -1 means the back.
  const open = overAxes(node, -1, end).reduce((mask, past, axis) => (past < 0 ? mask | (1 << axis) : mask), 0)
  const whole = (first: number, entries: number[]): string => writer.whole(...overAxes(node, first, entries))
  return writer.op('StridedSlice', [x, whole(0, begin), whole(0, end), whole(1, strides)], {
    T: node.dtype, Index: 'int32', begin_mask: { int: 0 }, end_mask: { int: open }, ellipsis_mask: { int: 0 },
    new_axis_mask: { int: 0 }, shrink_axis_mask: { int: 0 },
  })
}

const pad: Emit = ({ writer, name }, node) => {
  const [before, after] = [vector(node, 'before'), vector(node, 'after')]
  const ends = [...overAxes(node, 0, before).keys()].flatMap((axis) => [
    overAxes(node, 0, before)[axis], overAxes(node, 0, after)[axis],
  ])
  const value = writer.constant(node.dtype, [node.attributes.value as number], [])
  const paddings = writer.constant('int32', ends, [ends.length / 2, 2])
  return writer.op('PadV2', [name(node.inputs[0]), paddings, value], { T: node.dtype, Tpaddings: 'int32' })
}

const tile = ({ writer, name }: Emission, node: Node, reps: readonly number[]): string =>
  writer.op('Tile', [name(node.inputs[0]), writer.whole(...overAxes(node, 1, reps))], {
    T: node.dtype, Tmultiples: 'int32',
  })

/** A value with the cohort axis has the rank of the result already, and is repeated along its axes of extent 1. */
const broadcastTo: Emit = (emission, node) => {
  const { writer, name, node: at } = emission
  if (node.batched) return tile(emission, node, node.shape.map((extent, i) => extent / at(node.inputs[0]).shape[i]))
  return writer.op('BroadcastTo', [name(node.inputs[0]), writer.whole(...node.shape)], { T: node.dtype, Tidx: 'int32' })
}

/** Rows of one table by everybody's ids, or by each client's ids of its own table. */
const gather: Emit = ({ writer, name, node: at }, { inputs, attributes, dtype }) => {
  const [table, ids] = inputs.map((id) => at(id))
  const axis = writer.constant('int32', [axisIn(table, attributes.axis as number)], [])
  return writer.op('GatherV2', [...inputs.map(name), axis], {
    Tparams: dtype, Tindices: 'int32', Taxis: 'int32', batch_dims: { int: table.batched && ids.batched ? 1 : 0 },
  })
}

/** Sums of the rows with the same id: each client's rows go to a stretch of its own in one long table. */
const segmentSum: Emit = ({ writer, name, node: at, clients }, node) => {
  const [x, ids] = node.inputs.map((id) => at(id))
  const [segments, ...row] = node.shape
  const types = { T: node.dtype, Tindices: 'int32', Tnumsegments: 'int32' } as const
  const count = writer.constant('int32', [segments], [])
  if (!node.batched) return writer.op('UnsortedSegmentSum', [name(x.id), name(ids.id), count], types)
  const int = { T: 'int32' } as const
  const all = reshaped(writer, clients(), 'int32', [])
  const scalar = (value: number): string => writer.constant('int32', [value], [])
  const order = writer.op('Range', [scalar(0), all, scalar(1)], { Tidx: 'int32' })
  const starts = reshaped(writer, writer.op('Mul', [order, count], int), 'int32', [-1, ...ids.shape.map(() => 1)])
  const places = reshaped(writer, writer.op('AddV2', [name(ids.id), starts], int), 'int32', [-1])
  const rows = reshaped(writer, name(x.id), node.dtype, [-1, ...row])
  const length = writer.op('Mul', [all, count], int)
  return viewed(writer, writer.op('UnsortedSegmentSum', [rows, places, length], types), node, node.shape)
}

const oneHot: Emit = ({ writer, name }, { inputs, attributes, dtype }) => {
  const value = (number: unknown): string => writer.constant(dtype, [Number(number)], [])
  const depth = writer.constant('int32', [attributes.depth as number], [])
  return writer.op('OneHot', [name(inputs[0]), depth, value(attributes.on), value(attributes.off)], {
    T: dtype, TI: 'int32', axis: { int: -1 },
  })
}

export const shapingEmitters: Readonly<Record<string, Emit>> = {
  Reshape: ({ writer, name }, node) => viewed(writer, name(node.inputs[0]), node, node.shape),
  Transpose: ({ writer, name }, node) => {
    const perm = overAxes(node, 0, vector(node, 'perm').map((axis) => axisIn(node, axis)))
    return writer.op('Transpose', [name(node.inputs[0]), writer.whole(...perm)], { T: node.dtype, Tperm: 'int32' })
  },
  BroadcastTo: broadcastTo,
  Replicate: ({ writer, name, clients }, { inputs: [x], shape, dtype }) =>
    writer.op('BroadcastTo', [name(x), openShape(writer, clients(), shape)], { T: dtype, Tidx: 'int32' }),
  Concat: ({ writer, name }, node) => {
    if (node.inputs.length === 1) return name(node.inputs[0])
    const axis = writer.constant('int32', [axisIn(node, node.attributes.axis as number)], [])
    return writer.op('ConcatV2', [...node.inputs.map(name), axis], {
      T: node.dtype, Tidx: 'int32', N: { int: node.inputs.length },
    })
  },
  Slice: slice,
  PadV2: pad,
  Tile: (emission, node) => tile(emission, node, vector(node, 'reps')),
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  OneHot: oneHot,
  Cumsum: ({ writer, name }, node) => {
    const axis = writer.constant('int32', [axisIn(node, node.attributes.axis as number)], [])
    const { exclusive, reverse } = node.attributes
    return writer.op('Cumsum', [name(node.inputs[0]), axis], {
      T: node.dtype, Tidx: 'int32', exclusive: Boolean(exclusive), reverse: Boolean(reverse),
    })
  },
}
