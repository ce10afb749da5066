import type { Tensor } from '@tensorflow/tfjs'
import type { z } from 'zod'
import type { Segment } from '../models/layout.js'
import type { Task } from '../tasks/task.js'
import type { HostInput } from './host-input.js'

/** Gradients by segment name, each in its segment's shape. */
export type Gradients = Readonly<Record<string, Tensor>>

/** What a client remembers for a balancer from step to step and from round to round. Starts at `initial` everywhere. */
export interface Memory {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: number
}

/**
 * One training step as a balancer sees it, while it is being recorded: all tensors, no values. The tasks are those that
 * the model is trained by: one that it only scores is none of them.
 */
export interface Step {
  /** Segments that all tasks share and that train in this step: see `isShared`. */
  readonly shared: readonly Segment[]
  /** [tasks]: mean loss of each over its labelled rows; 0 where it has none. */
  readonly losses: Tensor
  /** [tasks]: 1 where a task has a labelled row in this batch, 0 elsewhere. */
  readonly present: Tensor
  /**
   * The gradient of each task's own loss, in the order of the tasks, for `segments` or all shared ones. Costs one
   * backward pass per task, down to those segments.
   */
  gradients(segments?: readonly Segment[]): readonly Gradients[]
  /** A host input, in its shape. */
  input(name: string): Tensor
  /** What was remembered, in its shape. */
  memory(name: string): Tensor
}

interface Side {
  readonly memory?: Readonly<Record<string, Tensor>>
  /**
   * [tasks]: squares of the lengths of the gradients that it looked at, by which it is known whether a task had none.
   * They are computed for it where it gives none and has asked for gradients.
   */
  readonly squares?: Tensor
}

/** What a balancer makes of a step. Memory that it does not name stays as it is. */
export type Balanced = Side & (
  /** Minimise sum_t w_t L_t: one more backward pass for all parameters. Tensors [] are constants to the gradient. */
  | { readonly weights: readonly (number | Tensor)[] }
  /**
   * The joint gradient of the shared segments. Segments of one task get that task's own gradient, divided by the number
   * of tasks as under equal weights, times `own` [tasks] where given.
   */
  | { readonly gradients: Gradients; readonly own?: Tensor }
)

/** A way to make one step from the losses and gradients of several tasks. */
export interface Balancer {
  readonly kind: string
  readonly inputs: readonly HostInput[]
  readonly memory: readonly Memory[]
  balance(step: Step): Balanced
}

/** What a balancer is built for. */
export interface BalancingProblem {
  /** Those that the model is trained by. */
  readonly tasks: readonly Task[]
  /** Trainable segments that all tasks share, whether or not they train in every step. */
  readonly shared: readonly Segment[]
}

/** A kind of balancer: what it is for people, what its options are, and how it is made. */
export interface BalancerEntry<Schema extends z.ZodObject = z.ZodObject> {
  readonly kind: string
  /** One sentence. */
  readonly sentence: string
  /** Paper, and equations where it has numbers. */
  readonly source: string
  readonly schema: Schema
  build(options: z.output<Schema>, problem: BalancingProblem): Balancer
}

/** An entry whose options are checked against its schema. */
export const balancerEntry = <Schema extends z.ZodObject>(entry: BalancerEntry<Schema>): BalancerEntry<Schema> => entry

/** Whether all tasks train a segment: it belongs to no task, and no axis of it counts tasks. */
export const isShared = ({ trainable, task, axes }: Segment): boolean =>
  trainable && task === undefined && !axes.includes('task')
