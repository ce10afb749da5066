import type { Micros } from './micros.js'

/** One thing that will happen at one instant. Its place in the queue is kept here, so that it can be withdrawn. */
export class Scheduled {
  /** When it happens; NaN until it is scheduled. */
  declare time: Micros
  /** Index in the heap of the queue that holds it, -1 in none. Only the queue writes it. */
  declare position: number

  // A field that a class defines costs V8 a slow call in each object where there are several subclasses: these are assigned.
  constructor() {
    this.time = NaN
    this.position = -1
  }
}

/**
 * What is still to happen, earliest first: a binary min-heap keyed (time, rank). Among events of one instant the lower
 * rank goes first. Keys lie in arrays of their own, so that sifting compares neighbours without touching the events.
 */
export class EventQueue<E extends Scheduled = Scheduled> {
  #times: Float64Array
  #ranks: Float64Array
  readonly #events: E[] = []

  /** `places`: for how many there is room before it grows. */
  constructor(places = 64) {
    this.#times = new Float64Array(places)
    this.#ranks = new Float64Array(places)
  }

  get size(): number {
    return this.#events.length
  }

  /** In no order. */
  get all(): readonly E[] {
    return this.#events
  }

  peek(): E | undefined {
    return this.#events.length === 0 ? undefined : this.#events[0]
  }

  /** Adds an event that is in no queue. Equal keys have no order among them: ranks must differ. */
  push(event: E, time: Micros, rank: number): void {
    if (event.position !== -1) throw new RangeError(`the event at ${event.time} is in a queue already`)
    const place = this.#events.length
    if (place === this.#times.length) this.#grow()
    event.time = time
    this.#events.push(event)
    this.#up(place, event, time, rank)
  }

  pop(): E | undefined {
    const first = this.peek()
    if (first !== undefined) this.#take(0)
    return first
  }

  /** Withdraws an event; false if it is not in this queue (it happened, or was withdrawn before). */
  remove(event: E): boolean {
    const place = event.position
    if (place === -1 || this.#events[place] !== event) return false
    this.#take(place)
    return true
  }

  /** Empties one place and fills it with the last event of the heap. */
  #take(place: number): void {
    const events = this.#events
    events[place].position = -1
    const last = events.pop() as E
    const size = events.length
    if (place === size) return
    const time = this.#times[size]
    const rank = this.#ranks[size]
    const parent = (place - 1) >> 1
    if (place > 0 && this.#before(time, rank, parent)) this.#up(place, last, time, rank)
    else this.#down(place, last, time, rank)
  }

  #before(time: Micros, rank: number, place: number): boolean {
    const other = this.#times[place]
    return time < other || (time === other && rank < this.#ranks[place])
  }

  #up(from: number, event: E, time: Micros, rank: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#before(time, rank, parent)) break
      this.#set(place, this.#events[parent], this.#times[parent], this.#ranks[parent])
      place = parent
    }
    this.#set(place, event, time, rank)
  }

  #down(from: number, event: E, time: Micros, rank: number): void {
    const times = this.#times
    const ranks = this.#ranks
    const size = this.#events.length
    let place = from
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#before(times[child + 1], ranks[child + 1], child)) child++
      if (this.#before(time, rank, child)) break
      this.#set(place, this.#events[child], times[child], ranks[child])
      place = child
    }
    this.#set(place, event, time, rank)
  }

  #set(place: number, event: E, time: Micros, rank: number): void {
    this.#times[place] = time
    this.#ranks[place] = rank
    this.#events[place] = event
    event.position = place
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length)
    const ranks = new Float64Array(times.length)
    times.set(this.#times)
    ranks.set(this.#ranks)
    this.#times = times
    this.#ranks = ranks
  }
}
