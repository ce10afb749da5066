import type { View } from '../checks/check.js'
import type { Core } from '../faults/core.js'
import type { Weather } from '../faults/weather.js'
import { enoughOf } from '../federation/rounds/enough.js'
import type { Course } from '../federation/course.js'
import type { RoundsInput } from '../federation/rounds/registry.js'
import { thresholdOf } from '../federation/secure-aggregation/secure-aggregation.js'
import type { Terms } from '../federation/terms.js'
import type { Network } from '../network/network.js'
import type { Ledger } from '../record/ledger.js'
import type { Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import type { Kernel } from '../time/kernel.js'
import type { Micros } from '../time/micros.js'
import { usual } from './checkpoints.js'
import { regionUnable } from './regions.js'
import type { Setup } from './setup.js'
import { waitsWithoutEnd } from './never-ends.js'
import { askedBy } from './secure-terms.js'

interface Sights {
  readonly setup: Pick<Setup, 'participants' | 'resolved' | 'carried'>
  readonly terms: Terms
  readonly weather: Weather
  readonly kernel: Kernel
  readonly ledger: Ledger
  readonly network: Network
  readonly course: Pick<Course, 'peers'>
  /** What a round takes each client that nothing disturbs, where a calm phase is to come. */
  readonly undisturbed: ReadonlyMap<Name, Micros> | undefined
  readonly alive: (name: Name) => boolean
  /** Who is healed in a calm phase; everybody, when absent. */
  readonly core: Core | undefined
}

/** How long waits of a faulty phase may go on: for peers, and for an acknowledgement. */
const settlingTime = ({ delivery: { acknowledge, longest, jitter }, checkpoint: { patience } = usual }: Resolved): Micros =>
  patience + (acknowledge ? Math.ceil(longest * (1 + jitter)) : 0)

/** Answers that a fold needs at least; 1 where rounds are a function, of which nothing is known. */
const leastOf = ({ rounds }: Resolved): number => {
  const least = enoughOf(rounds as RoundsInput).fold(Infinity)
  return least === Infinity ? 1 : least
}

/** What a fold needs: as many answers as rounds say, and as many as unmask their sum where updates are summed under masks. */
const neededBy = (resolved: Resolved, { secure, clients }: Terms): number => {
  const least = leastOf(resolved)
  const asked = secure === undefined ? undefined : askedBy(resolved, clients.length)?.asked ?? clients.length
  return secure === undefined || asked === undefined ? least : Math.max(least, thresholdOf(secure, asked))
}

/** Is what peers take in what the others have trained? Not where it is coded, poisoned, or may be damaged and not be found out. */
const isFaithful = ({ wire, acknowledges }: Terms, { damages, poison }: Weather): boolean =>
  !wire.codes && poison === undefined && (damages !== true || wire.checksums || acknowledges)

/** What checks see of a flight beside its events. */
export const viewOf = ({ setup, terms, weather, kernel, ledger, network, course: { peers }, alive, undisturbed, core }: Sights): View => {
  const { resolved, carried } = setup
  const { parts, clients, rounds: { admission, holds }, wire, acknowledges, segments, strategy } = terms
  return {
    get now() {
      return kernel.now
    },
    ledger,
    inFlight: (flow) => network.inFlight(flow),
    inboxes: weather.inboxes,
    clients: new Set(clients.map(({ name }) => name)),
    acknowledges,
    damages: weather.damages === true,
    calms: resolved.calm !== undefined,
    privates: new Set(segments.filter((segment) => strategy.template(segment) === 'private').map(({ name }) => name)),
    ...(wire.codes && { segments: segments.map(({ name }) => name) }),
    bytes: (envelope) => network.bytes(envelope),
    undisturbed: (client) => undisturbed?.get(client),
    unable: regionUnable(setup, (name) => (alive(name) ? weather.absence(name, kernel.now) : 'dead'), core),
    ...(core && { core: { members: core.members, waits: waitsWithoutEnd(resolved) } }),
    settles: settlingTime(resolved),
    ...(peers && { peers: { partners: peers.partners, agree: peers.agree, faithful: isFaithful(terms, weather) } }),
    ownLink: resolved.link !== undefined,
    checksums: wire.checksums || acknowledges,
    parts: new Map([...parts, ...carried].map(({ name, length, down: { extras } }) => [name, { length, extras }])),
    rounds: { overlapping: admission.overlapping, maxStaleness: admission.maxStaleness, needs: peers?.agree === true ? clients.length : neededBy(resolved, terms), holds, ...(terms.secure && { masked: true }) },
  }
}
