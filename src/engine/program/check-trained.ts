import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../../errors.js'
import { trainedTasks } from '../../models/trained-tasks.js'
import type { Training } from '../engine.js'
import type { Graph } from '../graph/graph.js'
import type { Task } from '../../tasks/task.js'
import { trace } from '../trace/trace.js'
import type { Body } from './body.js'
import { evaluate, type Tensors } from './differentiate.js'

/** The gradient of a task's own loss, alone, for every segment that it reaches. */
const gradientsOf =
  (training: Training, task: Task): Body =>
  (inputs) => {
    const { segments } = training.layout
    const parameters: Tensors = Object.fromEntries(
      segments.map(({ name, shape }) => [name, inputs.read({ kind: 'parameter', segment: name }, shape)]),
    )
    const trainable = segments.filter((segment) => segment.trainable)
    const lossOf = (): Tensor => evaluate(training, parameters, inputs, 0, [task]).losses[0]
    const { grads } = tf.engine().gradients(lossOf, trainable.map(({ name }) => parameters[name]), undefined, true)
    return trainable.flatMap(({ name }, i) => {
      const gradient = grads[i] as Tensor | undefined
      return gradient === undefined ? [] : [{ sink: { kind: 'parameter', segment: name }, tensor: gradient }]
    })
  }

/** What makes nothing but zeros of zeros. */
const linear = new Set(['Reshape', 'Transpose', 'Slice', 'Sum', 'Cast', 'UnsortedSegmentSum', 'Tile', 'Concat', 'Add', 'Sub'])

/** Whether a node is zero whatever the inputs are. */
const vanishes = ({ nodes }: Graph, id: number): boolean => {
  const { op, values, inputs } = nodes[id]
  if (values !== undefined) return values.every((value) => value === 0)
  const terms = op === 'UnsortedSegmentSum' ? inputs.slice(0, 1) : inputs
  return linear.has(op) && terms.every((input) => vanishes({ nodes, outputs: [] }, input))
}

/**
 * Throws where the head of a task that the model is said to be trained by passes no gradient at all, in a model with
 * several: a balancer would weigh a task that is not there, and rules that look for what serves all would stand still.
 */
export const checkTrained = (training: Training): void => {
  const { model, tasks } = training
  const trained = trainedTasks(model, tasks)
  if (trained.length < 2) return
  for (const task of trained) {
    const graph = trace(gradientsOf(training, task))
    if (graph.outputs.some(({ node }) => !vanishes(graph, node))) continue
    throw new SpecificationError(
      `The head '${task.name}' of model '${model.name}' passes no gradient, so its task trains nothing and has no part in ` +
        'balancing: name it in the model\'s `scoredOnly`, or let its head depend on a trainable segment.',
    )
  }
}
