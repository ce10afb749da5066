import { createDraws, createLexicon } from '../random/draws.js'
import { streams } from '../random/streams.js'
import type { Name } from '../roster/participant.js'
import type { Task } from '../tasks/task.js'
import type { Labels, Tools } from './fault.js'
import type { Plan } from './plan.js'
import { entryOf } from './registry.js'

/** How many labels of which client each fault has changed, by the fault's id. */
export type Relabelled = ReadonlyMap<string, ReadonlyMap<Name, number>>

/** A fault that changes labels. */
export interface Relabelling {
  readonly id: string
  readonly targets: readonly Name[]
  /** What its changes are known by: the same draws, the same fault, the same clients. */
  readonly key: string
  relabel(labels: Labels): Float32Array | undefined
  /** Is it about any of these tasks? */
  fits(tasks: readonly Task[]): boolean
}

const nothing = (): void => {}

/** The faults of a plan that change labels, in the order of their keys: what one has made, the next may change again. */
export const relabellings = ({ seed, faults }: Plan): readonly Relabelling[] =>
  [...faults].sort((a, b) => (a.key < b.key ? -1 : 1)).flatMap((planned) => {
    const { id, key, fault, targets } = planned
    const draws = createDraws(streams(seed), createLexicon(), 'faults', key, 'coins')
    const tools: Tools = { draws, parts: [], strikes: () => false, strike: nothing, live: nothing, leave: nothing, names: () => false, relabelled: () => 0, events: { isOn: () => true, endsAt: () => Infinity } }
    const { labels } = entryOf(fault).compile(planned, tools)
    if (labels === undefined) return []
    const fits = (tasks: readonly Task[]): boolean =>
      tasks.some((task) => labels({ client: targets[0], task, values: new Float32Array(0) }) !== undefined)
    return [{ id, targets, key: JSON.stringify([seed, key, fault, targets]), relabel: labels, fits }]
  })
