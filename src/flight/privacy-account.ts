import { Accountant } from '../federation/privacy/accountant.js'
import type { PrivacyTerms } from '../federation/privacy/privacy.js'
import type { EventOf, FlightEvent } from '../record/event.js'
import type { Reader } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'

/** What was promised when a round had closed, of all rounds up to it. `null`: no epsilon. */
export interface PrivateRound {
  readonly round: number
  /** How often its folds were released: more than once where a crash has undone it. */
  readonly releases: number
  /** The least noise in one of its sums, as a multiple of `clip`. */
  readonly noise: number
  /** With every client in every round: whoever was asked, and whoever answered. */
  readonly epsilon: number | null
  /** As if each client had been drawn by itself with probability `q`; absent where that is not assumed. */
  readonly sampled?: number | null
}

/** What a flight promises every client: (epsilon, delta)-differential privacy of whether it took part at all. */
export interface PrivacyReport {
  readonly clip: number
  readonly noise: number
  readonly where: 'server' | 'client'
  readonly delta: number
  readonly sampling: {
    /** The probability with which a client is in a round; 1: no amplification by sampling is counted. */
    readonly q: number
    /** What is assumed, or why nothing is. */
    readonly because: string
  }
  readonly rounds: readonly PrivateRound[]
  /** After the last round. */
  readonly epsilon: number | null
  readonly sampled?: number | null | undefined
  /**
   * Where clients add the noise: what is promised against those who see every single update, of whatever the client may have
   * learnt instead. Of the client that has sent the most.
   */
  readonly single?: { readonly updates: number; readonly noise: number; readonly epsilon: number | null }
  readonly notCovered: readonly string[]
}

/** What no epsilon of a flight speaks of, for people. */
const notCovered = (where: 'server' | 'client', forged: boolean): string[] => [
  where === 'server'
    ? 'the aggregator and the expert networks, who see every update before the noise'
    : 'whoever sees single updates, beyond what `single` says',
  'who was asked, who answered, and when; the rows and steps that answers name',
  'scores, `evaluate.until` and the selected round: they are of the clients’ own rows, without noise',
  'models and segments that stay with clients and are kept in the run folder for evaluation',
  'other runs on the same data, such as a search for hyper-parameters; those of the same seed share their noise, and tell by what they differ',
  ...(forged ? ['what attackers repeat of the updates of others, which they see before the noise'] : []),
  'rounding of floating-point noise (Mironov 2012)',
]

const finite = (epsilon: number): number | null => (Number.isFinite(epsilon) ? epsilon : null)

/** Why clients do not come into a round as if each had been drawn by itself; undefined: they do. */
const whyNotSampled = ({ rounds, choose, selection, faults, schedule, link }: Resolved, wanted: number, clients: number): string | undefined => {
  const kind = typeof rounds === 'function' || 'next' in rounds ? 'of the simulation’s own' : rounds.kind
  if (kind !== 'synchronous') return `rounds are ${kind}: who is counted is not who was drawn`
  if (wanted === clients) return 'every client is asked in every round'
  if (choose !== undefined || (selection !== undefined && selection.kind !== 'random')) return 'clients are not drawn uniformly'
  if (faults.length > 0) return 'faults decide who is counted'
  if (schedule.length > 0) return 'schedules decide who is there'
  return link === undefined ? undefined : 'a link of the simulation’s own decides who is counted'
}

/** Counts what folds have released, as they are told. */
export class PrivacyAccount implements Reader {
  readonly kinds = ['fold', 'send'] as const
  /** By round: releases and the least noise of each part. */
  readonly #rounds = new Map<number, Map<string, { releases: number; noise: number }>>()
  readonly #sent = new Map<Name, number>()

  constructor(
    private readonly resolved: Resolved & { readonly privacy: NonNullable<Resolved['privacy']> },
    private readonly terms: PrivacyTerms,
    private readonly clients: number,
    private readonly trunk: string,
    /** Whether attackers see updates of others before they are folded. */
    private readonly forged = false,
  ) {}

  see(event: FlightEvent): void {
    if (event.kind === 'fold') this.#folded(event)
    else if (event.kind === 'send' && event.message === 'update' && event.part === this.trunk && event.attempt === 0) {
      this.#sent.set(event.actor, (this.#sent.get(event.actor) ?? 0) + 1)
    }
  }

  #folded({ round, part, updates }: EventOf<'fold'>): void {
    const { noise: whole, where, wanted } = this.terms
    const noise = where === 'server' ? whole : whole * Math.sqrt(updates.length / wanted)
    let parts = this.#rounds.get(round)
    if (parts === undefined) this.#rounds.set(round, (parts = new Map()))
    const known = parts.get(part) ?? { releases: 0, noise }
    parts.set(part, { releases: known.releases + 1, noise: Math.min(known.noise, noise) })
  }

  report(): PrivacyReport {
    const { clip, noise, where, delta } = this.resolved.privacy
    const { wanted } = this.terms
    const why = whyNotSampled(this.resolved, wanted, this.clients)
    const q = why === undefined ? wanted / this.clients : 1
    const [all, drawn] = [new Accountant(), new Accountant()]
    const rounds = [...this.#rounds].sort(([a], [b]) => a - b).map(([round, parts]): PrivateRound => {
      // All parts of a round are one release: together they move by no more than the clip.
      const releases = Math.max(...[...parts.values()].map((part) => part.releases))
      const least = Math.min(...[...parts.values()].map((part) => part.noise))
      all.compose(1, least, releases)
      drawn.compose(q, least, releases)
      const epsilon = finite(all.epsilon(delta))
      return { round, releases, noise: least, epsilon, ...(why === undefined && { sampled: finite(drawn.epsilon(delta)) }) }
    })
    return {
      clip, noise, where, delta,
      sampling: {
        q,
        because: why ?? 'clients are drawn by so many out of all, and counted as if each was drawn by itself (Poisson), as is usual',
      },
      rounds,
      // Nothing was released; `null` would be that nothing is promised.
      epsilon: rounds.length === 0 ? 0 : rounds[rounds.length - 1].epsilon,
      ...(why === undefined && { sampled: rounds.length === 0 ? 0 : rounds[rounds.length - 1].sampled }),
      ...(where === 'client' && { single: this.#single() }),
      notCovered: notCovered(where, this.forged),
    }
  }

  #single(): NonNullable<PrivacyReport['single']> {
    const updates = Math.max(0, ...this.#sent.values())
    // Another one in its place moves an update by twice the clip.
    const noise = this.terms.noise / Math.sqrt(this.terms.wanted) / 2
    const accountant = new Accountant()
    accountant.compose(1, noise, updates)
    return { updates, noise, epsilon: finite(accountant.epsilon(this.resolved.privacy.delta)) }
  }
}
