import type { DType } from '../program/body.js'
import type { Node } from './graph.js'
import type { Shape } from './shapes.js'

/** A node that has not got its number yet. */
export type NodeDraft = Omit<Node, 'id'>

/** A graph as far as it has been built: what a rule reads, and adds to. */
export interface GraphSoFar {
  node(id: number): Node
  /** The one value of a constant whose elements are all equal. */
  uniform(id: number): number | undefined
  /** The node that `add` would find if it existed already without simplification. */
  find(op: string, inputs: readonly number[], shape: Shape, dtype: DType): number | undefined
  /** A node of the operation `op`, or something simpler of the same value and shape. */
  add(op: string, inputs: readonly number[], shape: Shape, dtype: DType, attributes?: Node['attributes']): number
  constant(values: ArrayLike<number>, shape: Shape, dtype: DType): number
}

/** Gives a node of the same value that costs less than the draft, or nothing. */
export type SimplifyRule = (graph: GraphSoFar, draft: NodeDraft) => number | undefined
