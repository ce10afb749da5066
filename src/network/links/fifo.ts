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

/** Nobody's turn: of all lines that are free. */
const nobody = Object.freeze([]) as unknown as Turn[]

/** One transfer's turn on its lines, first to last byte. */
class Turn implements Transfer, Rated {
  start: Micros = 0
  end: Micros = 0
  scheduled: Scheduled | undefined

  constructor(
    private readonly links: Fifo,
    /** Place in the order in which transfers came. */
    readonly number: number,
    readonly lines: readonly Line[],
    readonly bytes: number,
    readonly cargo: Cargo,
  ) {}

  stop(): number {
    return this.links.stop(this)
  }

  rate(at: Micros): Rate {
    return this.links.rate(this.lines, at)
  }
}

/**
 * First come, first served: one transfer at a time has a line, at the rate of its slowest line, so that the parts of one
 * model share a client's bandwidth as they do on a real line. Who is stopped gives its turn to those behind it.
 */
export class Fifo implements Links {
  readonly #options: FifoOptions
  /** Turns by line, in order; those that are over are dropped when somebody looks. */
  readonly #queues = new Map<Line, Turn[]>()
  #turns = 0

  constructor(options: FifoOptions) {
    this.#options = options
  }

  start(path: Path, bytes: number, cargo: Cargo): Transfer {
    const turn = new Turn(this, this.#turns++, path.lines, bytes, cargo)
    const now = this.#options.now()
    let free = now
    for (const line of path.lines) {
      const queue = this.#queue(line, now)
      if (queue.length === 0) this.#queues.set(line, [turn])
      else {
        free = Math.max(free, queue[queue.length - 1].end)
        queue.push(turn)
      }
    }
    this.#place(turn, free)
    return turn
  }

  on(line: Line): readonly Transfer[] {
    return this.#queue(line, this.#options.now()).slice()
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
      const queue = this.#queues.get(line)!
      queue.splice(queue.indexOf(turn), 1)
    }
    turn.end = now
    for (const other of behind) this.#moveUp(other, now)
    return bytes
  }

  /** Who waits for a turn, or for one that waits for it, in the order in which they came. */
  #behind(first: Turn): Turn[] {
    const found = new Set([first])
    for (const { lines } of found) {
      for (const line of lines) {
        for (const turn of this.#queues.get(line)!) if (turn.number > first.number) found.add(turn)
      }
    }
    found.delete(first)
    return [...found].sort((a, b) => a.number - b.number)
  }

  /** Begins as early as those before it allow now. */
  #moveUp(turn: Turn, now: Micros): void {
    let free = now
    for (const line of turn.lines) {
      const queue = this.#queues.get(line)!
      const place = queue.indexOf(turn)
      if (place > 0) free = Math.max(free, queue[place - 1].end)
    }
    if (free >= turn.start) return
    this.#withdraw(turn)
    this.#place(turn, free)
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
    const { rate } = this.#options
    if (lines.length === 1) return rate(lines[0], at)
    let bytesPerSecond = Infinity
    let until = Infinity
    for (const line of lines) {
      const own = rate(line, at)
      bytesPerSecond = Math.min(bytesPerSecond, own.bytesPerSecond)
      until = Math.min(until, own.until)
    }
    return { bytesPerSecond, until }
  }

  /** The line's queue without what has left the line: a last byte that leaves now has left. */
  #queue(line: Line, now: Micros): Turn[] {
    const queue = this.#queues.get(line) ?? nobody
    let over = 0
    while (over < queue.length && queue[over].end <= now) over++
    if (over === 0) return queue
    if (over === queue.length) {
      this.#queues.set(line, nobody)
      return nobody
    }
    queue.splice(0, over)
    return queue
  }
}
