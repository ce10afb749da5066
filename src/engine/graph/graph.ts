import type { DType, Sink, Source } from '../program/body.js'

export type Attribute = number | boolean | string | readonly number[]

/** A value in the graph: the node's own number. Shapes are those of one client; the cohort axis is added later. */
export interface Node {
  readonly id: number
  /** The TensorFlow.js kernel (`BatchMatMul`, `Relu`, ...), `Input` or `Constant`. One output each. */
  readonly op: string
  readonly inputs: readonly number[]
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly shape: readonly number[]
  readonly dtype: DType
  /** For `Constant`: its values, or a single one where all are equal. Booleans are 0 and 1 in an `Int32Array`. */
  readonly values?: Float32Array | Int32Array
  /** For `Input`: where it comes from. */
  readonly source?: Source
  /** The line of the model (or of our own code) that made it, for error messages. */
  readonly where?: string
  /**
   * Set by `cohort`: the value differs between clients, so the runtime's tensor is [clients, ...shape]. A node that
   * depends on no input has none, and its tensor is [...shape]. Axes in attributes never count the cohort axis.
   */
  readonly batched?: boolean
}

/** An axis of the runtime's tensor: the cohort axis comes before the client's own. */
export const axisIn = ({ batched }: Node, axis: number): number => (batched ? axis + 1 : axis)

/** A recorded computation of one client. Nodes are in an order in which every node follows its inputs. */
export interface Graph {
  readonly nodes: readonly Node[]
  readonly outputs: readonly { readonly sink: Sink; readonly node: number }[]
}
