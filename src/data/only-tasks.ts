import { SpecificationError } from '../errors.js'
import type { Task } from '../tasks/task.js'
import { sharedFloats, type Table } from './table.js'
import type { World } from './world.js'

/** The same world with these tasks alone, in this order; rows and features stay. */
export const onlyTasks = (world: World, names: readonly string[]): World => {
  const columns = names.map((name) => {
    const column = world.tasks.findIndex((task) => task.name === name)
    if (column >= 0) return column
    const known = world.tasks.map((task: Task) => task.name).join(', ')
    throw new SpecificationError(`tasks names '${name}', and the world ${world.name} has ${known}`)
  })
  const width = world.tasks.length
  const narrow = (table: Table): Table => {
    const chosen = (from: Float32Array): Float32Array => {
      const out = sharedFloats(table.rows * columns.length)
      for (let row = 0; row < table.rows; row++) {
        columns.forEach((column, c) => (out[row * columns.length + c] = from[row * width + column]))
      }
      return out
    }
    return { ...table, labels: chosen(table.labels), ...(table.weights && { weights: chosen(table.weights) }) }
  }
  return {
    ...world,
    tasks: columns.map((column) => world.tasks[column]),
    scenarios: world.scenarios.map((scenario) => ({
      ...scenario,
      train: narrow(scenario.train), validation: narrow(scenario.validation), test: narrow(scenario.test),
    })),
  }
}
