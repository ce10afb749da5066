import type { Enough } from '../../../federation/rounds/enough.js'
import type { EventOf, FlightEvent } from '../../../record/event.js'
import { AGGREGATOR, type Name } from '../../../roster/participant.js'
import { Addresses } from './addresses.js'
import { type Atom, type AtomKey, keyOf, type Moment } from './atom.js'
import { type Formula, Pool, type Support } from './formula.js'

type Sent = EventOf<'send'>
type PartClose = EventOf<'part-close'>

/**
 * The provenance of one flight: on which messages and lives each thing rests that it came to. Things of one round rest on what
 * was sent and who lived in it; that the round opened is taken as given, since what that rests on is the round before's own.
 *
 * What flights come to, each by a name that says the same in every flight:
 *
 * - `close`: a round closed, and was not given up;
 * - `fold`: a part was folded in it;
 * - `count`: the update of one client counted there;
 * - `heard`: where messages are acknowledged, that the sender of one heard that it was taken in;
 * - `back`: an owner that had come back was where its round was.
 */
export class Lineage {
  readonly #pool = new Pool()
  readonly #enough: Enough
  readonly #events: (FlightEvent | undefined)[] = []
  readonly #addresses: Addresses
  /** By number of the copy: how it left, and that it arrives. */
  readonly #sent = new Map<number, { readonly event: Sent; readonly arrives: Formula }>()
  /** Models that each client took in for each round, and updates that owners took in. */
  readonly #models = new Map<string, number[]>()
  readonly #updates = new Map<string, number>()
  /** That somebody is alive after an event, by its number. */
  readonly #lives = new Map<number, Formula>()
  readonly #numbered = new Map<string, Sent>()
  readonly #closes: PartClose[] = []
  readonly #folds = new Map<string, number>()
  readonly #heard: EventOf<'acknowledged'>[] = []
  readonly #backs: EventOf<'recovered'>[] = []
  readonly #ends = new Map<number, EventOf<'round-close'>>()
  readonly #opens = new Map<number, number>()
  readonly #known = new Map<number, Formula>()
  /** The event that each atom is about: that it is sent, or after which a life ends. */
  readonly #atoms = new Map<AtomKey, number>()
  #awaits: string | undefined
  #isOver = false

  constructor(names: readonly Name[], enough: Enough) {
    this.#addresses = new Addresses(names)
    this.#enough = enough
  }

  /** Told of every event of a flight, in order. */
  see(event: FlightEvent): void {
    this.#events[event.id] = event
    switch (event.kind) {
      case 'numbered':
        this.#awaits = `${event.actor} ${event.to} ${event.number}`
        break
      case 'send':
        this.#send(event)
        break
      case 'arrive':
        this.#arrive(event)
        break
      case 'admit': {
        const { actor, from, message, round, part } = event
        if (message === 'update') this.#updates.set(`${actor} ${from} ${round}`, event.id)
        else if (message === 'model') {
          const key = `${actor} ${round}`
          // The part came again: it rests on the one that came last.
          const others = (this.#models.get(key) ?? []).filter((id) => (this.#events[id] as EventOf<'admit'>).part !== part)
          this.#models.set(key, [...others, event.id])
        }
        break
      }
      case 'train':
        this.#life(event, { event: 'began training', actor: event.actor, round: event.round, nth: this.#addresses.moment('began training', event, event.round) })
        break
      case 'fold':
        this.#folds.set(`${event.actor} ${event.round}`, event.id)
        this.#life(event, { event: 'folded', actor: event.actor, round: event.round, part: event.part, nth: this.#addresses.moment('folded', event, event.round, event.part) })
        break
      case 'part-close':
        if (event.outcome === 'closed' && event.updates.length > 0) this.#closes.push(event)
        break
      case 'round-open':
        this.#opens.set(event.round, event.id)
        this.#life(event, { event: 'opened', actor: event.actor, round: event.round, nth: this.#addresses.moment('opened', event, event.round) })
        break
      case 'round-close': {
        const { row: { round, outcome }, last } = event
        const nth = this.#addresses.moment('closed', event, round)
        if (outcome === 'closed') this.#ends.set(round, event)
        if (last) this.#over(event)
        else this.#life(event, { event: 'closed', actor: event.actor, round, nth })
        break
      }
      case 'acknowledged':
        this.#heard.push(event)
        break
      case 'recovered':
        this.#backs.push(event)
        break
      default:
    }
  }

  /** What all that the flight came to rests on. */
  support(): Support {
    const goals = new Map<string, Formula>()
    const put = (goal: readonly unknown[], formula: Formula): void => void goals.set(JSON.stringify(goal), formula)
    for (const round of this.#ends.keys()) put(['close', round], this.#close(round))
    for (const close of this.#closes) {
      const { actor, round, part, updates } = close
      const notice = actor === AGGREGATOR ? this.#close(round) : this.#of(close.cause)
      const all = updates.map((update) => this.#update(actor, update.client, update.round))
      const least = actor === AGGREGATOR ? this.#enough.fold(all.length) : 1
      put(['fold', part, round], this.#pool.all([notice, this.#pool.some(least, all), this.#folded(close)]))
      updates.forEach(({ client }, i) => put(['count', client, part, round], this.#pool.all([notice, all[i]])))
    }
    for (const { actor, to, number, cause } of this.#heard) {
      const sent = this.#numbered.get(`${actor} ${to} ${number}`)
      if (sent === undefined) continue
      const { message, round, part } = sent
      put(['heard', actor, to, message, round, part, number], this.#of(cause))
    }
    const backs = new Map<Name, number>()
    for (const { actor, cause } of this.#backs) {
      const nth = (backs.get(actor) ?? 0) + 1
      backs.set(actor, nth)
      put(['back', actor, nth], this.#of(cause))
    }
    return this.#pool.give(goals, (atom) => this.#comes(atom))
  }

  /** What must hold for an atom to be taken away. */
  #comes(atom: AtomKey): Formula {
    const event = this.#events[this.#atoms.get(atom)!]
    return event === undefined ? this.#pool.true : this.#before(event)
  }

  #send(event: Sent): void {
    const address = this.#addresses.message('sent', event)
    this.#sent.set(event.envelope, { event, arrives: this.#atom(event.id, { kind: 'message', ...address }) })
    if (this.#awaits !== undefined) this.#numbered.set(this.#awaits, event)
    this.#awaits = undefined
    if (event.message === 'update') this.#life(event, { event: 'sent', ...address })
  }

  #arrive(event: EventOf<'arrive'>): void {
    const sent = this.#sent.get(event.envelope)
    if (sent === undefined) return
    const address = this.#addresses.message('arrived', sent.event)
    // What is only heard and leaves no trace is no moment at which a death would matter.
    if (address.message === 'open' || address.message === 'update' || address.message === 'model') this.#life(event, { event: 'arrived', ...address })
  }

  /** The last round has closed: nobody dies any more, nor after what has closed it. */
  #over({ id, cause }: FlightEvent): void {
    this.#isOver = true
    for (const one of this.#lives.keys()) if (one === cause || (one <= id && this.#events[one]?.cause === cause && cause >= 0)) this.#lives.delete(one)
  }

  #life(event: FlightEvent, after: Moment): void {
    if (this.#isOver) return
    const who = event.actor
    const isClient = who.startsWith('client-')
    // Servers that stay dead end every flight: of them there is nothing to be learnt.
    const ways = isClient ? [false, true] : [true]
    this.#lives.set(event.id, this.#pool.all(ways.map((back) => this.#atom(event.id, { kind: 'life', who, after, back }))))
  }

  #atom(about: number, atom: Atom): Formula {
    const key = keyOf(atom)
    this.#atoms.set(key, about)
    return this.#pool.atom(key)
  }

  /** What an event rests on. */
  #of(id: number): Formula {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const event = this.#events[id]
    const made = event === undefined ? this.#pool.true : this.#rest(event)
    this.#known.set(id, made)
    return made
  }

  #rest(event: FlightEvent): Formula {
    return this.#pool.all([this.#lives.get(event.id) ?? this.#pool.true, this.#before(event)])
  }

  /** What an event rests on, but for whose life may end with it. */
  #before(event: FlightEvent): Formula {
    if (event.kind === 'send') return this.#cause(event)
    if (event.kind === 'round-close') return this.#answers(event.row.round)
    if (event.kind === 'arrive') {
      const sent = this.#sent.get(event.envelope)
      if (sent !== undefined) return this.#pool.all([sent.arrives, this.#of(sent.event.id)])
    }
    return this.#of(event.cause)
  }

  /** Why a message was sent. */
  #cause({ id, actor, message, round, attempt, cause }: Sent): Formula {
    if (actor === AGGREGATOR && message === 'close') return this.#close(round)
    if (actor === AGGREGATOR && attempt === 0 && (message === 'open' || message === 'model')) return this.#opened(round)
    if (message !== 'update') return this.#of(cause)
    const models = (this.#models.get(`${actor} ${round}`) ?? []).filter((admit) => admit < id)
    return this.#pool.all([...models.map((admit) => this.#of(admit)), this.#of(cause)])
  }

  #opened(round: number): Formula {
    const open = this.#opens.get(round)
    return (open === undefined ? undefined : this.#lives.get(open)) ?? this.#pool.true
  }

  /** Why a round closed. */
  #close(round: number): Formula {
    const end = this.#ends.get(round)
    if (end === undefined) return this.#pool.true
    return this.#pool.all([this.#opened(round), this.#lives.get(end.id) ?? this.#pool.true, this.#answers(round)])
  }

  /** The answers that a round closed with, if it would not have closed without. */
  #answers(round: number): Formula {
    const close = this.#closes.findLast((one) => one.actor === AGGREGATOR && one.round === round)
    const updates = (close?.updates ?? []).map((update) => this.#update(AGGREGATOR, update.client, update.round))
    return this.#pool.some(this.#enough.close(updates.length), updates)
  }

  #update(owner: Name, client: Name, round: number): Formula {
    const admit = this.#updates.get(`${owner} ${client} ${round}`)
    return admit === undefined ? this.#pool.true : this.#of(admit)
  }

  #folded({ actor, round }: PartClose): Formula {
    const fold = this.#folds.get(`${actor} ${round}`)
    return (fold === undefined ? undefined : this.#lives.get(fold)) ?? this.#pool.true
  }
}

