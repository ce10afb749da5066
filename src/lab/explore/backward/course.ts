import type { Case } from '../case.js'
import type { Explorer, Order } from '../explorer.js'
import type { Flown } from '../tally.js'
import type { AtomKey } from './atom.js'
import { Backward, type BackwardOptions, type Missed } from './backward.js'

/** What a backward search has come to. Plain JSON. */
export interface BackwardReport {
  /** Most messages and lives of one cut. */
  readonly upTo: number
  /** Whether cuts that differ only in which clients and experts they hit were taken for one. */
  readonly alike: boolean
  /** Good flights that it went back from, and what they came to. */
  readonly grounds: number
  readonly goals: number
  /** Cuts that were flown, by how many messages and lives they take away. */
  readonly cuts: Readonly<Record<string, number>>
  /** Cuts after which all was reached that is reached without one. */
  readonly absorbed: number
  /** How many of the rest missed goals of each kind, and broke no promise by that: rounds may be given up. */
  readonly missed: Missed
  /** Cuts that were not flown since one like them was. */
  readonly spared: number
  /** Has it ended because no cut was left? */
  readonly done: boolean
}

/** Cuts of one generation: what they teach is known when all of them have landed. */
const generation = 16
/** Flights that one good flight gets where others are to have a turn. */
const turn = 48

/** Goes back from one good flight after the other: the specification's own, and where it is varied those that are drawn. */
export class BackwardCourse {
  readonly #explorer: Explorer
  readonly #options: BackwardOptions
  readonly #varies: boolean
  readonly #cuts = new Map<number, number>()
  readonly #missed = new Map<string, number>()
  readonly #under = new Map<number, readonly AtomKey[]>()
  #grounds = 0
  #ground: Case | undefined
  #search: Backward | undefined
  #flown = 0
  #ended = false
  /** Whether a good flight was left before all of its cuts were flown. */
  #left = false
  #sum = { goals: 0, absorbed: 0, spared: 0 }

  /** `varies`: whether other good flights than the specification's own can be had. */
  constructor(explorer: Explorer, options: BackwardOptions, varies: boolean) {
    this.#explorer = explorer
    this.#options = options
    this.#varies = varies
  }

  /** What is flown next, from that number on; nothing: all was tried. */
  async orders(from: number, most: number): Promise<readonly Order[]> {
    for (;;) {
      if (this.#ground === undefined) {
        if (this.#grounds > 0 && !this.#varies) {
          this.#ended = true
          return []
        }
        this.#ground = await this.#explorer.bare(this.#grounds++)
        this.#flown = 0
        return [{ nth: from, exactly: this.#ground }]
      }
      const room = this.#varies ? turn - this.#flown : Infinity
      const cuts = room > 0 ? (this.#search?.next(Math.min(generation, most, room)) ?? []) : []
      if (cuts.length > 0) {
        this.#flown += cuts.length
        return Promise.all(cuts.map(async (cut, i): Promise<Order> => {
          this.#under.set(from + i, cut)
          return { nth: from + i, exactly: await this.#explorer.cut(this.#ground!, cut) }
        }))
      }
      if (room <= 0) this.#left = true
      this.#leave()
    }
  }

  /** What came of one of them; in the order of their numbers. */
  saw({ nth, support }: Flown): void {
    const cut = this.#under.get(nth)
    this.#under.delete(nth)
    if (cut !== undefined) {
      this.#cuts.set(cut.length, (this.#cuts.get(cut.length) ?? 0) + 1)
      this.#search!.learn(cut, support)
    } else if (support !== undefined) {
      this.#search = new Backward(support, this.#options)
    }
  }

  report(): BackwardReport {
    this.#leave()
    const { upTo, alike } = this.#options
    const { goals, absorbed, spared } = this.#sum
    const missed = Object.fromEntries([...this.#missed].sort(([a], [b]) => (a < b ? -1 : 1)))
    return { upTo, alike, grounds: this.#grounds, goals, cuts: Object.fromEntries(this.#cuts), absorbed, missed, spared, done: this.#ended && !this.#left }
  }

  #leave(): void {
    if (this.#search !== undefined) {
      const { goals, absorbed, spared, missed } = this.#search.state
      this.#sum = { goals: this.#sum.goals + goals, absorbed: this.#sum.absorbed + absorbed, spared: this.#sum.spared + spared }
      for (const [kind, times] of Object.entries(missed)) this.#missed.set(kind, (this.#missed.get(kind) ?? 0) + times)
    }
    this.#ground = undefined
    this.#search = undefined
  }
}
