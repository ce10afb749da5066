import type { Table } from '../data/table.js'
import { sharedFloats } from '../data/table.js'
import type { Engine } from '../engine/engine.js'
import { SpecificationError } from '../errors.js'
import type { Plan } from '../faults/plan.js'
import { type Relabelled, type Relabelling, relabellings } from '../faults/relabel.js'
import type { Name } from '../roster/participant.js'
import type { Task } from '../tasks/task.js'
import { register } from './enrol.js'
import type { Setup } from './setup.js'

/** A client's training rows with other labels, and how many of them each fault has changed, in the order of the faults. */
interface Changed {
  readonly table: Table
  readonly counts: readonly number[]
}

/** Tables are made once for the same faults, however many flights there are: an engine keeps what it was given. */
const made = new WeakMap<Table, Map<string, Changed>>()

const changedBy = (table: Table, client: Name, tasks: readonly Task[], faults: readonly Relabelling[]): Changed => {
  const labels = sharedFloats(table.labels.length)
  labels.set(table.labels)
  const counts = faults.map(({ relabel }) => {
    let count = 0
    tasks.forEach((task, t) => {
      const values = Float32Array.from({ length: table.rows }, (_, row) => labels[row * tasks.length + t])
      const others = relabel({ client, task, values })
      others?.forEach((label, row) => {
        if (Object.is(label, values[row])) return
        labels[row * tasks.length + t] = label
        count++
      })
    })
    return count
  })
  return { table: { ...table, labels }, counts }
}

const changed = (table: Table, client: Name, tasks: readonly Task[], faults: readonly Relabelling[]): Changed => {
  let known = made.get(table)
  if (known === undefined) made.set(table, (known = new Map()))
  const key = `${client} ${faults.map((fault) => fault.key).join(' ')}`
  const before = known.get(key)
  if (before !== undefined) return before
  const now = changedBy(table, client, tasks, faults)
  known.set(key, now)
  return now
}

/**
 * The setup of a flight whose plan changes training labels, fixed for the flight: what clients are judged on stays as it is.
 * Throws where a fault is about no task there is.
 */
export const relabelled = async (
  setup: Setup, plan: Plan, engine: Engine,
): Promise<{ readonly setup: Setup; readonly relabelled: Relabelled | undefined }> => {
  const faults = relabellings(plan)
  if (faults.length === 0) return { setup, relabelled: undefined }
  const { tasks } = setup
  for (const { id, fits } of faults) {
    if (fits(tasks)) continue
    const there = tasks.map(({ name, kind }) => `${name} (${kind})`).join(', ')
    throw new SpecificationError(`fault '${id}' changes labels of no task: there are ${there}. Flip or redraw classes; add noise to regressions.`)
  }
  const counts = new Map<string, Map<Name, number>>(faults.map(({ id }) => [id, new Map()]))
  const clients = await Promise.all(setup.clients.map(async (client) => {
    const { name, member, data, trial } = client
    const own = faults.filter(({ targets }) => targets.includes(name))
    if (own.length === 0) return client
    const { table, counts: each } = changed(member.train, name, tasks, own)
    own.forEach(({ id }, i) => counts.get(id)!.set(name, each[i]))
    const handle = await register(engine, `${name}/train`, table)
    const isJudgedOnTrain = trial.data === data
    return {
      ...client, member: { ...member, train: table }, data: handle,
      trial: isJudgedOnTrain ? { data: handle, table } : trial,
    }
  }))
  return { setup: { ...setup, clients }, relabelled: counts }
}
