import type { Envelope } from '../network/envelope.js'
import type { Door } from '../network/weather.js'
import type { Streams } from '../random/streams.js'
import type { Name, Participant } from '../roster/participant.js'
import { resolve, type Selector } from '../roster/selectors.js'

/** What becomes, for good, of those who are not in the core of a calm phase. */
export const rests = ['dead', 'mute', 'deaf'] as const
export type Rest = (typeof rests)[number]

/** The core of a calm phase: all servers, and some clients. It is healed, and all others are broken for good. */
export interface Core {
  readonly members: ReadonlySet<Name>
  /** `dead`: they die. `mute`: nothing arrives that they send. `deaf`: nothing that is sent to them does. */
  readonly rest: Rest
}

/** What the report and the ledger name what befalls the rest by, as they name faults. */
export const outsideCore = 'outside the core'

/** Whom a specification means by its core; undefined: everybody, whom a calm phase heals alike. */
export const coreOf = (
  calm: { readonly core?: Selector | undefined; readonly rest?: Rest | undefined } | undefined, participants: readonly Participant[], streams: Streams,
): Core | undefined => {
  if (calm?.core === undefined) return undefined
  const clients = resolve(calm.core, participants, (name) => streams('calm', 'core', name)(), 'calm.core')
  const servers = participants.filter(({ role }) => role !== 'client').map(({ name }) => name)
  return { members: new Set([...servers, ...clients]), rest: calm.rest ?? 'dead' }
}

/** What a core lets in of what others send, and others of what is sent to them, once it is calm. */
export const doorOf = ({ members, rest }: Core) => ({ from, to }: Envelope): Door => {
  const lost = rest === 'mute' ? !members.has(from) : rest === 'deaf' && !members.has(to)
  return lost ? { drop: outsideCore } : 'deliver'
}
