import type { Injection, Planned } from '../../faults/fault.js'
import type { Plan } from '../../faults/plan.js'
import type { Fault, FaultInput } from '../../faults/registry.js'
import type { Name } from '../../roster/participant.js'
import type { Case } from '../explore/case.js'

/** What of a run is kept while its faults change, so that nothing of chance does. */
export interface Pinned {
  /** The chance of the case that is the run. */
  readonly chance: string
  /** The seed of its plan. */
  readonly seed: string
  /** What each fault's draws are named by, by its id. */
  readonly keys: Readonly<Record<string, string>>
  /** Where faults of a run that was flown step by step were injected and healed, by their ids. */
  readonly places: Readonly<Record<string, { readonly injected?: Injection; readonly healed?: Injection }>>
}

interface Subjects {
  readonly who?: { readonly select: string }
  readonly link?: Readonly<Record<string, unknown>>
  readonly groups?: unknown
}

const names = (of: readonly Name[]): object => ({ select: 'named', names: [...of] })

/** One end of a link as it was drawn; a role stays one. */
const end = (selector: unknown, drawn: readonly Name[] | undefined): unknown => {
  const { select, role } = (selector ?? {}) as { select?: string; role?: string }
  if (selector === undefined || drawn === undefined) return undefined
  if (select === 'role') return role
  return drawn.length === 1 ? drawn[0] : names(drawn)
}

/** A fault about those whom its plan has drawn. What is redrawn in each round stays so. */
const pinnedFault = ({ id, fault, targets, from, to, groups }: Planned<Fault>): FaultInput => {
  const { who, link } = fault as Subjects
  const ends = Object.entries({ from: end(link?.from, from), to: end(link?.to, to) }).filter(([, given]) => given !== undefined)
  return {
    ...(fault as object),
    ...(who !== undefined && who.select !== 'share' && { who: names(targets) }),
    ...(link !== undefined && { link: { ...link, ...Object.fromEntries(ends) } }),
    ...(groups !== undefined && { groups: groups.map((group) => [...group]) }),
    id,
  } as unknown as FaultInput
}

/**
 * A run as a case of its specification: each fault is about those whom the run's plan has drawn for it, and has a name.
 * `seed`: the run's.
 */
export const pinned = (plan: Plan, seed: string): { readonly case: Case; readonly run: Pinned } => ({
  case: { chance: seed, faults: plan.faults.map(pinnedFault) },
  run: {
    chance: seed,
    seed: plan.seed,
    keys: Object.fromEntries(plan.faults.map(({ id, key }) => [id, key])),
    places: Object.fromEntries(plan.faults.flatMap(({ id, injected, healed }) =>
      injected === undefined && healed === undefined ? [] : [[id, { ...(injected && { injected }), ...(healed && { healed }) }]])),
  },
})
