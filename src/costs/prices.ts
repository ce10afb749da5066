import { SpecificationError } from '../errors.js'
import type { Streams } from '../random/streams.js'
import { identities } from '../roster/identity.js'
import type { Name, Participant } from '../roster/participant.js'
import { resolve } from '../roster/selectors.js'
import type { Micros } from '../time/micros.js'
import { devices, radios } from './constants.js'
import { type ClientCosts, type Costs, costsSchema, type ServerCosts, type Tariff } from './schema.js'

/** What one client's doings cost. */
export interface ClientPrices {
  /** Watts in training. */
  readonly training: number
  /** Joules per million bytes on its line. */
  readonly sent: number
  readonly received: number
  readonly infrastructure: number
  /** Its radio stays on for so long after bytes have passed. */
  readonly tail: { readonly watts: number; readonly lasts: Micros }
  readonly tariff: Tariff | undefined
}

/** All that a ledger is priced by. */
export interface Prices {
  readonly currency: string
  of(client: Name): ClientPrices
  /** Undefined: servers are not counted. */
  readonly servers: ServerCosts | undefined
  /** Does anything cost money? */
  readonly charged: boolean
}

/** What a later entry says takes the place of what was said before: a class, of the numbers that stood for one. */
const over = (before: ClientCosts, given: ClientCosts): ClientCosts => ({
  ...before,
  ...(given.device !== undefined && { training: undefined }),
  ...(given.radio !== undefined && { sent: undefined, received: undefined, tail: undefined }),
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
})

const pricesFor = ({ device = 'core', radio = 'wired', ...given }: ClientCosts): ClientPrices => {
  const { sent, received, tail } = radios[radio]
  return {
    training: given.training ?? devices[device].value,
    sent: given.sent ?? sent.value,
    received: given.received ?? received.value,
    infrastructure: given.infrastructure ?? 0,
    tail: given.tail ?? { watts: tail.watts.value, lasts: Math.round(tail.seconds.value * 1e6) },
    tariff: given.tariff,
  }
}

/** Whom each of `costs.overrides` is about: what of costs is drawn, and needs to be known of a flight to price it. */
export type Payers = readonly (readonly Name[])[]

/** Draws whom overrides are about. Throws a `SpecificationError` for selectors that find nobody, or name a server. */
export const payersOf = ({ overrides }: Costs, participants: readonly Participant[], streams: Streams): Payers => {
  const keys = identities(overrides)
  return overrides.map(({ who }, i) => {
    if (who.select === 'share') {
      throw new SpecificationError(`costs.overrides[${i}].who: a share of those whom a round selects is redrawn in each, and a client costs the same in all. Give a fraction.`)
    }
    const names = resolve(who, participants, (name) => streams('costs', keys[i], name)(), `costs.overrides[${i}].who`)
    const server = participants.find(({ name, role }) => role !== 'client' && role !== 'regional' && names.includes(name))
    if (server === undefined) return names
    throw new SpecificationError(`costs.overrides[${i}].who: '${server.name}' is a server; overrides are of clients and regional aggregators. See costs.servers.`)
  })
}

/** Prices of a specification whose overrides are about these; with neither, those of a core on a wire, which pays nobody. */
export const pricesOf = (costs: Costs = costsSchema.parse({}), payers: Payers = []): Prices => {
  const { overrides, servers, currency, rounds: _, ...usual } = costs
  const own = new Map<Name, ClientCosts>()
  overrides.forEach(({ who: __, ...given }, i) => {
    for (const name of payers[i] ?? []) own.set(name, over(own.get(name) ?? usual, given))
  })
  const known = new Map([...own].map(([name, given]) => [name, pricesFor(given)]))
  const others = pricesFor(usual)
  const pays = ({ tariff }: ClientPrices): boolean => tariff !== undefined && tariff.up + tariff.down > 0
  return {
    currency,
    of: (client) => known.get(client) ?? others,
    servers,
    charged: pays(others) || [...known.values()].some(pays) || (servers?.egress ?? 0) > 0,
  }
}
