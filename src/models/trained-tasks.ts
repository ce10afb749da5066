import { SpecificationError } from '../errors.js'
import type { Task } from '../tasks/task.js'
import type { Model } from './model.js'

/** The tasks that a model is trained by, in their order: all but those that it only scores. Throws where none is left. */
export const trainedTasks = <Of extends Task>({ name, scoredOnly }: Model, tasks: readonly Of[]): readonly Of[] => {
  const untrained = scoredOnly?.(tasks) ?? []
  const trained = tasks.filter((task) => !untrained.includes(task.name))
  if (trained.length > 0) return trained
  throw new SpecificationError(
    `The model '${name}' only scores ${untrained.join(', ')}, so nothing trains it: give it a task that has a loss.`,
  )
}

/** The weights of the mean loss, in the order of the tasks: equal among those that are trained, 0 for the others. */
export const meanWeights = (model: Model, tasks: readonly Task[]): number[] => {
  const trained = trainedTasks(model, tasks)
  return tasks.map((task) => (trained.includes(task) ? 1 / trained.length : 0))
}
