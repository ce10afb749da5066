import type { FlightEvent } from '../record/event.js'
import type { EventKind, Reader } from '../record/flight-recorder.js'

/** Something rare that a flight may go through: told of its kinds of events, it says how often it has happened with this one. */
export interface Mark<Memory = unknown> {
  readonly name: string
  /** What has happened, in one sentence. */
  readonly sentence: string
  readonly kinds: readonly EventKind[]
  /** What it remembers during one flight. */
  begin?(): Memory
  see(event: FlightEvent, memory: Memory): boolean | number
}

/** A mark whose memory the compiler follows. */
export const mark = <Memory = undefined>(own: Mark<Memory>): Mark => own as Mark

/** How often each mark was passed in one flight. */
export class MarkCount {
  readonly #counts = new Map<string, number>()
  /** To be told of what happens: one for each mark. */
  readonly readers: readonly Reader[]

  constructor(marks: readonly Mark[]) {
    this.readers = marks.map((own) => {
      const { name, kinds } = own
      const memory = own.begin?.()
      const see = own.see.bind(own)
      const counts = this.#counts
      counts.set(name, 0)
      return {
        kinds,
        see: (event) => {
          const times = see(event, memory)
          if (times !== false && times !== 0) counts.set(name, counts.get(name)! + Number(times))
        },
      }
    })
  }

  /** Every mark with its number, 0 where it was never passed. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
