import { filter, map, type Observable, type SchedulerLike, Subject } from 'rxjs'

import type { Role, Name } from '../roster/participant.js'
import type { Weather } from '../faults/weather.js'
import type { Streams } from '../random/streams.js'
import type { Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'
import type { Direction, Envelope, EnvelopeKind } from './envelope.js'
import type { Flow, Ledger } from './ledger.js'
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
  /** Runs `action` at an instant. */
  readonly at: (time: Micros, action: () => void) => Scheduled
  /**
   * Delivers to the receiver at an instant. `arrives` is asked just before, with whether anybody lives there; false
   * means that nothing is delivered.
   */
  readonly deliver: (time: Micros, envelope: Envelope, arrives: (alive: boolean) => boolean) => Scheduled
  /** Withdraws what `at` or `deliver` returned. */
  readonly cancel: (event: Scheduled) => void
  readonly weather: Pick<Weather, 'judge' | 'rate' | 'latency' | 'gone' | 'leaves'>
  readonly ledger: Ledger
  readonly roleOf: (name: Name) => Role
  /** Roles of the segments in a part, for the ledger. */
  readonly rolesOf: (part: string) => readonly string[]
  readonly link?: { readonly custom: CustomLink; readonly scheduler: SchedulerLike; readonly streams: Streams }
}

/** An envelope with what the network needs again and again. */
interface Stamped extends Envelope {
  readonly direction: Direction
}

interface InFlight {
  readonly envelope: Envelope
  readonly direction: Direction
  /** Whose line it is on. */
  readonly client: Name | undefined
  readonly transfer: Transfer
  /** What is to happen to it next. */
  next: Scheduled | undefined
}

const still: Transfer = { start: 0, end: 0 }

/** One rxjs pipeline: sent$ -> encode -> rules (fates) -> links -> delivered$. The only way from actor to actor. */
export class Network {
  readonly #options: NetworkOptions
  readonly #links: Links
  readonly #sent$ = new Subject<Outgoing>()
  readonly #delivered$ = new Subject<Envelope>()
  /** By number of the envelope, which a list serves without the churn of a map; undefined when it is over. */
  readonly #flying: (InFlight | undefined)[] = []
  /** No envelope below this number is under way. */
  #oldest = 0
  /** Copies under way, by the index of their flow. */
  readonly #under: number[] = []
  readonly #verdicts = new Map<number, Flight<Stamped>>()
  #envelopes = 0

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#links = new Links(options.weather)
    const { now, weather, link } = options
    const judge = (envelope: Envelope) => weather.judge(envelope, now())
    const flights$ = this.#sent$.pipe(
      map((outgoing) => this.#stamp(outgoing)),
      fates<Stamped>(judge, (envelope, copy) => this.#copy(envelope, copy)),
    )
    if (link === undefined) {
      flights$.subscribe((flight) => this.#fly(flight, (at, flying) => this.#land(at, flying)))
      return
    }
    const outside$ = flights$.pipe(
      filter((flight) => !this.#lose(flight)),
      map((flight) => {
        this.#verdicts.set(flight.envelope.id, flight)
        const { envelope } = flight
        this.#take({ envelope, direction: envelope.direction, client: undefined, transfer: still, next: undefined })
        return envelope
      }),
    )
    const usual = (envelopes$: Observable<Envelope>) => this.#usual(envelopes$)
    link.custom(outside$, { scheduler: link.scheduler, streams: link.streams, usual }).subscribe((envelope) => {
      const flying = this.#flying[envelope.id]
      if (flying !== undefined) this.#land(now(), { ...flying, envelope })
    })
  }

  /** Every envelope at the instant of its delivery, for watching. */
  get delivered$(): Observable<Envelope> {
    return this.#delivered$.asObservable()
  }

  /** Copies of one flow that are under way, counted by the flights themselves. */
  inFlight(flow: Flow): number {
    return this.#under[flow.index] ?? 0
  }

  send(outgoing: Outgoing): void {
    this.#sent$.next(outgoing)
  }

  /** The client has left: what is still on its line is lost, with the bytes that had passed. */
  cut(client: Name): void {
    const now = this.#options.now()
    for (const flying of this.#underWay()) {
      if (flying.client !== client || flying.transfer.end <= now) continue
      if (flying.next !== undefined) this.#options.cancel(flying.next)
      const { envelope, direction } = flying
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
    for (const { envelope } of this.#underWay()) this.#drop(envelope, envelope.bytes.length)
    this.#sent$.complete()
    this.#delivered$.complete()
  }

  #stamp({ from, to, kind, round, part, bytes }: Outgoing): Stamped {
    const { ledger, now, rolesOf } = this.#options
    const direction = this.#direction(from, to)
    const id = this.#envelopes++
    const envelope: Stamped = { id, from, to, kind, round, part, attempt: 0, copy: 0, bytes, sent: now(), direction }
    ledger.send(envelope, direction, rolesOf(part))
    return envelope
  }

  #copy(original: Stamped, copy: number): Stamped {
    const envelope: Stamped = { ...original, id: this.#envelopes++, copy }
    this.#options.ledger.send(envelope, envelope.direction, this.#options.rolesOf(envelope.part))
    return envelope
  }

  #direction(from: Name, to: Name): Direction {
    if (this.#options.roleOf(from) === 'client') return 'up'
    return this.#options.roleOf(to) === 'client' ? 'down' : 'inside'
  }

  /** Books the links and calls `land` with the time of arrival; lost flights end here. */
  #fly({ envelope, verdict }: Flight<Stamped>, land: (at: Micros, flying: InFlight) => void): void {
    const { weather } = this.#options
    const now = this.#options.now()
    const { direction } = envelope
    const client = direction === 'up' ? envelope.from : direction === 'down' ? envelope.to : undefined
    const size = envelope.bytes.length
    const bytes = verdict.lost === undefined ? size : Math.floor(size * verdict.lost.travelled)
    const transfer =
      client === undefined || direction === 'inside'
        ? { start: now, end: now }
        : this.#links.book(client, direction, bytes, now)
    const flying: InFlight = { envelope, direction, client, transfer, next: undefined }
    this.#take(flying)
    if (verdict.lost !== undefined) {
      flying.next = this.#options.at(transfer.end, () => this.#drop(envelope, bytes))
      return
    }
    const leaves = client === undefined ? undefined : weather.leaves(client, now, transfer.end)
    if (leaves !== undefined && client !== undefined && direction !== 'inside') {
      const passed = this.#links.passed(client, direction, bytes, transfer, leaves)
      flying.next = this.#options.at(leaves, () => this.#drop(envelope, passed))
      return
    }
    land(transfer.end + weather.latency(envelope) + verdict.delay, flying)
  }

  #land(at: Micros, flying: InFlight): void {
    const { envelope } = flying
    const { ledger, weather, deliver } = this.#options
    flying.next = deliver(at, envelope, (alive) => {
      if (!alive || (this.#options.roleOf(envelope.to) === 'client' && weather.gone(envelope.to, at))) {
        this.#drop(envelope, envelope.bytes.length)
        return false
      }
      this.#release(envelope.id)
      ledger.arrive(envelope.id, at)
      if (this.#delivered$.observed) this.#delivered$.next(envelope)
      return true
    })
  }

  #lose(flight: Flight<Stamped>): boolean {
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
          flying.next = this.#options.at(at, () => arrived$.next(envelope))
        })
      },
      complete: () => arrived$.complete(),
    })
    return arrived$
  }

  /** From here on the copy is under way. A custom link may hand it to the usual one: it is still one copy. */
  #take(flying: InFlight): void {
    const { id } = flying.envelope
    if (this.#flying[id] === undefined) this.#count(id, 1)
    this.#flying[id] = flying
  }

  #release(id: number): void {
    if (this.#flying[id] === undefined) return
    this.#flying[id] = undefined
    this.#count(id, -1)
  }

  #underWay(): InFlight[] {
    while (this.#oldest < this.#flying.length && this.#flying[this.#oldest] === undefined) this.#oldest++
    return this.#flying.slice(this.#oldest).filter((flying) => flying !== undefined)
  }

  #count(id: number, by: number): void {
    const { index } = this.#options.ledger.flow(id)
    this.#under[index] = (this.#under[index] ?? 0) + by
  }

  #drop({ id }: Envelope, travelled: number): void {
    this.#release(id)
    this.#options.ledger.drop(id, this.#options.now(), travelled)
  }
}
