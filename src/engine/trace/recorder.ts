import type { Tensor, TensorInfo } from '@tensorflow/tfjs'
import type { DType } from '../program/body.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { Node } from '../graph/graph.js'
import type { Shape } from '../graph/shapes.js'

/** The tensors that a kernel was called with, by the names that TensorFlow.js gives them. */
export type KernelInputs = Readonly<Record<string, TensorInfo>>

/** A kernel's attributes. TensorFlow.js does not type them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type KernelAttributes = Readonly<Record<string, any>>

/** What a kernel's rule may do while a body is being recorded. */
export interface Recorder {
  readonly builder: GraphBuilder
  /** The node that a tensor stands for. A tensor from outside the body becomes a constant. */
  node(tensor: TensorInfo | Tensor): Node
}

/** Records one kernel: gives the node, or the nodes, that its outputs stand for. */
export type KernelRule = (recorder: Recorder, inputs: KernelInputs, attributes: KernelAttributes) => number | number[]

export const dtypeOf = (tensor: { readonly dtype: string }): DType =>
  tensor.dtype === 'int32' || tensor.dtype === 'bool' ? tensor.dtype : 'float32'

/** Adds a node whose type is that of its first input. */
export const like = (
  { builder }: Recorder,
  op: string,
  inputs: readonly Node[],
  shape: Shape,
  attributes: Node['attributes'] = {},
): number => builder.add(op, inputs.map(({ id }) => id), shape, inputs[0].dtype, attributes)
