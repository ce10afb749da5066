import { EventQueue, type Scheduled } from '../../time/event-queue.js'
import type { Micros } from '../../time/micros.js'
import type { Line, Path } from '../topology.js'
import type { Weather } from '../weather.js'
import { component, fill } from './fair/fill.js'
import { Bundle, type Change, Flow, Group, keyOf, leftOf, Pipe, tagOf } from './fair/members.js'
import { roundedDown, roundedUp, type Wide, wide, zero } from './fair/wide.js'
import type { Cargo, Links, Transfer } from './links.js'

export interface FairOptions {
  readonly now: () => Micros
  readonly rate: Weather['rate']
  /** Runs `action` at an instant; `idle`: nothing ends then, as things are, and nobody need wait for it. */
  readonly at: (time: Micros, action: () => void, idle: boolean) => Scheduled
  readonly cancel: (event: Scheduled) => void
}

/**
 * Weighted max-min fair sharing of all lines of a path, as a fluid: at any time nobody can have more but at the cost of one
 * who has no more per weight. Ends lie where the fluid has them, between two instants, and those who stay have the rest from
 * there on; a last byte is told at the first instant after that. This is no TCP: there is no start that is slow, and who
 * is far away has no less.
 *
 * Transfers with one path are a bundle, bundles with the same lines in common with others are a group. A group has one clock
 * for all that its lines limit (virtual work), so that who comes or goes moves nobody else's end: only the earliest of a
 * group is known as an instant, and only one event of the kernel is under way for all of them.
 */
export class Fair implements Links {
  readonly #options: FairOptions
  readonly #pipes = new Map<Line, Pipe>()
  readonly #bundles = new Map<string, Bundle>()
  readonly #groups = new Map<string, Group>()
  /** What goes by its own clock, by its first end. */
  readonly #ends = new EventQueue<Bundle | Group>()
  /** When lines that somebody is on change their rate. */
  readonly #changes = new EventQueue<Change>()
  /** Lines whose groups are to be given levels anew. */
  readonly #touched = new Set<Pipe>()
  readonly #filling = new EventQueue<Pipe>(4)
  #planned: Scheduled | undefined
  /** Up to here all ends and changes have happened. */
  #reckoned: Micros = -1
  #flows = 0
  #made = 0

  constructor(options: FairOptions) {
    this.#options = options
  }

  start({ lines, weight = 1 }: Path, bytes: number, cargo: Cargo): Transfer {
    const now = this.#catchUp()
    const flow = new Flow(this, this.#flows++, bytes, weight, cargo)
    if (bytes === 0 || lines.length === 0) cargo.lastByte(now)
    else {
      this.#board(flow, this.#bundleOf(lines, now), wide(now))
      this.#plan(now)
    }
    return flow
  }

  block(lines: readonly Line[]): () => void {
    const add = (more: 1 | -1): void => {
      const now = this.#catchUp()
      for (const line of lines) {
        const pipe = this.#pipe(line)
        this.#alter(pipe, wide(now), () => (pipe.blocks += more))
      }
      this.#plan(now)
    }
    add(1)
    return () => add(-1)
  }

  on(line: Line): readonly Transfer[] {
    this.#catchUp()
    const found: Flow[] = []
    for (const { flows } of this.#pipes.get(line)?.bundles ?? []) found.push(...flows.all)
    return found.sort((a, b) => a.number - b.number)
  }

  /** The weather has what it says of these lines, of the time from now on, changed: what is on them ends at another time. */
  rerate(lines: readonly Line[]): void {
    const now = this.#catchUp()
    for (const line of lines) {
      const pipe = this.#pipes.get(line)
      if (pipe !== undefined && pipe.bundles.size > 0) this.#ask(pipe, now)
    }
    this.#plan(now)
  }

  isPassing(flow: Flow): boolean {
    this.#catchUp()
    return flow.bundle !== undefined
  }

  stop(flow: Flow): number {
    const now = this.#catchUp()
    const { bundle, bytes } = flow
    if (bundle === undefined) return bytes
    const time = wide(now)
    const passed = wide(bytes).minus(leftOf(flow, bundle.workAt(time)))
    bundle.flows.remove(flow)
    this.#alight(flow, bundle, time)
    this.#plan(now)
    return Math.min(bytes, roundedDown(passed))
  }

  #pipe(line: Line): Pipe {
    const known = this.#pipes.get(line)
    if (known !== undefined) return known
    const pipe = new Pipe(this.#pipes.size, line)
    this.#pipes.set(line, pipe)
    return pipe
  }

  #bundleOf(lines: readonly Line[], now: Micros): Bundle {
    const pipes = lines.map((line) => this.#pipe(line))
    const key = keyOf(pipes)
    const known = this.#bundles.get(key)
    if (known !== undefined) return known
    const bundle = new Bundle(this.#made++, key, pipes)
    this.#bundles.set(key, bundle)
    for (const pipe of pipes) {
      if (pipe.bundles.size === 0) this.#ask(pipe, now)
      const [alone] = pipe.bundles.size === 1 ? pipe.bundles : []
      pipe.bundles.add(bundle)
      if (alone !== undefined) this.#place(alone, wide(now))
    }
    return bundle
  }

  #board(flow: Flow, bundle: Bundle, time: Wide): void {
    const tag = tagOf(bundle.workAt(time), flow.bytes, flow.weight)
    flow.tag = tag
    flow.bundle = bundle
    bundle.flows.push(flow, tag.hi, tag.lo)
    bundle.weight = bundle.weight.plus(wide(flow.weight))
    this.#place(bundle, time)
  }

  /** It is in its bundle's queue no longer. */
  #alight(flow: Flow, bundle: Bundle, time: Wide): void {
    flow.bundle = undefined
    bundle.weight = bundle.flows.size === 0 ? zero : bundle.weight.minus(wide(flow.weight))
    this.#place(bundle, time)
  }

  /** Puts a bundle where it belongs now that it, or who is on its lines, has changed. */
  #place(bundle: Bundle, time: Wide): void {
    const work = bundle.workAt(time)
    this.#leave(bundle)
    if (bundle.flows.size === 0) return this.#end(bundle, time)
    bundle.level = zero
    bundle.set(time, work)
    const limited = bundle.pipes.filter((pipe) => pipe.isLimited)
    const shared = limited.filter(({ bundles }) => bundles.size > 1)
    let capacity = Infinity
    for (const pipe of limited) if (pipe.bundles.size === 1) capacity = Math.min(capacity, pipe.capacity)
    bundle.capacity = capacity === Infinity ? 0 : capacity
    bundle.cap = capacity === Infinity ? Infinity : this.#capOf(bundle).hi
    if (shared.length > 0) this.#join(this.#groupOf(shared), bundle, time)
    else if (capacity < Infinity) this.#free(bundle, time)
    else {
      // Nothing limits it.
      bundle.ends = time
      this.#ends.push(bundle, time.hi, time.lo)
    }
  }

  #capOf({ capacity, weight }: Bundle): Wide {
    return wide(capacity).over(weight)
  }

  /** It goes at its cap. */
  #free(bundle: Bundle, time: Wide): void {
    bundle.go(time, this.#capOf(bundle))
    this.#await(bundle, bundle.first!.tag)
  }

  #join(group: Group, bundle: Bundle, time: Wide): void {
    bundle.group = group
    if (group.members.before(bundle) < group.capped) {
      group.capped++
      this.#free(bundle, time)
    } else this.#open(group, bundle, bundle.at(time), time)
    group.add(bundle)
    this.#touch(group)
  }

  /** It goes at its group's level. */
  #open(group: Group, bundle: Bundle, work: Wide, time: Wide): void {
    bundle.isOpen = true
    bundle.ahead = group.at(time).minus(work)
    const tag = bundle.first!.tag.plus(bundle.ahead)
    group.open.push(bundle, tag.hi, tag.lo)
  }

  #leave(bundle: Bundle): void {
    this.#ends.remove(bundle)
    const { group } = bundle
    if (group === undefined) return
    if (bundle.isOpen) group.open.remove(bundle)
    else group.capped--
    bundle.isOpen = false
    bundle.group = undefined
    group.remove(bundle)
    this.#touch(group)
    if (group.members.size > 0) return
    this.#ends.remove(group)
    this.#groups.delete(group.key)
    for (const pipe of group.pipes) pipe.groups.delete(group)
  }

  #groupOf(pipes: readonly Pipe[]): Group {
    const key = keyOf(pipes)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const group = new Group(key, pipes)
    this.#groups.set(key, group)
    for (const pipe of pipes) pipe.groups.add(group)
    return group
  }

  #touch({ pipes }: Group): void {
    for (const pipe of pipes) this.#touched.add(pipe)
  }

  /** Nobody is in it any more. */
  #end(bundle: Bundle, time: Wide): void {
    this.#bundles.delete(bundle.key)
    for (const pipe of bundle.pipes) {
      pipe.bundles.delete(bundle)
      if (pipe.bundles.size === 0) this.#changes.remove(pipe.change)
      const [alone] = pipe.bundles.size === 1 ? pipe.bundles : []
      if (alone !== undefined) this.#place(alone, time)
    }
  }

  #await(clock: Bundle | Group, tag: Wide): void {
    this.#ends.remove(clock)
    clock.ends = clock.when(tag)
    if (clock.ends !== undefined) this.#ends.push(clock, clock.ends.hi, clock.ends.lo)
  }

  /** Asks for the rate of a line, and when to ask again. */
  #ask(pipe: Pipe, at: Micros): void {
    const rate = this.#options.rate(pipe.line, at)
    if (rate.until <= at) throw new RangeError(`the weather says a line's rate at ${at} until ${rate.until}: it must hold for a while`)
    this.#alter(pipe, wide(at), () => (pipe.rate = rate))
    this.#changes.remove(pipe.change)
    if (rate.until < Infinity) this.#changes.push(pipe.change, rate.until, pipe.number)
  }

  /** Changes what a line carries. */
  #alter(pipe: Pipe, time: Wide, change: () => void): void {
    const { capacity, isLimited } = pipe
    change()
    if (pipe.capacity === capacity) return
    pipe.alone = undefined
    if (pipe.bundles.size === 1 || pipe.isLimited !== isLimited) for (const bundle of pipe.bundles) this.#place(bundle, time)
    else if (pipe.bundles.size > 1) this.#touched.add(pipe)
  }

  /** All ends and changes happen that are not after now; returns it. */
  #catchUp(): Micros {
    const now = this.#options.now()
    if (now === this.#reckoned) return now
    this.#reckoned = now
    this.#reckon(now)
    return now
  }

  #reckon(now: Micros): void {
    const ended: Flow[] = []
    for (;;) {
      const first = this.#ends.peek()
      const change = this.#changes.peek()
      const isEnd = first !== undefined && roundedUp(first.ends!) <= now && (change === undefined || roundedUp(first.ends!) <= change.time)
      if (isEnd) {
        const time = first.ends!.isBelow(wide(now)) ? first.ends! : wide(now)
        ended.push(this.#endFirst(first, time))
        this.#settle(time)
      } else if (change !== undefined && change.time <= now) {
        const { pipe, time } = change
        this.#ask(pipe, time)
        if (this.#changes.peek()?.time !== time) this.#settle(wide(time))
      } else break
    }
    for (const { cargo } of ended.sort((a, b) => a.number - b.number)) cargo.lastByte(now)
  }

  #endFirst(clock: Bundle | Group, time: Wide): Flow {
    const bundle = clock instanceof Group ? clock.open.peek()! : clock
    const flow = bundle.flows.pop()!
    this.#alight(flow, bundle, time)
    return flow
  }

  /** Gives levels anew to all whose level may have changed. */
  #settle(time: Wide): void {
    if (this.#touched.size === 0) return
    const { pipes, groups } = component(this.#touched)
    this.#touched.clear()
    fill(pipes, groups, this.#filling)
    for (const group of groups) this.#give(group, time)
  }

  #give(group: Group, time: Wide): void {
    const { found, members } = group
    if (!group.isChanged && found !== undefined && found.equals(group.level)) return
    // Without a level its clock stands, which is not to be taken for the level 0.
    group.isChanged = found === undefined
    group.go(time, found ?? zero)
    const level = found?.hi ?? Infinity
    for (let next = members.nth(group.capped); next !== undefined && next.cap <= level; next = members.nth(group.capped)) {
      const work = next.workAt(time)
      group.open.remove(next)
      next.isOpen = false
      next.level = zero
      next.set(time, work)
      this.#free(next, time)
      group.capped++
    }
    for (let last = members.nth(group.capped - 1); last !== undefined && last.cap > level; last = members.nth(group.capped - 1)) {
      this.#ends.remove(last)
      this.#open(group, last, last.at(time), time)
      group.capped--
    }
    const first = group.open.peek()
    if (first === undefined) this.#ends.remove(group)
    else this.#await(group, first.first!.tag.plus(first.ahead))
  }

  /** Comes back when something ends or changes; at once, when levels are to be given anew. */
  #plan(now: Micros): void {
    const end = this.#ends.peek()?.ends
    const isTouched = this.#touched.size > 0
    const ends = isTouched ? now : end === undefined ? Infinity : Math.max(now, roundedUp(end))
    const time = Math.min(ends, this.#changes.peek()?.time ?? Infinity)
    const planned = this.#planned
    if (planned !== undefined) {
      if (planned.time === time) return
      this.#options.cancel(planned)
      this.#planned = undefined
    }
    if (time < Infinity) this.#planned = this.#options.at(time, this.#wake, ends === Infinity)
  }

  readonly #wake = (): void => {
    this.#planned = undefined
    const now = this.#options.now()
    this.#reckoned = now
    this.#settle(wide(now))
    this.#reckon(now)
    this.#plan(now)
  }
}
