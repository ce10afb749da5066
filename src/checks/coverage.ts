import type { Role } from '../roster/participant.js'
import type { Has } from './tried.js'

/** What a flight has tried of the protocol: (role, phase, message) triples that were handled. */
export interface CoverageReport {
  /** Triples of the table that were handled at least once. */
  readonly handled: number
  /** Triples of the table. */
  readonly exist: number
  /** `client gathering model`: how often each was handled. */
  readonly triples: Readonly<Record<string, number>>
}

/** Roles whose protocols differ: a shard's is that of an expert network. */
type Handling = Exclude<Role, 'shard'>

/** What there is to try, by role and phase. */
type Protocol = Readonly<Partial<Record<Handling, Readonly<Record<string, readonly string[]>>>>>

interface Count {
  times: number
}

/** Counts what actors handle, by what they were doing then. */
export class Coverage {
  readonly #counts: Readonly<Record<Handling, Map<string, Map<string, Count>>>> = { client: new Map(), expert: new Map(), aggregator: new Map(), regional: new Map() }

  constructor(private readonly has: Has) {}

  handles(role: Role, phase: string, message: string): void {
    const phases = this.#counts[role === 'shard' ? 'expert' : role]
    let messages = phases.get(phase)
    if (messages === undefined) phases.set(phase, (messages = new Map()))
    const known = messages.get(message)
    if (known === undefined) messages.set(message, { times: 1 })
    else known.times++
  }

  report(): CoverageReport {
    const handled = Object.fromEntries(Object.entries(this.#counts)
      .flatMap(([role, phases]) => [...phases].flatMap(([phase, messages]) => [...messages].map(([message, { times }]) => [`${role} ${phase} ${message}`, times] as const)))
      .sort(([a], [b]) => (a < b ? -1 : 1)))
    const exist = triplesOf(this.has)
    return { handled: exist.filter((triple) => triple in handled).length, exist: exist.length, triples: handled }
  }
}

const reliably = ['ack', 'retry'] as const
/** Steps of secure aggregation. */
const steps = ['keys', 'shares', 'unmask'] as const
const plainly = ['update', 'recover', 'status', ...reliably] as const
const ofServers = [...plainly, ...steps] as const
const ofExperts = ['open', 'close', ...ofServers] as const
const ofClients = ['model', 'close', 'recover', 'resend', 'probe', ...steps, ...reliably] as const
/** To the clients of its region it is an aggregator, and to the servers a client. */
const ofRegionals = ['model', 'close', 'resend', 'probe', ...plainly] as const

/**
 * What there is to try: by role and by what the actor is doing, messages of others by their kind, its own timers and
 * computations by theirs. A storm of flights is seen to handle nothing else (test/checks/coverage.test.ts).
 */
export const protocol = {
  aggregator: {
    idle: ['begin', 'wake'],
    open: ['wake', 'timer', 'look', 'back', 'overdue', 'probing', 'step', ...ofServers],
    /** A round that is to close waits until the sums of all parts are unmasked. */
    unmasking: ['wake', 'step', 'parts', ...ofServers],
    /** Too few clients are there for the round to open. */
    short: ['wake', 'timer', 'look', 'back', 'overdue', 'probing', ...ofServers],
    /** A close is scored or written down before another round opens. */
    'between rounds': ['wake', 'judged', 'overdue', 'probing', ...ofServers],
    'waiting for an expert': ['wake', 'recovered', 'judged', 'timer', 'look', 'back', 'overdue', 'probing', 'step', ...ofServers],
    recovering: ['recovered', 'back', ...ofServers],
    done: ofServers,
  },
  expert: {
    closed: ['wake', ...ofExperts],
    open: ['wake', 'step', ...ofExperts],
    /** It has heard of the end of its round, and waits until the sum of its part is unmasked. */
    unmasking: ['wake', 'step', ...ofExperts],
    /** It has come back, and asks the aggregator where the round is. */
    asking: ['recovered', 'step', ...ofExperts],
    /** It knows, and asks clients for answers that were lost with it. */
    'catching up': ['recovered', 'step', ...ofExperts],
    /** Where rounds overlap, which nothing is summed under masks in. */
    over: ['open', 'close', ...plainly],
  },
  regional: {
    resting: ['wake', 'halted', ...ofRegionals],
    gathering: ['patience', 'deadline', 'halted', ...ofRegionals],
    open: ['wake', 'timer', 'probing', 'deadline', 'halted', ...ofRegionals],
    /** Too few clients of the region are there for its round to open. */
    short: ['wake', 'timer', 'look', 'back', 'deadline', 'halted', ...ofRegionals],
    recovering: ['recovered', 'back', 'deadline', 'patience', 'halted', ...ofRegionals],
  },
  client: {
    idle: ['wake', ...ofClients],
    gathering: ['patience', ...ofClients],
    training: ['computed', 'interrupted', ...ofClients],
    /** It has answered, or waits for shares of others before it can. */
    over: ['alone', ...ofClients],
  },
} as const satisfies Readonly<Record<Handling, Readonly<Record<string, readonly string[]>>>>

const ofPeers = ['update', 'recover', 'status', 'close', ...reliably] as const

/** The same of clients who are peers. */
export const peerProtocol = {
  client: {
    idle: ['begin', 'wake'],
    /** It has come back, and asks others where they are. */
    asking: ['recovered', ...ofPeers],
    training: ['computed', 'interrupted', ...ofPeers],
    exchanging: ['patience', ...ofPeers],
    /** It takes no part in the round. */
    out: ['patience', ...ofPeers],
    over: ofPeers,
  },
} as const satisfies Protocol

/** Of updates that are summed under masks alone. */
const masked: ReadonlySet<string> = new Set([...steps, 'step', 'parts', 'alone'])

const listed = (table: Protocol, { masks, regions, peers }: Has): readonly string[] => Object.entries(table).flatMap(([role, phases]) =>
  role === 'regional' && !regions ? [] : Object.entries(phases).flatMap(([phase, messages]) =>
    (phase === 'unmasking' && !masks ? [] : messages)
      .filter((message) => peers || masks || !masked.has(message))
      .map((message) => `${role} ${phase} ${message}`)))

const known = new Map<string, readonly string[]>()

/** What such a federation can handle, as triples. */
export const triplesOf = (has: Has): readonly string[] => {
  const key = `${has.peers} ${has.masks} ${has.regions}`
  let triples = known.get(key)
  if (triples === undefined) known.set(key, (triples = listed(has.peers ? peerProtocol : protocol, has)))
  return triples
}
