import type { EventOf, FlightEvent } from '../../record/event.js'
import type { Reader, Told } from '../../record/flight-recorder.js'
import type { RoundRow } from '../../record/rows.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'

/** What is seen of a round before it is over. */
interface Seen {
  readonly began: Set<Name>
  readonly counted: Set<Name>
}

/** In whose name, and what brought it about. */
type Tell = (actor: Name, what: Told, cause: number) => void

const frozen = (row: RoundRow): RoundRow => {
  Object.freeze(row.selected)
  Object.freeze(row.folded)
  return Object.freeze(row)
}

/**
 * Rounds where no actor opens and closes them: whoever looks from outside sees them begin and end. A round is open from the
 * end of the one before until it has ended for every peer that lives and takes part; some may then be in later ones. Those of whom any
 * training began in it are said to be selected, and those whose model counted for anybody to be folded.
 */
export class PeerRounds implements Reader {
  readonly kinds = ['train', 'part-close', 'fold', 'life'] as const
  readonly #alive: Set<Name>
  readonly #asleep = new Set<Name>()
  /** Whose last round ended without it, and who has begun no other. */
  readonly #out = new Set<Name>()
  /** The last round that has ended for each, in its present life: 0 for one that has come back and ended none. */
  readonly #ended = new Map<Name, number>()
  /** The last that each has begun. */
  readonly #begun = new Map<Name, number>()
  readonly #rounds = new Map<number, Seen>()
  /** For whom the round that is open has not ended; undefined: it is to be worked out. */
  #awaited: Set<Name> | undefined
  #closed = 0
  #opened: Micros | undefined

  constructor(
    peers: readonly Name[],
    private readonly count: number,
    private readonly tell: Tell,
    private readonly goal: { readonly reached: boolean } | undefined,
  ) {
    this.#alive = new Set(peers)
    for (const peer of peers) this.#ended.set(peer, 0)
  }

  see(event: FlightEvent): void {
    if (this.#closed === this.count || this.goal?.reached === true) return
    if (event.kind === 'train') this.#trains(event)
    else if (event.kind === 'fold') this.#ends(event)
    else if (event.kind === 'part-close' && event.outcome === 'aborted') this.#ends(event)
    else if (event.kind === 'life') this.#lives(event)
  }

  #trains(event: EventOf<'train'>): void {
    const { actor, round } = event
    this.#begun.set(actor, round)
    if (this.#out.delete(actor)) this.#awaited = undefined
    if (round <= this.#closed) return
    this.#seen(round).began.add(actor)
    this.#open(event, actor)
  }

  /** It has mixed, or ends a round without that. */
  #ends(event: EventOf<'part-close'> | EventOf<'fold'>): void {
    const { actor, round, updates, kind } = event
    this.#ended.set(actor, round)
    const out = kind === 'part-close'
    if (out !== this.#out.has(actor)) this.#awaited = undefined
    if (out) this.#out.add(actor)
    else this.#out.delete(actor)
    if (round > this.#closed) for (const { client } of updates) this.#seen(round).counted.add(client)
    this.#judge(event, actor)
  }

  #lives(event: EventOf<'life'>): void {
    const { actor, what } = event
    if (what === 'pause') this.#asleep.add(actor)
    else this.#asleep.delete(actor)
    if (what === 'restart') {
      this.#alive.add(actor)
      this.#out.delete(actor)
      this.#ended.set(actor, 0)
    } else if (what === 'crash') {
      this.#alive.delete(actor)
      this.#begun.delete(actor)
    }
    this.#awaited = undefined
    this.#judge(event)
  }

  /** Some training has begun for the round that comes next, or for a later one. */
  #open({ at, id }: Pick<FlightEvent, 'at' | 'id'>, actor: Name): void {
    const round = this.#closed + 1
    if (this.#opened !== undefined || ![...this.#begun.values()].some((of) => of >= round)) return
    this.#opened = at
    this.tell(actor, { kind: 'round-open', round, selected: [...this.#alive].sort() }, id)
  }

  /** Is the round over for all that live? Where one has died of whom it waited, somebody else ends it who is awake. */
  #judge(event: FlightEvent, last?: Name): void {
    while (this.#closed < this.count) {
      const round = this.#closed + 1
      const awaited = (this.#awaited ??= this.#awaitedFor(round))
      if (last !== undefined && this.#ended.get(last)! >= round) awaited.delete(last)
      if (awaited.size > 0) return
      const through = (peer: Name): boolean => this.#ended.get(peer)! >= round
      const actor = last !== undefined && through(last) ? last : [...this.#alive].sort().find((peer) => through(peer) && !this.#asleep.has(peer))
      if (actor === undefined) return
      this.#close(round, event, actor)
    }
  }

  /** For whom the round has not ended. Whoever takes no part holds nobody up, unless nobody does; nor do the dead, unless all are. */
  #awaitedFor(round: number): Set<Name> {
    const taking = [...this.#alive].filter((peer) => !this.#out.has(peer))
    const those = taking.length > 0 ? taking : [...(this.#alive.size > 0 ? this.#alive : this.#ended.keys())]
    return new Set(those.filter((peer) => this.#ended.get(peer)! < round))
  }

  #close(round: number, { at, id }: FlightEvent, actor: Name): void {
    const { began, counted } = this.#seen(round)
    const closed = counted.size > 0
    const row = frozen({
      round, opened: this.#opened ?? at, closed: at,
      selected: [...began].sort(), folded: [...counted].sort(),
      outcome: closed ? 'closed' : 'aborted',
      reason: closed ? 'ended for all' : 'nobody exchanged anything',
    })
    this.#rounds.delete(round)
    this.#closed = round
    this.#opened = undefined
    this.#awaited = undefined
    this.tell(actor, { kind: 'round-close', row, last: round === this.count }, id)
    if (round < this.count) this.#open({ at, id }, actor)
  }

  #seen(round: number): Seen {
    let seen = this.#rounds.get(round)
    if (seen === undefined) this.#rounds.set(round, (seen = { began: new Set(), counted: new Set() }))
    return seen
  }
}
