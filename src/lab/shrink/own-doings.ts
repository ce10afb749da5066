import { type Failure, isSame } from '../../flight/failure.js'
import type { Specification } from '../../simulation/specification.js'
import type { Case } from '../explore/case.js'
import type { SizedLab } from './sized-lab.js'

/** What a simulation does to its clients and links by itself, beside its faults. Plain JSON. */
export interface OwnDoing {
  /** Where the specification says it: `schedule`, `link`, `network.bandwidthTrace`. */
  readonly field: string
  /** As the specification says it; absent of a function. */
  readonly value?: unknown
  /** Whether it fails no more, or otherwise, without it. */
  readonly needed: boolean
}

/** What can be taken from a specification: undefined where it is not there. */
interface Doing {
  readonly field: string
  of(specification: Specification): unknown
  /** Of one that has it. */
  without(specification: Specification): Specification
}

const lacking = <T extends object, Field extends keyof T>(group: T, field: Field): T => {
  const { [field]: _, ...others } = group
  return others as T
}

const traced = (field: 'bandwidthTrace' | 'latencyTrace'): Doing => ({
  field: `network.${field}`,
  of: ({ network }) => network?.[field],
  without: (specification) => ({ ...specification, network: lacking(specification.network!, field) }),
})

const isAlways = (entry: { readonly kind: string }): boolean => entry.kind === 'always'

/** A specification says of nothing else that it takes clients, messages or time away. */
const doings: readonly Doing[] = [
  {
    field: 'schedule',
    of: ({ schedule = [] }) => ([schedule].flat().every(isAlways) ? undefined : schedule),
    without: (specification) => lacking(specification, 'schedule'),
  },
  { field: 'link', of: ({ link }) => link, without: (specification) => lacking(specification, 'link') },
  traced('bandwidthTrace'),
  traced('latencyTrace'),
  {
    field: 'devices.trace',
    of: ({ devices }) => devices?.trace,
    without: (specification) => ({ ...specification, devices: lacking(specification.devices!, 'trace') }),
  },
]

/**
 * What the simulation itself does while a case fails, and whether the case fails in the same way without it: each is taken
 * away by itself, and the case is flown once more. `base`: what the lab flies. Where `signal` is aborted, or a case cannot be
 * flown without it, nobody knows, and it is said to be needed.
 */
export const ownDoings = async (lab: SizedLab, base: Specification, of: Case, failure: Failure, signal?: AbortSignal): Promise<readonly OwnDoing[]> => {
  const own: OwnDoing[] = []
  for (const { field, of: said, without } of doings) {
    const value = said(await lab.specification(of))
    if (value === undefined) continue
    own.push({ field, ...(typeof value !== 'function' && { value }), needed: !(await failsSo(lab.beside(without(base)), of, failure, signal)) })
  }
  return own
}

const failsSo = async (lab: SizedLab, of: Case, failure: Failure, signal: AbortSignal | undefined): Promise<boolean> => {
  if (signal?.aborted === true || !lab.isSound(of)) return false
  try {
    const outcome = await lab.flyFor(failure, of)
    return outcome.failed && isSame(outcome.failure, failure)
  } catch {
    return false
  }
}
