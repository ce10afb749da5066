import { Scheduled } from '../../../time/event-queue.js'
import { clockEnd } from '../../../time/micros.js'
import { type Wide, zero } from './wide.js'

/**
 * How far those have come that go at one level, which is their rate over their weight: their common work goes on at the
 * level, in bytes x 1e-6 for a weight of 1, so that times are in microseconds and rates in bytes per second.
 */
export class Clock extends Scheduled {
  level = zero
  /** When the first of those that go by it ends; undefined: never, as things are. */
  ends: Wide | undefined
  #work = zero
  #since = zero

  /** The work at a time that is not before the last change of level. */
  at(time: Wide): Wide {
    return this.level.hi === 0 ? this.#work : this.#work.plus(this.level.times(time.minus(this.#since)))
  }

  /** From `time` on it goes at another level. */
  go(time: Wide, level: Wide): void {
    this.#work = this.at(time)
    this.#since = time
    this.level = level
  }

  /** From `time` on it is as far as this. */
  set(time: Wide, work: Wide): void {
    this.#work = work
    this.#since = time
  }

  /** When its work is `tag`, at its level; undefined: not before time ends. Not before its last change, whatever the rounding. */
  when(tag: Wide): Wide | undefined {
    if (this.level.hi === 0) return undefined
    const left = tag.minus(this.#work)
    if (left.hi <= 0) return this.#since
    const end = this.#since.plus(left.over(this.level))
    return end.hi > clockEnd ? undefined : end
  }
}
