import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Segment } from '../../models/layout.js'
import { isShared, type Balancer, type Gradients } from '../../balancing/balancer.js'
import { shapeOf } from '../../balancing/host-input.js'
import { trainedTasks } from '../../models/trained-tasks.js'
import type { Task } from '../../tasks/task.js'
import type { Training } from '../engine.js'
import { paddedRows } from '../feeding/batches.js'
import type { Inputs } from './body.js'
import { differentiate, evaluate, trains, type Differentiated, type Tensors } from './differentiate.js'

/** A step's gradients as the balancer wants them. */
export interface Stepped extends Differentiated {
  /** Whether the gradients hold the seed as a factor. */
  readonly seeded: boolean
  /** What the balancer remembers from here on, by name. */
  readonly memory: Tensors
  /** [trained tasks]: squares of the lengths of the gradients that a balancer looked at, in segments that train. */
  readonly squares?: Tensor
}

/** 1 for one task, 0 for all others. */
const only = (task: number, tasks: number): number[] => Array.from({ length: tasks }, (_, t) => (t === task ? 1 : 0))

/**
 * The gradients of one step of local training: in one backward pass where the tasks' weights are known, otherwise in one
 * pass per task for the shared segments and one for all tasks' own segments, as the balancer asks. Passes that come to
 * nothing for a task, and passes that several tasks need, are simplified away in the recorded graph.
 */
export const balancedStep = (
  training: Training,
  parameters: Tensors,
  inputs: Inputs,
  step: number,
  seed: Tensor | undefined,
  memory: Tensors,
): Stepped => {
  const { balancer, model, tasks, taskWeights, layout } = training
  const trainable = layout.segments.filter((segment) => trains(training, segment))
  const pass = (weights: readonly (number | Tensor)[], segments: readonly Segment[], by?: Tensor): Differentiated =>
    differentiate(training, parameters, inputs, step, { weights, segments, ...(by && { seed: by }) })
  const shared = trainable.filter(isShared)
  if (balancer === undefined) {
    return { ...pass(taskWeights, trainable, seed), seeded: seed !== undefined, memory }
  }
  const trained = trainedTasks(model, tasks)
  const places = trained.map((task) => tasks.indexOf(task))
  const spread = (weights: readonly (number | Tensor)[]): (number | Tensor)[] =>
    tasks.map((_, t) => (places.includes(t) ? weights[places.indexOf(t)] : 0))
  let asked: { readonly gradients: readonly Gradients[]; readonly segments: readonly Segment[] } | undefined
  const result = balancer.balance({
    get losses() {
      const { losses } = evaluate(training, parameters, inputs, step)
      return tf.stack(places.map((t) => losses[t]))
    },
    get present() {
      return presentOf(training, trained, inputs, step)
    },
    shared,
    gradients(segments = shared) {
      const gradients = places.map((t) => pass(only(t, tasks.length), segments).gradients)
      asked ??= { gradients, segments }
      return gradients
    },
    input: (name) => readInput(balancer, name, inputs, step),
    memory: (name) => memory[name],
  })
  const squares = shared.length === 0 ? undefined : (result.squares ?? (asked && squaresOf(asked.gradients, asked.segments)))
  const rest = { memory: { ...memory, ...result.memory }, ...(squares && { squares }) }
  if ('weights' in result) {
    return { ...pass(spread(result.weights), trainable, seed), seeded: seed !== undefined, ...rest }
  }
  const others = trainable.filter((segment) => !isShared(segment))
  const own = ownGradients(spread(result.own ? tf.unstack(result.own) : trained.map(() => 1)), trained.length, pass, others)
  return { ...own, gradients: { ...own.gradients, ...result.gradients }, seeded: false, ...rest }
}

/**
 * [tasks]: the square of the length of each task's gradient over the segments. In one product: a sum for every segment
 * and task took a tenth of a small model's step.
 */
const squaresOf = (gradients: readonly Gradients[], segments: readonly Segment[]): Tensor => {
  const pieces = gradients.flatMap((own) => segments.map(({ name, size }) => tf.reshape(own[name], [size])))
  const rows = tf.reshape(tf.concat(pieces), [gradients.length, 1, -1])
  return tf.reshape(tf.matMul(rows, rows, false, true), [gradients.length])
}

/** [tasks]: 1 where a task has a labelled row in the batch: one of its label weights is above 0 then, and none otherwise. */
const presentOf = ({ batch }: Training, tasks: readonly Task[], inputs: Inputs, step: number): Tensor => {
  const rows = paddedRows(batch)
  const known = tasks.map(({ name }) => tf.sum(inputs.read({ kind: 'label-weight', step, task: name }, [rows])))
  return tf.sign(tf.stack(known))
}

const readInput = (balancer: Balancer, name: string, inputs: Inputs, step: number): Tensor => {
  const input = balancer.inputs.find((each) => each.name === name)
  if (input === undefined) throw new RangeError(`the balancer '${balancer.kind}' has no input '${name}'`)
  return inputs.read({ kind: 'balance-input', name, step }, shapeOf(input))
}

/**
 * The gradients of segments that not all tasks train: of the mean of `trained` losses, each times its weight. One
 * unweighted pass where it can be, whose products are those of the tasks' passes.
 */
const ownGradients = (
  weights: readonly (number | Tensor)[],
  trained: number,
  pass: (weights: readonly (number | Tensor)[], segments: readonly Segment[]) => Differentiated,
  segments: readonly Segment[],
): Differentiated => {
  const passed = pass(weights, segments)
  const mean: Gradients = Object.fromEntries(
    Object.entries(passed.gradients).map(([name, gradient]) => [name, tf.mul(gradient, 1 / trained)]),
  )
  return { ...passed, gradients: mean }
}

/** What the balancer remembered before the first step of a graph. */
export const readMemory = ({ balancer }: Training, inputs: Inputs): Tensors =>
  Object.fromEntries(
    (balancer?.memory ?? []).map(({ name, shape }) => [name, inputs.read({ kind: 'balance', name }, shape)]),
  )
