import type { Scheduled } from '../../time/event-queue.js'
import type { Micros } from '../../time/micros.js'
import type { Line, Path } from '../topology.js'
import type { Rate, Weather } from '../weather.js'
import { drain, passed, type Rated } from './drain.js'
import type { Cargo, Links, Transfer } from './links.js'

/** What lines run on: the clock, the weather, and a way to take back what was scheduled. */
export interface FifoOptions {
  readonly now: () => Micros
  readonly rate: Weather['rate']
  readonly cancel: (event: Scheduled) => void
}

/** A time in which nothing passes on a line. */
interface Stop {
  readonly from: Micros
  until: Micros
}

/** Nobody's turn: of all lines that are free. */
const nobody = Object.freeze([]) as unknown as Turn[]

/** Those who have turns on a line, in order. */
interface Queue {
  turns: Turn[]
}

/** What the rate was said to be from an instant on. */
interface Said {
  readonly from: Micros
  readonly rate: Rate
}

/**
 * One transfer's turn on its lines, first to last byte. It keeps to what it was told of its rate: the weather may say
 * something else of the past once a round has opened or a fault is over, and what has passed has passed.
 */
class Turn implements Transfer, Rated {
  start: Micros = 0
  end: Micros = 0
  scheduled: Scheduled | undefined
  /** What it was told last, and before that. */
  #said: Said | undefined
  #before: Said[] | undefined

  constructor(
    private readonly links: Fifo,
    /** Place in the order in which transfers came. */
    readonly number: number,
    readonly lines: readonly Line[],
    readonly bytes: number,
    readonly cargo: Cargo,
  ) {}

  get isPassing(): boolean {
    return this.end > this.links.now
  }

  stop(): number {
    return this.links.stop(this)
  }

  rate(at: Micros): Rate {
    const said = this.#said
    if (said !== undefined) {
      if (at >= said.from && at < said.rate.until) return said.rate
      for (const { from, rate } of this.#before ?? []) if (at >= from && at < rate.until) return rate
      this.#before ??= []
      this.#before.push(said)
    }
    const rate = this.links.rate(this.lines, at)
    this.#said = { from: at, rate }
    return rate
  }

  /** Would it be told something else now of the time that is left? */
  differs(now: Micros): boolean {
    return [...(this.#before ?? []), ...(this.#said === undefined ? [] : [this.#said])].some(({ from, rate: { bytesPerSecond, until } }) => {
      if (until <= now) return false
      const again = this.links.rate(this.lines, Math.max(from, now))
      return again.bytesPerSecond !== bytesPerSecond || again.until !== until
    })
  }

  /** Something has changed: of the time from now on it is told anew. */
  forget(now: Micros): void {
    while (this.#said !== undefined && this.#said.from >= now) this.#said = this.#before?.pop()
    if (this.#said !== undefined && this.#said.rate.until > now) this.#said = { ...this.#said, rate: { ...this.#said.rate, until: now } }
  }
}

const inOrder = (turns: Iterable<Turn>): Turn[] => [...turns].sort((a, b) => a.number - b.number)

/**
 * First come, first served: one transfer at a time has a line, at the rate of its slowest line, so that the parts of one
 * model share a client's bandwidth as they do on a real line. Who is stopped gives its turn to those behind it.
 */
export class Fifo implements Links {
  readonly #options: FifoOptions
  /** Turns by line, in order; those that are over are dropped when somebody looks. */
  readonly #queues = new Map<Line, Queue>()
  /** When a line carries nothing, in the order of beginning; what is long over is dropped when another begins. */
  readonly #stops = new Map<Line, Stop[]>()
  #turns = 0

  constructor(options: FifoOptions) {
    this.#options = options
  }

  get now(): Micros {
    return this.#options.now()
  }

  start(path: Path, bytes: number, cargo: Cargo): Transfer {
    const turn = new Turn(this, this.#turns++, path.lines, bytes, cargo)
    const now = this.#options.now()
    let free = now
    for (const line of path.lines) {
      const queue = this.#queue(line, now)
      const { turns } = queue
      // A list that was emptied is not filled again: it would be given room for many.
      if (turns.length === 0) queue.turns = [turn]
      else {
        free = Math.max(free, turns[turns.length - 1].end)
        turns.push(turn)
      }
    }
    this.#place(turn, free)
    return turn
  }

  block(lines: readonly Line[]): () => void {
    const { now } = this.#options
    const stop: Stop = { from: now(), until: Infinity }
    for (const line of lines) {
      const isIdle = this.#turnsOn(line, now()).length === 0
      const stops = (this.#stops.get(line) ?? []).filter(({ until }) => !isIdle || until > now())
      this.#stops.set(line, [...stops, stop])
    }
    this.#replan(this.#on(lines))
    return () => {
      stop.until = now()
      this.#replan(this.#on(lines))
    }
  }

  rerate(lines: readonly Line[]): void {
    const now = this.#options.now()
    // What is not touched is not reckoned again: a sum in two parts may be a microsecond off.
    this.#replan(this.#on(lines).filter((turn) => turn.differs(now)))
  }

  on(line: Line): readonly Transfer[] {
    return this.#turnsOn(line, this.#options.now()).slice()
  }

  stop(turn: Turn): number {
    const now = this.#options.now()
    if (turn.end <= now) {
      turn.scheduled = undefined
      // Its lines forget it now, and what it carried: nobody else may look at them for long.
      for (const line of turn.lines) this.#queue(line, now)
      return turn.bytes
    }
    const bytes = now <= turn.start ? 0 : Math.min(turn.bytes, passed(turn.start, now, turn))
    this.#withdraw(turn)
    const behind = this.#behind(turn)
    for (const line of turn.lines) {
      const { turns } = this.#queues.get(line)!
      turns.splice(turns.indexOf(turn), 1)
    }
    turn.end = now
    for (const other of behind) this.#moveUp(other, now)
    return bytes
  }

  /** Who waits for a turn, or for one that waits for it, in the order in which they came. */
  #behind(first: Turn): Turn[] {
    const found = this.#after([first])
    found.delete(first)
    return inOrder(found)
  }

  /** These, and who comes after them on a line of theirs, or after one that does. */
  #after(first: Iterable<Turn>): Set<Turn> {
    const found = new Set(first)
    for (const { lines, number } of found) {
      for (const line of lines) {
        for (const turn of this.#queues.get(line)!.turns) if (turn.number > number) found.add(turn)
      }
    }
    return found
  }

  /** Begins as early as those before it allow now. */
  #moveUp(turn: Turn, now: Micros): void {
    const free = this.#free(turn, now)
    if (free >= turn.start) return
    this.#withdraw(turn)
    turn.forget(now)
    this.#place(turn, free)
  }

  /** When those before it have left its lines; not before now. */
  #free(turn: Turn, now: Micros): Micros {
    let free = now
    for (const line of turn.lines) {
      const { turns } = this.#queues.get(line)!
      const place = turns.indexOf(turn)
      if (place > 0) free = Math.max(free, turns[place - 1].end)
    }
    return free
  }

  #on(lines: readonly Line[]): Turn[] {
    const now = this.#options.now()
    return lines.flatMap((line) => this.#turnsOn(line, now))
  }

  /** What their lines carry from now on has changed: these end at another time, and who waits for them begins at another. */
  #replan(changed: readonly Turn[]): void {
    const now = this.#options.now()
    for (const turn of inOrder(this.#after(changed))) {
      this.#withdraw(turn)
      turn.forget(now)
      this.#place(turn, turn.start <= now ? turn.start : this.#free(turn, now))
    }
  }

  #place(turn: Turn, start: Micros): void {
    turn.start = start
    turn.end = turn.lines.length === 0 || start === Infinity ? start : drain(turn.bytes, start, turn)
    if (turn.end !== Infinity) turn.scheduled = turn.cargo.lastByte(turn.end)
  }

  #withdraw(turn: Turn): void {
    if (turn.scheduled !== undefined) this.#options.cancel(turn.scheduled)
    turn.scheduled = undefined
  }

  /** The rate of a path is that of its slowest line. */
  rate(lines: readonly Line[], at: Micros): Rate {
    if (lines.length === 1) return this.#rateOf(lines[0], at)
    let bytesPerSecond = Infinity
    let until = Infinity
    for (const line of lines) {
      const own = this.#rateOf(line, at)
      bytesPerSecond = Math.min(bytesPerSecond, own.bytesPerSecond)
      until = Math.min(until, own.until)
    }
    return { bytesPerSecond, until }
  }

  #rateOf(line: Line, at: Micros): Rate {
    const own = this.#options.rate(line, at)
    if (this.#stops.size === 0) return own
    let { bytesPerSecond, until: end } = own
    for (const { from, until } of this.#stops.get(line) ?? []) {
      if (at >= until) continue
      if (at >= from) bytesPerSecond = 0
      end = Math.min(end, at >= from ? until : from)
    }
    return bytesPerSecond === own.bytesPerSecond && end === own.until ? own : { bytesPerSecond, until: end }
  }

  /** The line's queue without what has left the line: a last byte that leaves now has left. */
  #queue(line: Line, now: Micros): Queue {
    let queue = this.#queues.get(line)
    if (queue === undefined) this.#queues.set(line, (queue = { turns: nobody }))
    const { turns } = queue
    let over = 0
    while (over < turns.length && turns[over].end <= now) over++
    if (over === 0) return queue
    if (over === turns.length) queue.turns = nobody
    else turns.splice(0, over)
    return queue
  }

  #turnsOn(line: Line, now: Micros): readonly Turn[] {
    return this.#queue(line, now).turns
  }
}
