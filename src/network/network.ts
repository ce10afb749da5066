import { filter, map, type Observable, type SchedulerLike, Subject } from 'rxjs'

import type { ActorRole, Name } from '../actors/actor.js'
import type { Weather } from '../faults/weather.js'
import type { Streams } from '../random/streams.js'
import type { Micros } from '../time/micros.js'
import type { Direction, Envelope, EnvelopeKind } from './envelope.js'
import { type Ledger, linkName } from './ledger.js'
import { Links, type Transfer } from './link.js'
import { fates, type Flight } from './rules.js'

/** What an actor hands over: encoded bytes and what they are about. */
export interface Outgoing {
  readonly from: Name
  readonly to: Name
  readonly kind: EnvelopeKind
  readonly round: number
  readonly part: string
  readonly bytes: Uint8Array
}

/**
 * A researcher's own link, in place of or around the usual one: whatever it emits is delivered at that instant, what it
 * swallows is lost. Time operators must be given `scheduler`; draws come from `streams`.
 */
export type CustomLink = (
  envelopes$: Observable<Envelope>,
  tools: {
    readonly scheduler: SchedulerLike
    readonly streams: Streams
    /** The usual link: the client's bandwidth, latency and the delays of the fault plan. */
    readonly usual: (envelopes$: Observable<Envelope>) => Observable<Envelope>
  },
) => Observable<Envelope>

export interface NetworkOptions {
  readonly now: () => Micros
  /** Runs `action` at an instant; the returned function withdraws it. */
  readonly at: (time: Micros, action: () => void) => () => void
  /**
   * Delivers to the receiver at an instant. `arrives` is asked just before, with whether anybody lives there; false
   * means that nothing is delivered. The returned function withdraws the delivery.
   */
  readonly deliver: (time: Micros, envelope: Envelope, arrives: (alive: boolean) => boolean) => () => void
  readonly weather: Pick<Weather, 'judge' | 'rate' | 'latency' | 'gone' | 'leaves'>
  readonly ledger: Ledger
  readonly roleOf: (name: Name) => ActorRole
  /** Roles of the segments in a part, for the ledger. */
  readonly rolesOf: (part: string) => readonly string[]
  readonly link?: { readonly custom: CustomLink; readonly scheduler: SchedulerLike; readonly streams: Streams }
}

interface InFlight {
  readonly envelope: Envelope
  readonly client: Name | undefined
  readonly transfer: Transfer
  withdraw: () => void
}

const still: Transfer = { start: 0, end: 0 }

/** One rxjs pipeline: sent$ -> encode -> rules (fates) -> links -> delivered$. The only way from actor to actor. */
export class Network {
  readonly #options: NetworkOptions
  readonly #links: Links
  readonly #sent$ = new Subject<Outgoing>()
  readonly #delivered$ = new Subject<Envelope>()
  readonly #flying = new Map<number, InFlight>()
  readonly #under = new Map<string, number>()
  readonly #verdicts = new Map<number, Flight>()
  #envelopes = 0

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#links = new Links(options.weather)
    const { now, weather, link } = options
    const judge = (envelope: Envelope) => weather.judge(envelope, now())
    const flights$ = this.#sent$.pipe(
      map((outgoing) => this.#stamp(outgoing)),
      fates(judge, (envelope, copy) => this.#copy(envelope, copy)),
    )
    if (link === undefined) {
      flights$.subscribe((flight) => this.#fly(flight, (at, flying) => this.#land(at, flying)))
      return
    }
    const outside$ = flights$.pipe(
      filter((flight) => !this.#lose(flight)),
      map((flight) => {
        this.#verdicts.set(flight.envelope.id, flight)
        this.#take({ envelope: flight.envelope, client: undefined, transfer: still, withdraw: () => {} })
        return flight.envelope
      }),
    )
    const usual = (envelopes$: Observable<Envelope>) => this.#usual(envelopes$)
    link.custom(outside$, { scheduler: link.scheduler, streams: link.streams, usual }).subscribe((envelope) => {
      const flying = this.#flying.get(envelope.id)
      if (flying !== undefined) this.#land(now(), { ...flying, envelope })
    })
  }

  /** Every envelope at the instant of its delivery, for watching. */
  get delivered$(): Observable<Envelope> {
    return this.#delivered$.asObservable()
  }

  /** Copies under way on one link and of one kind (`a > b model`), counted by the flights themselves. */
  inFlight(link: string): number {
    return this.#under.get(link) ?? 0
  }

  send(outgoing: Outgoing): void {
    this.#sent$.next(outgoing)
  }

  /** The client has left: what is still on its line is lost, with the bytes that had passed. */
  cut(client: Name): void {
    const now = this.#options.now()
    for (const flying of this.#flying.values()) {
      if (flying.client !== client || flying.transfer.end <= now) continue
      flying.withdraw()
      const { envelope } = flying
      const direction = this.#direction(envelope)
      const passed =
        direction === 'inside'
          ? 0
          : this.#links.passed(client, direction, envelope.bytes.length, flying.transfer, now)
      this.#drop(envelope, passed)
    }
    this.#links.release(client, now)
  }

  /** After the last event: what a custom link still holds is lost. */
  close(): void {
    for (const { envelope } of [...this.#flying.values()]) this.#drop(envelope, envelope.bytes.length)
    this.#sent$.complete()
    this.#delivered$.complete()
  }

  #stamp(outgoing: Outgoing): Envelope {
    const envelope: Envelope = {
      id: this.#envelopes++,
      from: outgoing.from,
      to: outgoing.to,
      kind: outgoing.kind,
      round: outgoing.round,
      part: outgoing.part,
      attempt: 0,
      copy: 0,
      bytes: outgoing.bytes,
      sent: this.#options.now(),
    }
    this.#options.ledger.send(envelope, this.#direction(envelope), this.#options.rolesOf(envelope.part))
    return envelope
  }

  #copy(original: Envelope, copy: number): Envelope {
    const envelope: Envelope = { ...original, id: this.#envelopes++, copy }
    this.#options.ledger.send(envelope, this.#direction(envelope), this.#options.rolesOf(envelope.part))
    return envelope
  }

  #direction(envelope: Envelope): Direction {
    if (this.#options.roleOf(envelope.from) === 'client') return 'up'
    return this.#options.roleOf(envelope.to) === 'client' ? 'down' : 'inside'
  }

  /** Books the links and calls `land` with the time of arrival; lost flights end here. */
  #fly(flight: Flight, land: (at: Micros, flying: InFlight) => void): void {
    const { envelope, verdict } = flight
    const { now, weather } = this.#options
    const direction = this.#direction(envelope)
    const client = direction === 'up' ? envelope.from : direction === 'down' ? envelope.to : undefined
    const size = envelope.bytes.length
    const bytes = verdict.lost === undefined ? size : Math.floor(size * verdict.lost.travelled)
    const transfer =
      client === undefined || direction === 'inside'
        ? { start: now(), end: now() }
        : this.#links.book(client, direction, bytes, now())
    const flying: InFlight = { envelope, client, transfer, withdraw: () => {} }
    this.#take(flying)
    if (verdict.lost !== undefined) {
      flying.withdraw = this.#options.at(transfer.end, () => this.#drop(envelope, bytes))
      return
    }
    const leaves = client === undefined ? undefined : weather.leaves(client, now(), transfer.end)
    if (leaves !== undefined && client !== undefined && direction !== 'inside') {
      const passed = this.#links.passed(client, direction, bytes, transfer, leaves)
      flying.withdraw = this.#options.at(leaves, () => this.#drop(envelope, passed))
      return
    }
    land(transfer.end + weather.latency(envelope) + verdict.delay, flying)
  }

  #land(at: Micros, flying: InFlight): void {
    const { envelope } = flying
    const { ledger, weather, deliver } = this.#options
    flying.withdraw = deliver(at, envelope, (alive) => {
      if (!alive || (this.#options.roleOf(envelope.to) === 'client' && weather.gone(envelope.to, at))) {
        this.#drop(envelope, envelope.bytes.length)
        return false
      }
      this.#release(envelope)
      ledger.arrive(envelope.id, at)
      this.#delivered$.next(envelope)
      return true
    })
  }

  #lose(flight: Flight): boolean {
    if (flight.verdict.lost === undefined) return false
    this.#fly(flight, () => {})
    return true
  }

  #usual(envelopes$: Observable<Envelope>): Observable<Envelope> {
    const arrived$ = new Subject<Envelope>()
    envelopes$.subscribe({
      next: (envelope) => {
        const flight = this.#verdicts.get(envelope.id)
        if (flight === undefined) return
        this.#verdicts.delete(envelope.id)
        this.#fly(flight, (at, flying) => {
          flying.withdraw = this.#options.at(at, () => arrived$.next(envelope))
        })
      },
      complete: () => arrived$.complete(),
    })
    return arrived$
  }

  /** From here on the copy is under way. A custom link may hand it to the usual one: it is still one copy. */
  #take(flying: InFlight): void {
    const { envelope } = flying
    if (!this.#flying.has(envelope.id)) this.#count(envelope, 1)
    this.#flying.set(envelope.id, flying)
  }

  #release(envelope: Envelope): void {
    if (this.#flying.delete(envelope.id)) this.#count(envelope, -1)
  }

  #count({ from, to, kind }: Envelope, by: number): void {
    const link = linkName(from, to, kind)
    this.#under.set(link, (this.#under.get(link) ?? 0) + by)
  }

  #drop(envelope: Envelope, travelled: number): void {
    this.#release(envelope)
    this.#options.ledger.drop(envelope.id, this.#options.now(), travelled)
  }
}
