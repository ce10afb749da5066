import type { LivenessError } from '../errors.js'
import type { Reader, Told } from '../record/flight-recorder.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { AggregatorState } from './aggregator-state.js'
import type { ExpertState } from './expert-network.js'
import type { Holding } from './owner.js'
import { type PartTemplate, putPart } from './parts.js'
import { Readings } from './readings.js'
import type { PartState } from './strategies/strategy.js'
import type { Terms, Written } from './terms.js'

/** A look at the actors of a flight under way, from outside: nothing of it is written to. */
export interface Look {
  alive(name: Name): boolean
  /** An actor's state; of a dead one, what it would come back with. */
  state<State>(name: Name): State
}

/** A flight of which nothing is left to happen, and that is not over. */
export interface Stalled {
  readonly look: Look
  /** Rounds that have closed. */
  readonly closed: number
  readonly now: Micros
}

/** Clients as peers. */
export interface Peers {
  readonly names: ReadonlySet<Name>
  /** Whose models one takes a mean with in a round, besides its own. */
  partners(peer: Name, round: number): readonly Name[]
  /** Whether all that take part in an exchange come to the same model. */
  readonly agree: boolean
}

/** How a flight of a topology begins, is watched, and is read from outside: none of it steers an actor. */
export interface Course {
  /** Who begins when the flight does, by the message `begin`. */
  readonly beginners: readonly Name[]
  /** Who ends rounds of a part, and writes down then what it holds. */
  readonly owners: ReadonlySet<Name>
  /** Clients who send what they have trained to each other, where there are no servers. */
  readonly peers?: Peers
  /** What an owner writes down. */
  written(owner: Name, look: Look): Written
  /** A part as it is held: what all have in common of it, and what is some client's own. */
  held(part: PartTemplate, look: Look): PartState
  /** Puts the parts that a client would serve now into its flat vector. */
  assemble(client: Name, flat: Float32Array, look: Look): void
  /** Who waits to be told that somebody is back, or, where it is `hopeless`, that nobody will be. */
  waiting(hopeless: boolean, look: Look): readonly Name[]
  /** Who can tell when rounds begin and end, where no actor does. */
  watch?(tell: (actor: Name, what: Told, cause: number) => void): Reader
  /** Why it can never end, where that is not for the aggregator to say. */
  stalled?(about: Stalled): LivenessError
}

/** A federation whose parts servers own, and whose rounds an aggregator opens and closes; `regionals`: who do so for clients of their own. */
export const courseOfServers = (terms: Terms, regionals: readonly Name[] = []): Course => {
  const openers = [AGGREGATOR, ...regionals]
  const readings = new Readings(terms)
  const holdingOf = (owner: Name, look: Look): Holding => look.state<AggregatorState | ExpertState>(owner).holding
  return {
    beginners: [AGGREGATOR],
    owners: new Set([...terms.parts.map(({ owner }) => owner), ...regionals]),
    written: holdingOf,
    held: ({ owner }, look) => holdingOf(owner, look).state,
    assemble: (client, flat, look) => {
      for (const part of terms.travelling) putPart(readings.of(part, holdingOf(part.owner, look), client), part, flat)
    },
    waiting: (hopeless, look) => openers.filter((name) => {
      if (!look.alive(name)) return false
      const { phase, awaits, atWork } = look.state<AggregatorState>(name)
      return phase === 'flying' && awaits && !(hopeless && atWork.size > 0)
    }),
  }
}
