import { EventQueue, Scheduled } from '../../../time/event-queue.js'
import type { Line } from '../../topology.js'
import type { Rate } from '../../weather.js'
import type { Cargo, Transfer } from '../links.js'
import { ByCap, type Capped, type Demand } from './by-cap.js'
import { Clock } from './clock.js'
import { type Wide, wide, zero } from './wide.js'

/** One transfer. */
export class Flow extends Scheduled implements Transfer {
  /** What its bundle's work is when its last byte leaves. */
  tag = zero
  /** Undefined: it has left its lines, or was stopped. */
  bundle: Bundle | undefined

  constructor(
    private readonly links: { stop(flow: Flow): number; isPassing(flow: Flow): boolean },
    /** Place in the order in which transfers came. */
    readonly number: number,
    readonly bytes: number,
    readonly weight: number,
    readonly cargo: Cargo,
  ) {
    super()
  }

  get isPassing(): boolean {
    return this.links.isPassing(this)
  }

  stop(): number {
    return this.links.stop(this)
  }
}

/** All transfers with one path: they go at one level, be it their own lines' or that of a line they share with others. */
export class Bundle extends Clock implements Capped {
  readonly flows = new EventQueue<Flow>(2)
  weight = zero
  cap = Infinity
  capacity = 0
  /** Those with whom it shares lines; undefined: nobody else is on its lines. */
  group: Group | undefined
  /** It goes at its group's level, whose work is greater than its own by `ahead`; otherwise it goes at its cap. */
  isOpen = false
  ahead = zero

  constructor(
    readonly number: number,
    /** By which it is found. */
    readonly key: string,
    readonly pipes: readonly Pipe[],
  ) {
    super()
  }

  workAt(time: Wide): Wide {
    return this.isOpen ? this.group!.at(time).minus(this.ahead) : this.at(time)
  }

  get first(): Flow | undefined {
    return this.flows.peek()
  }
}

/** How many demands a group remembers. */
const remembered = 4

/**
 * Bundles that have the same lines in common with others: lines of their own cap each of them, and all that are below their
 * cap go at one level. So one clock is enough for thousands.
 */
export class Group extends Clock {
  readonly members = new ByCap<Bundle>()
  /** Those at the group's level, by their first end in the group's work. */
  readonly open = new EventQueue<Bundle>(4)
  /** How many go at their cap: those whose cap is least. */
  capped = 0
  /** It is to be given its level even if that is the one it has: its members have changed, or it had none. */
  isChanged = true
  /** While levels are found: the one that was. Undefined: no line limits it. */
  found: Wide | undefined
  isSettled = false
  /** What was asked for last, which is often asked for again: each line that limits some looks at a level of its own. */
  readonly #asked: Demand[] = []
  #next = 0

  constructor(
    readonly key: string,
    /** Those that others use as well. */
    readonly pipes: readonly Pipe[],
  ) {
    super()
  }

  add(bundle: Bundle): void {
    this.members.add(bundle)
    this.#change()
  }

  remove(bundle: Bundle): void {
    this.members.remove(bundle)
    this.#change()
  }

  demand(level: number): Demand {
    for (const known of this.#asked) if (level >= known.from && level < known.to) return known
    const demand = this.members.demand(level)
    this.#asked[this.#next] = demand
    this.#next = (this.#next + 1) % remembered
    return demand
  }

  #change(): void {
    this.isChanged = true
    this.#asked.length = 0
    this.#next = 0
    for (const pipe of this.pipes) pipe.alone = undefined
  }
}

/** What a line carries, who is on it, and until when that holds. */
export class Pipe extends Scheduled {
  rate: Rate = { bytesPerSecond: 0, until: Infinity }
  /** How many block it. */
  blocks = 0
  readonly bundles = new Set<Bundle>()
  /** Those who share it; none where one bundle has it for itself. */
  readonly groups = new Set<Group>()
  readonly change = new Change(this)
  /** The level that it gave last: where the search for it begins once others are settled. */
  given = zero
  /** While levels are found: its own, as far as it is known. */
  level = zero
  /** The level that it would give if no other line limited anybody; undefined: something has changed since that was reckoned. */
  alone: { readonly level: Wide | undefined } | undefined
  /** The last such level: where the search for the next begins. */
  guess = zero
  /** While levels are found: what those take on it that have theirs. */
  taken = zero
  isStale = false

  constructor(
    /** Place in the order in which lines were seen first. */
    readonly number: number,
    readonly line: Line,
  ) {
    super()
  }

  get capacity(): number {
    return this.blocks > 0 ? 0 : this.rate.bytesPerSecond
  }

  /** Does it limit anybody? */
  get isLimited(): boolean {
    return this.capacity < Infinity
  }
}

/** When the rate of a line is to be asked for again. */
export class Change extends Scheduled {
  constructor(readonly pipe: Pipe) {
    super()
  }
}

/** Bytes that are left of a flow, not yet rounded. */
export const leftOf = (flow: Flow, work: Wide): Wide => flow.tag.minus(work).times(wide(flow.weight)).over(wide(1e6))

/** The work of one that begins now, once its last byte has left. */
export const tagOf = (work: Wide, bytes: number, weight: number): Wide => work.plus(wide(bytes).times(wide(1e6)).over(wide(weight)))

export const keyOf = (pipes: readonly Pipe[]): string => pipes.map(({ number }) => number).join()
