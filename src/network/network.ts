import { filter, isObservable, map, type Observable, type Observer, type SchedulerLike, Subject } from 'rxjs'

import type { Landing } from '../actors/door.js'
import { asError } from '../errors.js'
import type { Streams } from '../random/streams.js'
import type { FlightRecorder } from '../record/flight-recorder.js'
import { arrival, UNTOLD } from '../record/happenings.js'
import { isWriting } from '../record/shown.js'
import type { Flow, Ledger } from '../record/ledger.js'
import type { MessageKind } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import { shareDown } from '../shares.js'
import type { Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'
import { Alike } from './alike.js'
import type { Envelope } from './envelope.js'
import { fates } from './fates.js'
import { flipBits } from './flip-bits.js'
import { Fair } from './links/fair.js'
import { Fifo } from './links/fifo.js'
import { InOrder } from './links/in-order.js'
import { LinkError } from './link-error.js'
import type { Cargo, Links, Transfer } from './links/links.js'
import type { Path, Place, Topology } from './topology.js'
import { passes, type Verdict, type Weather } from './weather.js'

/** What an actor hands over: encoded bytes and what they are about. */
export interface Content {
  readonly kind: MessageKind
  readonly round: number
  readonly part: string
  readonly bytes: Uint8Array
  /** How often the message was sent before; 0 when absent. */
  readonly attempt?: number
  /** How many of its bytes each kind of codec has written; absent where nothing of it is coded. */
  readonly shares?: Readonly<Record<string, number>> | undefined
  /** Where messages are acknowledged: it goes once all that its sender has sent before is. */
  readonly last?: boolean
  /** Where messages are acknowledged: it goes only if nothing else to its receiver waits for that. */
  readonly keepalive?: boolean
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

/** One transfer after the other has a line, or all share it. */
export type Sharing = 'fifo' | 'fair'

export interface NetworkOptions {
  readonly now: () => Micros
  /** Runs `action` at an instant. `idle`: nobody need wait for it, as things are. */
  readonly at: (time: Micros, action: () => void, idle?: boolean) => Scheduled
  /** Delivers to the receiver at an instant; `landing` is asked just before. */
  readonly deliver: (time: Micros, envelope: Envelope, landing: Landing) => Scheduled
  /** Withdraws what `at` or `deliver` returned. */
  readonly cancel: (event: Scheduled) => void
  /** Told of an error inside the pipeline, which has ended it. */
  readonly failed: (error: unknown) => void
  readonly weather: Weather
  readonly record: Pick<FlightRecorder, 'tell' | 'cause'>
  /** Has seen each event that was told. */
  readonly ledger: Pick<Ledger, 'flow'>
  readonly topology: Topology
  /** How lines are shared. Default: `fifo`. */
  readonly sharing?: Sharing
  /** Roles of the segments in a part, for the ledger. */
  readonly rolesOf: (part: string) => readonly string[]
  readonly link?: { readonly custom: CustomLink; readonly scheduler: SchedulerLike; readonly streams: Streams }
}

/** What a link of the simulation's own may not change. */
const fields = ['from', 'to', 'kind', 'round', 'part', 'attempt', 'again', 'copy', 'sent'] as const satisfies readonly (keyof Envelope)[]

/** What such a link is given: bytes are everybody's who was sent the same, and so it has a copy. */
const handed = (envelope: Envelope): Envelope => Object.freeze({ ...envelope, bytes: envelope.bytes.slice() })

const nobodyThere: { readonly drop: undefined; readonly refused?: boolean } = { drop: undefined }

/** What the network does about an envelope under way. */
interface Ways {
  leaveLines(flying: Flying, at: Micros): Scheduled
  arrives(flying: Flying, alive: boolean): boolean
}

/** One envelope under way. */
class Flying implements Cargo, Landing {
  verdict: Verdict = passes
  transfer: Transfer | undefined
  /** Ends the transfer when an owner of its lines goes out of reach. */
  watches: Scheduled[] | undefined
  /** The fault that keeps it at its receiver's door. */
  heldBy: string | undefined
  /** Lets others pass on its lines again, which it holds because its receiver has no room for it. */
  unblock: (() => void) | undefined
  /** How many of its bytes each kind of codec has written. */
  shares: Content['shares']
  /** Where it goes from the lines, in place of its receiver: a custom link's `usual`. */
  onward: Subject<Envelope> | undefined

  constructor(
    private readonly ways: Ways,
    /** As it was sent; a link of the simulation's own may change what is in it. */
    public envelope: Envelope,
    readonly path: Path,
    /** The event of its sending. */
    readonly event: number,
    readonly flow: Flow,
  ) {}

  /** Bytes that are to pass: all, or fewer of what is lost on the way. */
  get bytes(): number {
    const { length } = this.envelope.bytes
    return this.verdict.lost === undefined ? length : shareDown(this.verdict.lost.travelled, length)
  }

  lastByte(at: Micros): Scheduled {
    return this.ways.leaveLines(this, at)
  }

  arrives(alive: boolean): boolean {
    return this.ways.arrives(this, alive)
  }
}

/** One rxjs pipeline: sent$ -> stamp -> fates -> links -> the receiver's door. The only way from actor to actor. */
export class Network {
  readonly #options: NetworkOptions
  readonly #links: Links
  readonly #sent$ = new Subject<Flying>()
  /** By number of the envelope, which a list serves without the churn of a map; undefined when it is over. */
  readonly #flying: (Flying | undefined)[] = []
  /** No envelope below this number is under way. */
  #oldest = 0
  /** Copies under way, by the index of their flow. */
  readonly #under: number[] = []
  readonly #ways: Ways = {
    leaveLines: (flying, at) => this.#leaveLines(flying, at),
    arrives: (flying, alive) => this.#arrives(flying, alive),
  }
  /** Those that hold their lines. */
  readonly #standing = new Set<Flying>()
  readonly #alike = new Alike()
  #envelopes = 0
  #count = 0

  constructor(options: NetworkOptions) {
    this.#options = options
    const { now, at, weather, cancel, link, sharing = 'fifo' } = options
    const rate: Weather['rate'] = (line, time) => weather.rate(line, time)
    this.#links = sharing === 'fair' ? new InOrder(new Fair({ now, at, cancel, rate })) : new Fifo({ now, cancel, rate })
    const flying$ = this.#sent$.pipe(fates<Flying>((original, copy, delay) => this.#copy(original, copy, delay)))
    if (link === undefined) flying$.subscribe(this.#watched((flying) => this.#fly(flying)))
    else this.#through(link, flying$)
  }

  /** The number that the next copy will have. */
  get next(): number {
    return this.#envelopes
  }

  /** Is nothing under way? */
  get isIdle(): boolean {
    return this.#count === 0
  }

  /** Copies of one flow that are under way, counted by the flights themselves. */
  inFlight({ index }: Pick<Flow, 'index'>): number {
    return this.#under[index] ?? 0
  }

  /** The bytes of an envelope under way, as they were sent, or as a link of the simulation's own has changed them: without bits that are flipped. */
  bytes(envelope: number): Uint8Array | undefined {
    return this.#flying[envelope]?.envelope.bytes
  }

  send(from: Name, to: Name, content: Content): void {
    try {
      this.#sent$.next(this.#stamp(from, to, content))
    } catch (error) {
      // It is not its sender that has failed.
      this.#options.failed(error)
    }
  }

  /** An actor is gone, by the doing of `fault`: what is on its lines is lost, with the bytes that had passed. */
  cut(who: Name, fault: string | undefined): void {
    for (const line of this.#options.topology.linesOf(who)) {
      for (const { cargo } of this.#links.on(line)) this.#cut(cargo as Flying, fault)
    }
    for (const flying of this.#standing) if (flying.path.lines.some(({ owner }) => owner === who)) this.#cut(flying, fault)
  }

  /** Links are cut, by the doing of `fault`: what is under way on them is lost, with the bytes that had passed. */
  sever(crosses: (from: Name, to: Name) => boolean, fault: string): void {
    for (const flying of this.#underWay()) {
      if (crosses(flying.envelope.from, flying.envelope.to)) this.#cut(flying, fault)
    }
  }

  /** What the weather says of the lines of these, or of those that are shared at a place, has changed: what is under way on them asks again. */
  rerate(whose: readonly Name[], at?: Place): void {
    const { topology } = this.#options
    this.#links.rerate([...whose.flatMap((who) => topology.linesOf(who)), ...(at === undefined ? [] : topology.linesAt(at))])
  }

  /** What `fault` keeps at doors is asked about again, now. */
  release(fault: string): void {
    for (const flying of this.#underWay()) {
      if (flying.heldBy === fault) this.#land(flying, this.#options.now())
    }
  }

  /** After the last event: what a custom link or a closed door still holds is lost. */
  close(): void {
    for (const flying of this.#underWay()) this.#cut(flying, flying.verdict.lost?.fault ?? flying.heldBy)
    this.#sent$.complete()
  }

  /** All of them, in the order of sending. */
  #underWay(): Flying[] {
    while (this.#oldest < this.#flying.length && this.#flying[this.#oldest] === undefined) this.#oldest++
    return this.#flying.slice(this.#oldest).filter((flying) => flying !== undefined)
  }

  /** Nothing that goes wrong in the pipeline is lost in it. */
  #watched<T>(next: (value: T) => void, error = this.#options.failed): Pick<Observer<T>, 'next' | 'error'> {
    return {
      next: (value) => {
        try {
          next(value)
        } catch (thrown) {
          error(thrown)
        }
      },
      error,
    }
  }

  #stamp(from: Name, to: Name, { kind, round, part, bytes, attempt = 0, shares }: Content): Flying {
    const { now, record, ledger, topology, rolesOf, weather } = this.#options
    const id = this.#envelopes++
    const sent = now()
    const path = topology.path(from, to)
    const event = record.tell(from, {
      id: UNTOLD, at: UNTOLD, actor: from, cause: UNTOLD, kind: 'send', envelope: id, to, message: kind, round, part, roles: rolesOf(part),
      direction: path.direction, attempt, copy: 0, bytes: bytes.length, shares,
    })
    const flow = ledger.flow(id)
    const again = this.#alike.count(flow.index, part, round, attempt)
    const envelope: Envelope = { id, from, to, kind, round, part, attempt, again, copy: 0, bytes, sent }
    const flying = this.#take(new Flying(this.#ways, envelope, path, event, flow))
    flying.shares = shares
    flying.verdict = weather.judge(envelope, sent)
    return flying
  }

  #copy({ envelope: original, path, event: cause, shares }: Flying, copy: number, delay: Micros): Flying {
    const { record, ledger, rolesOf, weather } = this.#options
    const envelope: Envelope = { ...original, id: this.#envelopes++, copy }
    const { id, from, to, kind, round, part, attempt, bytes } = envelope
    const roles = rolesOf(part)
    const about = { envelope: id, to, message: kind, round, part, roles, direction: path.direction, attempt, copy }
    const event = record.tell(from, { kind: 'copy', ...about, bytes: bytes.length, shares }, cause)
    const flying = this.#take(new Flying(this.#ways, envelope, path, event, ledger.flow(id)))
    const own = weather.judge(envelope, envelope.sent)
    flying.verdict = { ...own, delay: own.delay + delay, copies: passes.copies }
    return flying
  }

  /** From here on the copy is under way. */
  #take(flying: Flying): Flying {
    const { envelope: { id }, flow: { index } } = flying
    this.#flying[id] = flying
    this.#count++
    this.#under[index] = (this.#under[index] ?? 0) + 1
    return flying
  }

  #isUnderWay(flying: Flying): boolean {
    return this.#flying[flying.envelope.id] === flying
  }

  /** It is no longer under way. */
  #release(flying: Flying): void {
    if (flying.watches !== undefined) this.#unwatch(flying)
    this.#unblock(flying)
    // The lines forget it, and its bytes with it.
    flying.transfer?.stop()
    this.#flying[flying.envelope.id] = undefined
    this.#count--
    this.#under[flying.flow.index]--
  }

  /** Puts it on its lines. */
  #fly(flying: Flying): void {
    const { path, bytes } = flying
    flying.transfer = this.#links.start(path, bytes, flying)
    for (const { owner } of path.lines) if (owner !== undefined) this.#watch(flying, owner)
  }

  #watch(flying: Flying, owner: Name): void {
    const { now, at, weather } = this.#options
    const leaves = weather.leaves(owner, now())
    if (leaves === undefined) return
    const watch = at(leaves, () => {
      if (this.#onLines(flying)) this.#cut(flying, weather.absence(owner, leaves))
    })
    if (flying.watches === undefined) flying.watches = [watch]
    else flying.watches.push(watch)
  }

  #unwatch(flying: Flying): void {
    for (const watch of flying.watches ?? []) this.#options.cancel(watch)
    flying.watches = undefined
  }

  #onLines({ transfer, unblock }: Flying): boolean {
    return unblock !== undefined || transfer?.isPassing === true
  }

  #cut(flying: Flying, fault: string | undefined): void {
    const { transfer, envelope } = flying
    this.#drop(flying, transfer === undefined ? envelope.bytes.length : transfer.stop(), fault)
  }

  /** Schedules what comes after the last byte: the end of what is lost, else the arrival. */
  #leaveLines(flying: Flying, lastByte: Micros): Scheduled {
    const { verdict } = flying
    if (verdict.lost !== undefined) return this.#options.at(lastByte, () => this.#drop(flying, flying.bytes, verdict.lost?.fault))
    const { envelope, onward } = flying
    const at = lastByte + this.#options.weather.latency(envelope) + verdict.delay
    return onward === undefined ? this.#land(flying, at) : this.#options.at(at, () => onward.next(handed(envelope)))
  }

  #land(flying: Flying, at: Micros): Scheduled {
    const { verdict: { flips }, envelope } = flying
    // The bytes are everybody's who was sent the same, and a copy's: the damage of this one is its own.
    const arriving = flips === undefined ? envelope : { ...envelope, bytes: flipBits(envelope.bytes, flips) }
    return this.#options.deliver(at, arriving, flying)
  }

  /** At the door. */
  #arrives(flying: Flying, alive: boolean): boolean {
    const { record, weather, now } = this.#options
    const { envelope } = flying
    if (!this.#isUnderWay(flying)) return false
    const door = alive ? weather.door(envelope, now()) : nobodyThere
    if (door === 'deliver') {
      const { flips } = flying.verdict
      if (flips !== undefined) record.tell(envelope.to, { kind: 'damage', envelope: envelope.id, bits: flips.length }, flying.event)
      record.cause = record.tell(envelope.to, arrival(envelope.id), flying.event)
      this.#release(flying)
      return true
    }
    if ('drop' in door) this.#drop(flying, envelope.bytes.length, door.drop, door.refused)
    else {
      const { hold: until, by: fault, stands = false } = door
      record.tell(envelope.to, { kind: 'hold', envelope: envelope.id, until, fault, ...(stands && { stands }) }, flying.event)
      if (stands) this.#block(flying)
      else if (fault === flying.heldBy) this.#unblock(flying)
      flying.heldBy = fault
      if (door.hold !== Infinity) this.#land(flying, door.hold)
    }
    return false
  }

  /** It stays on its own lines, and nothing passes on them. What others share goes on: it is not there any more. */
  #block(flying: Flying): void {
    if (flying.unblock !== undefined || flying.transfer === undefined) return
    flying.unblock = this.#links.block(flying.path.lines.filter(({ owner }) => owner !== undefined))
    this.#standing.add(flying)
  }

  #unblock(flying: Flying): void {
    const { unblock } = flying
    if (unblock === undefined) return
    flying.unblock = undefined
    this.#standing.delete(flying)
    unblock()
  }

  #drop(flying: Flying, travelled: number, fault: string | undefined, refused = false): void {
    if (!this.#isUnderWay(flying)) return
    const { envelope: { id, from, to, round }, event } = flying
    this.#options.record.tell(to, { kind: 'drop', envelope: id, from, round, travelled, fault, refused }, event)
    this.#release(flying)
  }

  /** Hands what is not lost to a link of the simulation's own, and delivers what comes out of it. */
  #through({ custom, scheduler, streams }: NonNullable<NetworkOptions['link']>, flying$: Observable<Flying>): void {
    const outside$ = flying$.pipe(
      filter((flying) => {
        if (flying.verdict.lost !== undefined) this.#fly(flying)
        return flying.verdict.lost === undefined
      }),
      map(({ envelope }) => handed(envelope)),
    )
    const { now, failed } = this.#options
    const broken = (what: string): LinkError => new LinkError(now(), what)
    const fail = (thrown: unknown): void => {
      if (thrown instanceof LinkError) return failed(thrown)
      const error = asError(thrown)
      const { message } = error
      const what = isWriting(error) ? `writes to an envelope: ${message}. Emit a copy with other bytes, { ...envelope, bytes }` : `failed: ${message}`
      failed(new LinkError(now(), what, { cause: error }))
    }
    /** What the link gives back of an envelope under way: undefined where that is over. */
    const changed = (envelope: Envelope): Flying | undefined => {
      const { id, bytes } = envelope ?? {}
      const sent = Number.isInteger(id) && id >= 0 && id < this.#envelopes
      if (!sent) throw broken('emitted something that is no envelope it was given: emit envelopes, or copies with other `bytes`')
      if (!(bytes instanceof Uint8Array)) throw broken('emitted an envelope whose `bytes` are no Uint8Array')
      const flying = this.#flying[id]
      if (flying === undefined) return undefined
      const other = fields.find((field) => envelope[field] !== flying.envelope[field])
      if (other !== undefined) throw broken(`changed '${other}' of a message from ${flying.envelope[other]} to ${envelope[other]}: only \`bytes\` may change`)
      if (Buffer.compare(bytes, flying.envelope.bytes) !== 0) flying.envelope = { ...flying.envelope, bytes: bytes.slice() }
      return flying
    }
    const usual = (envelopes$: Observable<Envelope>): Observable<Envelope> => {
      const arrived$ = new Subject<Envelope>()
      const begin = (envelope: Envelope): void => {
        const flying = changed(envelope)
        if (flying === undefined || flying.onward !== undefined) return
        flying.onward = arrived$
        this.#fly(flying)
      }
      envelopes$.subscribe({ ...this.#watched(begin, fail), complete: () => arrived$.complete() })
      return arrived$
    }
    const land = (envelope: Envelope): void => {
      const flying = changed(envelope)
      if (flying !== undefined) this.#land(flying, now())
    }
    try {
      const arriving$ = custom(outside$, { scheduler, streams, usual }) as Observable<Envelope> | undefined
      if (!isObservable(arriving$)) throw broken('returned no Observable: return envelopes$.pipe(...) or usual(envelopes$)')
      arriving$.subscribe(this.#watched(land, fail))
    } catch (error) {
      fail(error)
    }
  }
}
