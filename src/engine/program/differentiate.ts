import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../../errors.js'
import type { Segment } from '../../models/layout.js'
import type { Batch, Mode, Output } from '../../models/model.js'
import { lossesOf, type ScoredTask } from '../../tasks/losses.js'
import type { Task } from '../../tasks/task.js'
import type { Training } from '../engine.js'
import { paddedRows } from '../feeding/batches.js'
import type { Inputs } from './body.js'
import { readBatch, trainingMode } from './readings.js'

export type Tensors = Record<string, Tensor>

/** Whether a head's shape is what its task's kind wants; a kind without scores may go without a head when scoring. */
const fits = (task: Task, head: Tensor | undefined, rows: number, training: boolean): boolean => {
  if (head === undefined) return !training && (task.kind === 'ranking' || task.kind === 'alignment')
  const [batch, width, ...more] = head.shape
  if (task.kind === 'alignment') return batch === rows && width % 2 === 0 && more.length === 0
  return head.shape.join() === [rows, task.kind === 'multiclass' ? task.classes : 1].join()
}

/** Runs the model and checks that every task has a head of the right shape. */
export const forward = (training: Training, parameters: Tensors, batch: Batch, mode: Mode, rows: number): Output => {
  const { model, features, tasks } = training
  const output = model.forward(parameters, batch, mode, { features, tasks })
  for (const task of tasks) {
    const head = output.heads[task.name] as Tensor | undefined
    if (!fits(task, head, rows, mode.training)) {
      const shape = [rows, task.kind === 'multiclass' ? task.classes : task.kind === 'alignment' ? '2 width' : 1]
      const seen = head === undefined ? 'none' : `one of shape [${head.shape.join()}]`
      const rule = `return logits of shape [${shape.join()}] under that name`
      throw new SpecificationError(`Model '${model.name}' gave no head '${task.name}' that fits, but ${seen}: ${rule}.`)
    }
  }
  return output
}

const readLabels = (task: Task, inputs: Inputs, step: number, rows: number): Tensor =>
  inputs.read(
    { kind: 'label', step, task: task.name },
    task.kind === 'multiclass' ? [rows, task.classes] : [rows],
  )

/**
 * The mean losses of the tasks, or of those among them, in one step, with the model's penalties, in their order, and the
 * segments' new running statistics.
 */
export interface Evaluated {
  readonly losses: readonly Tensor[]
  readonly state: Readonly<Tensors>
}

export const evaluate = (
  training: Training,
  parameters: Tensors,
  inputs: Inputs,
  step: number,
  among: readonly Task[] = training.tasks,
): Evaluated => {
  const rows = paddedRows(training.batch)
  const batch = readBatch(training, inputs, step, rows)
  const output = forward(training, parameters, batch, trainingMode(training.features, inputs, step, rows), rows)
  const scored = among.map((task): ScoredTask => {
    const weight = inputs.read({ kind: 'label-weight', step, task: task.name }, [rows])
    return {
      task,
      logits: output.heads[task.name],
      get labels() {
        return readLabels(task, inputs, step, rows)
      },
      weight,
    }
  })
  const losses = lossesOf(scored).map((loss, t) => {
    const penalty = output.penalties?.[among[t].name]
    return penalty === undefined ? loss : tf.add(loss, penalty)
  })
  return { losses, state: output.state ?? {} }
}

/** Whether gradients move a segment. */
export const trains = ({ frozen }: Training, { name, trainable }: Segment): boolean =>
  trainable && frozen?.includes(name) !== true

/** The losses' weighted sum; a weight of 1 costs nothing, which counts in a tiny model. */
const total = (losses: readonly Tensor[], weights: readonly (number | Tensor)[]): Tensor =>
  losses
    .map((loss, i) => (weights[i] === 1 ? loss : tf.mul(loss, weights[i])))
    .reduce((sum, loss) => tf.add(sum, loss))

/** What to differentiate, and by what. */
export interface Aim {
  /** Of each task's loss in the total. Tensors [] are constants to the gradient. */
  readonly weights: readonly (number | Tensor)[]
  readonly segments: readonly Segment[]
  /** [] a factor of the gradient. */
  readonly seed?: Tensor
}

export interface Differentiated extends Evaluated {
  /** d total / d segment by name, times the seed. */
  readonly gradients: Readonly<Tensors>
}

/** Hands a kept tensor to the scope around: what it holds lives on in the clone. */
const hand = (tensor: Tensor): Tensor => {
  const handed = tf.clone(tensor)
  tensor.dispose()
  return handed
}

/**
 * One backward pass of the losses' weighted sum. Asked for again with another aim, it costs a recorded graph nothing but
 * the backward pass: the forward pass is the same nodes. Losses and statistics leave through `keep`, because
 * TensorFlow.js disposes of all that the differentiated function makes except its value.
 */
export const differentiate = (
  training: Training,
  parameters: Tensors,
  inputs: Inputs,
  step: number,
  { weights, segments, seed }: Aim,
): Differentiated => {
  if (segments.length === 0) return { ...evaluate(training, parameters, inputs, step), gradients: {} }
  let seen: Evaluated = { losses: [], state: {} }
  const { grads } = tf.engine().gradients(
    () => {
      seen = evaluate(training, parameters, inputs, step)
      for (const tensor of [...seen.losses, ...Object.values(seen.state)]) tf.keep(tensor)
      return total(seen.losses, weights)
    },
    segments.map((segment) => parameters[segment.name]),
    seed,
    true,
  )
  const { losses, state } = seen
  const gradients: Tensors = {}
  for (const [i, { name }] of segments.entries()) {
    const gradient = grads[i] as Tensor | undefined
    if (gradient === undefined) {
      throw new SpecificationError(
        `Segment '${name}' of model '${training.model.name}' reaches no head, so nothing trains it. ` +
          'Use it in `forward`, leave it out of `segments`, or declare it with `trainable: false`.',
      )
    }
    gradients[name] = gradient
  }
  const handed = Object.entries(state).map(([name, tensor]) => [name, hand(tensor)] as const)
  return { losses: losses.map(hand), state: Object.fromEntries(handed), gradients }
}
