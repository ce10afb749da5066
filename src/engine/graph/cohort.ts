import { GraphBuilder } from './graph-builder.js'
import type { Graph, Node } from './graph.js'
import { elementwise, reductions, transcendental } from './operations.js'
import { sumAsProduct } from './sum-as-product.js'
import { sizeOf, withRank } from './shapes.js'
import { hoisted } from './views.js'

/** Rewrites one node for a cohort; `inputs` are already rewritten. */
type Batching = (builder: GraphBuilder, node: Node, inputs: readonly number[]) => number

/** Vectors of any instruction set end on multiples of this many float32. */
export const laneWidth = 16

/** Where a value has the cohort axis, axes of extent 1 come between it and the client's own, up to `rank`. */
const aligned = (builder: GraphBuilder, id: number, rank: number): number => {
  const { shape, dtype, batched } = builder.node(id)
  return batched && shape.length < rank ? builder.add('Reshape', [id], withRank(shape, rank), dtype) : id
}

/** The operation as it stands; axes count from the client's first. */
const same: Batching = (builder, { op, shape, dtype, attributes }, inputs) =>
  builder.add(op, inputs, shape, dtype, attributes)

const broadcasting: Batching = (builder, node, inputs) => {
  const operands = inputs.map((id) => aligned(builder, id, node.shape.length))
  return hoisted(builder, node, operands) ?? same(builder, node, operands)
}

/**
 * A series gives other bits in a vector's lanes than in the scalar loop after the last whole vector. So that a value's
 * place among the cohort's does not matter, every client's values fill whole vectors.
 */
const inWholeVectors: Batching = (builder, node, inputs) => {
  const size = sizeOf(node.shape)
  const rest = size % laneWidth
  if (rest === 0 || !inputs.some((id) => builder.node(id).batched)) return broadcasting(builder, node, inputs)
  const padded = size + laneWidth - rest
  const flat = inputs.map((id) => {
    const { dtype, shape, batched } = builder.node(id)
    if (!batched && sizeOf(shape) === 1) return builder.add('Reshape', [id], [], dtype)
    const whole = builder.add('BroadcastTo', [aligned(builder, id, node.shape.length)], node.shape, dtype)
    const row = builder.add('Reshape', [whole], [size], dtype)
    return builder.add('PadV2', [row], [padded], dtype, { before: [0], after: [padded - size], value: 0 })
  })
  const computed = builder.add(node.op, flat, [padded], node.dtype, node.attributes)
  const cut = builder.add('Slice', [computed], [size], node.dtype, { begin: [0], size: [size] })
  return builder.add('Reshape', [cut], node.shape, node.dtype)
}

/** Both operands get the rank of the result, so that stacks of matrices meet stacks and clients meet clients. */
const product: Batching = (builder, node, inputs) =>
  same(builder, node, inputs.map((id) => aligned(builder, id, node.shape.length)))

/** All parts get the cohort axis if one of them has it. */
const together: Batching = (builder, node, inputs) => {
  const model = inputs.find((id) => builder.node(id).batched)
  if (model === undefined) return same(builder, node, inputs)
  return same(builder, node, inputs.map((id) => replicated(builder, id, model)))
}

/** A value that is the same for all clients, once for each of the clients that `model` has. */
const replicated = (builder: GraphBuilder, id: number, model: number): number => {
  const { shape, dtype, batched } = builder.node(id)
  return batched ? id : builder.add('Replicate', [id, model], shape, dtype)
}

/** Ids that differ between clients pick along the first axis; another axis is turned to the front and back again. */
const gathering: Batching = (builder, node, inputs) => {
  const [table, ids] = inputs.map((id) => builder.node(id))
  const axis = node.attributes.axis as number
  if (axis === 0 || !ids.batched) return same(builder, node, inputs)
  const order = [axis, ...table.shape.map((_, i) => i).filter((i) => i !== axis)]
  const turned = builder.add('Transpose', [table.id], order.map((i) => table.shape[i]), table.dtype, { perm: order })
  const rest = order.slice(1).map((i) => table.shape[i])
  const rows = builder.add('GatherV2', [turned, ids.id], [...ids.shape, ...rest], node.dtype, { axis: 0 })
  const count = ids.shape.length
  const back = node.shape.map((_, i) => {
    if (i < axis) return count + i
    return i < axis + count ? i - axis : i
  })
  return builder.add('Transpose', [rows], node.shape, node.dtype, { perm: back })
}

/** How each operation is rewritten. */
export const batchings: Readonly<Record<string, Batching>> = {
  ...Object.fromEntries([...elementwise].map((op) => [op, broadcasting])),
  ...Object.fromEntries([...transcendental, 'Pow'].map((op) => [op, inWholeVectors])),
  ...Object.fromEntries(['Reshape', 'Transpose', 'Slice', 'PadV2', 'Tile', 'OneHot', 'Cumsum'].map((op) => [op, same])),
  ...Object.fromEntries(reductions.map((op) => [op, same])),
  Sum: sumAsProduct,
  Mean: sumAsProduct,
  Softmax: same,
  BroadcastTo: broadcasting,
  BatchMatMul: product,
  Concat: together,
  GatherV2: gathering,
  UnsortedSegmentSum: together,
}

const rewrite = (graph: Graph, batched: boolean): Graph => {
  const builder = new GraphBuilder()
  const numbers: number[] = []
  for (const node of graph.nodes) {
    const { op, source, values, shape, dtype } = node
    if (source) numbers.push(builder.input(source, shape, dtype, batched))
    else if (values) numbers.push(builder.constant(values, shape, dtype))
    else numbers.push(batchings[op](builder, node, node.inputs.map((input) => numbers[input])))
  }
  const model = numbers.find((id) => builder.node(id).batched)
  return builder.finish(
    graph.outputs.map(({ sink, node }) => {
      const id = numbers[node]
      return { sink, node: model === undefined ? id : replicated(builder, id, model) }
    }),
  )
}

/**
 * Rewrites a graph of one client for a cohort: every input gets a leading axis that counts clients, and so does all
 * that depends on one. What depends on none stays as it is and is broadcast.
 *
 * No client's result depends, in a single bit, on who shares the run: sums run over fixed blocks of one client, written
 * as products, and series over whole vectors of one client.
 */
export const cohort = (graph: Graph): Graph => rewrite(graph, true)

/**
 * The same graph without the axis, for clients that run one by one: sums are products here too, because a reduction's
 * bits depend on where in memory its operand starts.
 */
export const solo = (graph: Graph): Graph => rewrite(graph, false)
