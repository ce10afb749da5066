import type { DType } from '../program/body.js'
import type { Node } from '../graph/graph.js'
import type { Shape } from '../graph/shapes.js'
import type { GraphWriter } from './graph-writer.js'

/** What the emitter of one operation may ask. */
export interface Emission {
  readonly writer: GraphWriter
  /** The name of the tensor that a node became. */
  name(id: number): string
  node(id: number): Node
  /** How often nodes and outputs read this one. */
  readers(id: number): number
  /** [1] int32: how many clients share the run. */
  clients(): string
}

/** Writes one node, and gives the name of the tensor that it became. */
export type Emit = (emission: Emission, node: Node) => string

/** A vector over the client's axes, with `first` for the cohort axis. */
export const overAxes = (node: Node, first: number, entries: readonly number[]): number[] =>
  node.batched ? [first, ...entries] : [...entries]

/** A tensor in another shape; an extent of -1 is what is left. */
export const reshaped = (writer: GraphWriter, tensor: string, type: DType, shape: Shape): string =>
  writer.op('Reshape', [tensor, writer.whole(...shape)], { T: type, Tshape: 'int32' })

/** A view of a tensor in another shape of the client's. */
export const viewed = (writer: GraphWriter, tensor: string, { dtype, batched }: Node, shape: Shape): string =>
  reshaped(writer, tensor, dtype, batched ? [-1, ...shape] : shape)

/** A shape that begins with a number known only when the graph runs, as a vector. */
export const openShape = (writer: GraphWriter, first: string, rest: Shape): string =>
  rest.length === 0
    ? first
    : writer.op('ConcatV2', [first, writer.whole(...rest), writer.constant('int32', [0], [])], {
      T: 'int32', Tidx: 'int32', N: { int: 2 },
    })
