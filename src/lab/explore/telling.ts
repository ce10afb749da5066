import type { FaultInput } from '../../faults/registry.js'
import type { Name } from '../../roster/participant.js'

/** Kinds that change what comes of a client's own work, and nothing that anybody else can see happen. */
const atWork: ReadonlySet<string> = new Set(['partial', 'mislabel', 'poison'])

/** From the first round on: once other updates were folded nobody is sent what he would have been sent. */
const isAtWork = (fault: FaultInput): boolean => atWork.has(fault.kind) && !('rounds' in fault && fault.rounds !== undefined && fault.rounds[0] > 1)

/** How many cases like those that have much to tell are compared for one that is by lot, and like the others. */
const [much, little] = [4.5, 0.1]

const namesOf = (fault: FaultInput): readonly Name[] | undefined =>
  'who' in fault ? (fault.who as { readonly names?: readonly Name[] }).names : []

/**
 * Has a comparison with other flights much to tell? Where a fault changes the work of some clients, and others are hit by no fault: whether it
 * changes theirs, too, no single flight shows. Where all are hit there is nobody left to compare.
 */
export const tellsMuch = (faults: readonly FaultInput[], clients: readonly Name[]): boolean => {
  const named = faults.map(namesOf)
  if (named.includes(undefined) || !faults.some(isAtWork)) return false
  const hit = new Set(named.flat())
  return clients.some((name) => !hit.has(name))
}

/** How likely a case is compared, by the share of all cases that are to be: 0 is never, and 1 always. */
export const comparedShare = (share: number, faults: readonly FaultInput[], clients: readonly Name[]): number =>
  1 - (1 - share) ** (tellsMuch(faults, clients) ? much : little)
