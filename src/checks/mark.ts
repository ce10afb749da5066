import type { EventOf, FlightEvent } from '../record/event.js'
import type { EventKind, Reader } from '../record/flight-recorder.js'
import { type Fate, fates } from '../record/message.js'
import type { Has } from './tried.js'

/** Something rare that a flight may go through: told of its kinds of events, it says how often it has happened with this one. */
export interface Mark<Memory = unknown> {
  readonly name: string
  /** What has happened, in one sentence. */
  readonly sentence: string
  readonly kinds: readonly EventKind[]
  /** Which federations can pass it; all when absent. */
  readonly among?: 'servers' | 'masks' | 'regions'
  /** Of those that settle a message: the fates that it is told of; all when absent. */
  readonly fates?: readonly Fate[]
  /** What it remembers during one flight. */
  begin?(): Memory
  see(event: FlightEvent, memory: Memory): boolean | number
}

/** A mark whose memory the compiler follows. */
export const mark = <Memory = undefined>(own: Mark<Memory>): Mark => own as Mark

/** Those of the marks that such a federation can pass. */
export const marksOf = (marks: readonly Mark[], has: Has): readonly Mark[] =>
  marks.filter(({ among }) => among === undefined || (among === 'servers' ? !has.peers : has[among]))

/** A mark at work in one flight. */
interface Passing {
  times: number
  readonly memory: unknown
  readonly see: Mark['see']
}

/** How often each mark was passed in one flight. */
export class MarkCount {
  readonly #marks: ReadonlyMap<string, Passing>
  /** To be told of what happens. One for each kind of event: what most flights are made of costs one call. */
  readonly readers: readonly Reader[]

  constructor(marks: readonly Mark[]) {
    const working = marks.map((own) => ({ own, passing: { times: 0, memory: own.begin?.(), see: own.see } }))
    this.#marks = new Map(working.map(({ own, passing }) => [own.name, passing]))
    const those = (is: (own: Mark) => boolean): readonly Passing[] => working.filter(({ own }) => is(own)).map(({ passing }) => passing)
    const byFate = new Map(fates.map((fate) => [
      fate, those((own) => own.kinds.includes('settle') && (own.fates === undefined || own.fates.includes(fate))),
    ]))
    const kinds = [...new Set(marks.flatMap((own) => own.kinds))]
    this.readers = kinds.map((kind): Reader => {
      if (kind === 'settle') return { kinds: [kind], see: (event) => tell(byFate.get((event as EventOf<'settle'>).fate)!, event) }
      const all = those((own) => own.kinds.includes(kind))
      return { kinds: [kind], see: (event) => tell(all, event) }
    })
  }

  /** Every mark with its number, 0 where it was never passed. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#marks].map(([name, { times }]) => [name, times]))
  }
}

const tell = (marks: readonly Passing[], event: FlightEvent): void => {
  for (let i = 0; i < marks.length; i++) {
    const one = marks[i]
    one.times += Number(one.see(event, one.memory))
  }
}
