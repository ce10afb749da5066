import type { RoundSummary } from '../../flight/round-summaries.js'
import { type Name, roleOfName, roles } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { Band } from '../bands.js'
import type { Details, TraceWriter, Track } from './trace-writer.js'

/** A line of a run's `events.ndjson`. */
export type EventLine =
  | { readonly at: Micros; readonly event: 'round-open' | 'round-close'; readonly actor: Name; readonly round: number }
  | { readonly at: Micros; readonly event: 'region-open' | 'region-close'; readonly actor: Name; readonly round: number; readonly outcome?: string; readonly reason?: string }
  | {
      readonly at: Micros; readonly event: 'send'; readonly actor: Name; readonly id: number; readonly to: Name
      readonly message: string; readonly round: number; readonly part: string; readonly bytes: number
    }
  | { readonly at: Micros; readonly event: 'arrive'; readonly actor: Name; readonly id: number }
  | { readonly at: Micros; readonly event: 'drop'; readonly actor: Name; readonly id: number; readonly travelled: number }
  | { readonly at: Micros; readonly event: 'settle'; readonly actor: Name; readonly id: number; readonly fate: string }
  | { readonly at: Micros; readonly event: 'train'; readonly actor: Name; readonly round: number; readonly until: Micros; readonly examples: number }
  | { readonly at: Micros; readonly event: 'trained'; readonly actor: Name; readonly round: number; readonly outcome: string; readonly examples: number }
  | { readonly at: Micros; readonly event: 'life'; readonly actor: Name; readonly what: 'crash' | 'restart' | 'pause' | 'resume' }

/** What is known of a run before its events are read. */
export interface Prologue {
  readonly name: string
  readonly rounds: readonly Pick<RoundSummary, 'round' | 'opened' | 'closed' | 'outcome' | 'reason' | 'selected' | 'folded' | 'scores'>[]
  readonly bands: readonly Band[]
}

/** A message that was sent and whose fate is not known yet. */
interface Open {
  readonly about: Extract<EventLine, { event: 'send' }>
  /** The row that it has to itself. */
  readonly lane: Track
  arrived: Micros | undefined
}

/** The rows of one actor. */
interface Rows {
  readonly self: Track
  readonly works: Track
  /** Of a regional aggregator: rounds of its region. */
  rounds: Track | undefined
  readonly life: Track
  /** Of messages that it sends: how many there are, and those on which nothing is on its way. */
  lanes: number
  readonly free: Track[]
}

/** What becomes of most messages: all else is marked when it is decided. */
const expected: ReadonlySet<string> = new Set(['used', 'control'])

/** Flows of trainings have numbers of their own, above those of messages. */
const firstTraining = 2 ** 40

const nameOf = ({ message, part }: Open['about']): string => (part === '' ? message : `${message} ${part}`)

const asleep: Readonly<Record<string, string>> = { crash: 'dead', pause: 'asleep' }

/**
 * A flight as a trace: a row for each actor with what it computes, when it is dead or asleep and what it sends, an arrow from each
 * message to its arrival, on to the training that it led to and to the answer; rounds, faults, scores, bytes on their way and clients
 * at work. Events are given in their order; what is kept of them is what is under way.
 */
export class FlightTrace {
  readonly #writer: TraceWriter
  readonly #rows = new Map<Name, Rows>()
  readonly #groups = new Map<string, Track>()
  readonly #open = new Map<number, Open>()
  /** Messages that a client was sent and has not trained from. */
  readonly #arrived = new Map<Name, number[]>()
  /** Flows from a client's last training to what it sends, one for each part, that are still to be taken; and its round. */
  readonly #trained = new Map<Name, { readonly flows: number[]; readonly round: number }>()
  readonly #living = new Map<Name, boolean>()
  /** Rounds of regions that are open. */
  readonly #regions = new Map<Name, { readonly at: Micros; readonly round: number }>()
  readonly #bytes: Track
  readonly #working: Track
  #onTheWay = 0
  #atWork = 0
  #flows = 0
  #last: Micros = 0

  constructor(writer: TraceWriter, { name, rounds, bands }: Prologue) {
    this.#writer = writer
    const root = writer.track({ name: `flight ${name}`, rank: 0 })
    this.#tellRounds(root, rounds)
    this.#tellBands(root, bands)
    this.#bytes = writer.track({ name: 'bytes on their way', parent: root, rank: 3, counts: { unit: 'bytes' } })
    this.#working = writer.track({ name: 'clients training', parent: root, rank: 4, counts: { unit: 'count' } })
    this.#tellScores(root, rounds)
  }

  see(line: EventLine): void {
    this.#last = Math.max(this.#last, line.at)
    switch (line.event) {
      case 'send':
        return this.#send(line)
      case 'arrive':
        return this.#arrive(line)
      case 'drop':
        return this.#drop(line)
      case 'settle':
        return this.#settle(line.id, line.fate)
      case 'train':
        return this.#train(line)
      case 'trained':
        return this.#endOfTraining(line)
      case 'life':
        return this.#life(line)
      case 'region-open':
      case 'region-close':
        return this.#region(line)
      case 'round-open':
      case 'round-close':
        // Told in the prologue, with what came of them.
        return undefined
      default:
        return line satisfies never
    }
  }

  /** What is under way ends where the flight does. */
  close(): void {
    for (const [id, open] of this.#open) {
      if (open.arrived === undefined) this.#leave(open, this.#last, { fate: 'unresolved' })
      this.#settle(id, 'unresolved')
    }
    for (const [name, { round }] of this.#regions) this.#region({ at: this.#last, actor: name, event: 'region-close', round, outcome: 'unfinished' })
    for (const [name, isAway] of this.#living) if (isAway) this.#writer.end(this.#rows.get(name)!.life, this.#last)
  }

  #tellRounds(root: Track, rounds: Prologue['rounds']): void {
    const track = this.#writer.track({ name: 'rounds', parent: root, rank: 1 })
    for (const { round, opened, closed, outcome, reason, selected, folded } of rounds) {
      const details = { outcome, reason, selected: selected.length, folded: folded.length }
      this.#writer.begin(track, opened, { name: `round ${round}`, correlation: round, details })
      this.#writer.end(track, closed)
    }
  }

  /** A row for each fault: they overlap. */
  #tellBands(root: Track, bands: readonly Band[]): void {
    if (bands.length === 0) return
    const group = this.#writer.track({ name: 'faults', parent: root, rank: 2 })
    bands.forEach(({ fault, from, until, fired }, rank) => {
      const track = this.#writer.track({ name: fault, parent: group, rank })
      this.#writer.begin(track, from, { name: fault, details: { fired } })
      this.#writer.end(track, until)
    })
  }

  #tellScores(root: Track, rounds: Prologue['rounds']): void {
    const tracks = new Map<string, Track>()
    for (const { closed, scores } of rounds) {
      for (const [split, metrics] of Object.entries(scores ?? {})) {
        for (const [metric, value] of Object.entries(metrics ?? {})) {
          if (typeof value !== 'number') continue
          const name = `${metric} on ${split}`
          let track = tracks.get(name)
          if (track === undefined) tracks.set(name, (track = this.#writer.track({ name, parent: root, rank: 5 + tracks.size, counts: { unit: metric } })))
          this.#writer.count(track, closed, value)
        }
      }
    }
  }

  #rowsOf(name: Name): Rows {
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    const role = roleOfName(name)
    let group = this.#groups.get(role)
    if (group === undefined) {
      // Servers above clients.
      const rank = 1 + roles.length - roles.indexOf(role)
      this.#groups.set(role, (group = this.#writer.track({ name: role === 'aggregator' ? role : `${role}s`, rank })))
    }
    const self = this.#writer.track({ name, parent: group, rank: this.#rows.size })
    const rows: Rows = {
      self,
      life: this.#writer.track({ name: 'away', parent: self, rank: 1 }),
      works: this.#writer.track({ name: 'computes', parent: self, rank: 2 }),
      rounds: undefined,
      lanes: 0,
      free: [],
    }
    this.#rows.set(name, rows)
    return rows
  }

  #lane(rows: Rows): Track {
    return rows.free.pop() ?? this.#writer.track({ name: 'sends', parent: rows.self, rank: 3 + rows.lanes++ })
  }

  #send(about: Extract<EventLine, { event: 'send' }>): void {
    const lane = this.#lane(this.#rowsOf(about.actor))
    this.#open.set(about.id, { about, lane, arrived: undefined })
    this.#carry(about.at, about.bytes)
  }

  #carry(at: Micros, bytes: number): void {
    this.#onTheWay += bytes
    this.#writer.count(this.#bytes, at, this.#onTheWay)
  }

  /** It is no longer on its way. Rows are told in the order of time: what becomes of it is told beside them. */
  #leave({ about, lane }: Open, ended: Micros, more: Details): void {
    const { id, at, to, actor: from, message, round, bytes } = about
    const training = message === 'update' ? this.#trained.get(from) : undefined
    const flow = training?.round === round ? training.flows.shift() : undefined
    const ends = flow === undefined ? [] : [flow]
    this.#writer.begin(lane, at, { name: nameOf(about), correlation: round, flows: [id + 1], ends, details: { to, round, bytes, id, ...more } })
    this.#writer.end(lane, ended)
    this.#rowsOf(from).free.push(lane)
    this.#carry(ended, -bytes)
  }

  #arrive({ at, actor, id }: Extract<EventLine, { event: 'arrive' }>): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    open.arrived = at
    this.#leave(open, at, {})
    const { actor: from, message, round, bytes } = open.about
    const about = { name: `${nameOf(open.about)} arrives`, correlation: round, flows: [id + 1], details: { from, round, bytes, id } }
    this.#writer.instant(this.#rowsOf(actor).self, at, about)
    if (message !== 'model') return
    const arrived = this.#arrived.get(actor)
    if (arrived === undefined) this.#arrived.set(actor, [id])
    else arrived.push(id)
  }

  #drop({ at, id, travelled }: Extract<EventLine, { event: 'drop' }>): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    // What was kept at a door had left its lines.
    if (open.arrived === undefined) this.#leave(open, at, { fate: 'lost', travelled })
  }

  /** What became of a message that arrived. */
  #settle(id: number, fate: string): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    const { about, arrived } = open
    if (arrived === undefined || expected.has(fate)) return
    const { to, actor: from, round, bytes } = about
    const details = { from, fate, round, bytes, id }
    this.#writer.instant(this.#rowsOf(to).self, this.#last, { name: `${nameOf(about)}: ${fate}`, correlation: round, details })
  }

  #train({ at, actor, round, examples }: Extract<EventLine, { event: 'train' }>): void {
    const ends = (this.#arrived.get(actor) ?? []).map((id) => id + 1)
    // It answers with as many parts as it was sent.
    const flows = Array.from({ length: Math.max(1, ends.length) }, () => firstTraining + ++this.#flows)
    this.#arrived.delete(actor)
    this.#trained.set(actor, { flows: [...flows], round })
    this.#writer.begin(this.#rowsOf(actor).works, at, { name: 'trains', correlation: round, flows, ends, details: { round, examples } })
    this.#writer.count(this.#working, at, ++this.#atWork)
  }

  #endOfTraining({ at, actor }: Extract<EventLine, { event: 'trained' }>): void {
    this.#writer.end(this.#rowsOf(actor).works, at)
    this.#writer.count(this.#working, at, --this.#atWork)
  }

  /** One that dies in a round of its region opens it anew when it is back, and may never close it. */
  #region({ at, actor, event, round, outcome, reason }: Extract<EventLine, { event: 'region-open' | 'region-close' }>): void {
    const rows = this.#rowsOf(actor)
    const track = (rows.rounds ??= this.#writer.track({ name: 'rounds of its region', parent: rows.self, rank: 0 }))
    const open = this.#regions.get(actor)
    this.#regions.delete(actor)
    if (open !== undefined) {
      const details = event === 'region-close' ? { outcome, reason } : { outcome: 'broken off' }
      this.#writer.begin(track, open.at, { name: `round ${open.round}`, correlation: open.round, details })
      this.#writer.end(track, at)
    }
    if (event === 'region-open') this.#regions.set(actor, { at, round })
  }

  #life({ at, actor, what }: Extract<EventLine, { event: 'life' }>): void {
    const { life } = this.#rowsOf(actor)
    const begins = asleep[what]
    const isAway = this.#living.get(actor) === true
    // Who dies in its sleep is dead from then on.
    if (isAway) this.#writer.end(life, at)
    if (begins !== undefined) this.#writer.begin(life, at, { name: begins })
    this.#living.set(actor, begins !== undefined)
  }
}
