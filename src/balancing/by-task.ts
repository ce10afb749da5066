import { z } from 'zod'
import { SpecificationError } from '../errors.js'
import type { Task } from '../tasks/task.js'

/** Numbers by task name. */
export const byTask = z.record(z.string(), z.number().positive())

const listed = (tasks: readonly Task[]): string => tasks.map(({ name }) => name).join(', ')

/** The numbers in the order of the tasks, `missing` for those without. Throws on a name that is no task's. */
export const inOrder = (
  option: string,
  given: Readonly<Record<string, number>>,
  tasks: readonly Task[],
  missing?: number,
): number[] => {
  for (const name of Object.keys(given)) taskNumber(option, name, tasks)
  return tasks.map(({ name }) => {
    const value = given[name] ?? missing
    if (value === undefined) {
      throw new SpecificationError(`${option} has no number for the task '${name}': give one for ${listed(tasks)}.`)
    }
    return value
  })
}

/** The place of a task in the list; the first one's where no name is given. */
export const taskNumber = (option: string, name: string | undefined, tasks: readonly Task[]): number => {
  if (name === undefined) return 0
  const index = tasks.findIndex((task) => task.name === name)
  if (index < 0) throw new SpecificationError(`${option} names the task '${name}': the tasks are ${listed(tasks)}.`)
  return index
}

/** Throws where a balancer has nothing to work on, because the model shares nothing between tasks. */
export const checkShared = (kind: string, shared: readonly unknown[]): void => {
  if (shared.length > 0) return
  throw new SpecificationError(
    `local.balance '${kind}' looks at what all tasks share, and this model shares nothing: use equal, fixed or decay.`,
  )
}
