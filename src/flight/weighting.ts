import type { Weighting } from '../engine/engine.js'
import { SpecificationError } from '../errors.js'
import type { Local } from '../simulation/local.js'
import type { Task } from '../tasks/task.js'

const listed = (tasks: readonly Task[]): string => tasks.map(({ name }) => name).join(', ')

/** A task's class weights in the order of its classes. */
const ordered = (task: Task, given: NonNullable<Local['weights']>[string]): readonly number[] => {
  const path = `local.weights.${task.name}`
  switch (task.kind) {
    case 'binary':
      if ('classes' in given) throw new SpecificationError(`${path}: a binary task takes { positive, negative }.`)
      return [given.negative, given.positive]
    case 'multiclass':
      if ('classes' in given && given.classes.length === task.classes) return given.classes
      throw new SpecificationError(`${path}: the task has ${task.classes} classes: give { classes: [...] }, one weight for each.`)
    default:
      throw new SpecificationError(
        `${path}: a ${task.kind} task has no classes to weigh. Give rows a weight in the data, or the task one in local.balance.`,
      )
  }
}

/** How a specification weighs the rows of the tasks that a model is trained by; undefined where it says nothing of it. */
export const weightingOf = (
  { weights = {}, weightScale }: Pick<Local, 'weights' | 'weightScale'>, trained: readonly Task[],
): Weighting | undefined => {
  for (const name of Object.keys(weights)) {
    if (trained.some((task) => task.name === name)) continue
    throw new SpecificationError(`local.weights names '${name}': the tasks that are trained are ${listed(trained)}.`)
  }
  const weighed = trained.filter(({ name }) => Object.hasOwn(weights, name))
  const byClass = Object.fromEntries(weighed.map((task) => [task.name, ordered(task, weights[task.name])]))
  const weighs = weighed.length > 0
  if (!weighs && weightScale !== 'given') return undefined
  return { ...(weighs && { byClass }), ...(weightScale === 'given' && { scale: weightScale }) }
}
