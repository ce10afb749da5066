import type { Node } from '../graph/graph.js'
import type { GraphWriter } from './graph-writer.js'

/** What the emitter of one operation may ask. */
export interface Emission {
  readonly writer: GraphWriter
  /** The name of the tensor that a node became. */
  name(id: number): string
  node(id: number): Node
  /** How often nodes and outputs read this one. */
  readers(id: number): number
  /** Whether the graph has an operation of this one input too. */
  has(op: string, input: number): boolean
}

/** Writes one node, and gives the name of the tensor that it became. */
export type Emit = (emission: Emission, node: Node) => string

/** A view of a tensor in another shape of the client's. */
export const viewed = (
  writer: GraphWriter, tensor: string, batched: boolean | undefined, shape: readonly number[],
): string =>
  writer.op('Reshape', [tensor, batched ? writer.whole(0, ...shape) : writer.whole(...shape)])

/** [1] int64: how many clients share the run, read from a tensor that has the cohort axis. */
export const clientsOf = (writer: GraphWriter, tensor: string): string =>
  writer.op('Shape', [tensor], { start: 0, end: 1 })
