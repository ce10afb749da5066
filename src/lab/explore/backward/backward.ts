import type { AtomKey } from './atom.js'
import { type Cut, type Formula, Pool, smallestCuts, type Support } from './formula.js'
import { kindOf, renaming, type Shape, shapeOf } from './symmetry.js'

export interface BackwardOptions {
  /** Most messages and lives of one cut. */
  readonly upTo: number
  /** Cuts that differ only in which clients and experts they hit are flown once; else all of them are. */
  readonly alike: boolean
}

/** One that was flown: what it came to, and what that rests on beside what was taken away in it. */
interface Run {
  readonly cut: Cut
  readonly shape: Shape
  readonly goals: ReadonlyMap<string, Formula>
  readonly comes: ReadonlyMap<number, Formula>
}

/** How many flights missed goals of each kind: `fold`, `count`. */
export type Missed = Readonly<Record<string, number>>

/** Every part of a cut but itself, the empty one among them. */
const partsOf = (cut: Cut): readonly Cut[] =>
  Array.from({ length: 2 ** cut.length - 1 }, (_, mask) => cut.filter((__, k) => ((mask >> k) & 1) === 1))

const without = (cut: Cut, part: Cut): Cut => cut.filter((atom) => !part.includes(atom))

/**
 * Backward search from what a good flight came to (lineage-driven fault injection: Alvaro, Rosen and Hellerstein, SIGMOD 2015).
 * A cut is flown if, for some goal, it takes away all support that is known of it in flights under parts of the cut, and no
 * part of it does. A flight that comes to the goal all the same shows new support, which larger cuts must take away too: so it
 * goes on, all cuts of one size before any of the next.
 */
export class Backward {
  readonly #options: BackwardOptions
  readonly #pool = new Pool()
  /** By their cuts, that of the flight that nothing disturbed under ''. */
  readonly #runs = new Map<string, Run>()
  /** The first run of each shape. */
  readonly #first = new Map<string, Run>()
  readonly #missed = new Map<string, number>()
  #good: ReadonlyMap<string, Formula> = new Map()
  #queue: Cut[] = []
  #size = 0
  #absorbed = 0
  #spared = 0

  /** `good`: what the flight came to that nothing disturbed. */
  constructor(good: Support, options: BackwardOptions) {
    this.#options = options
    const { goals, comes } = this.#pool.take(good, new Set())
    this.#good = goals
    this.#runs.set('', { cut: [], shape: shapeOf([]), goals, comes })
  }

  /**
   * Goals of the good flight; cuts after which all of them were reached; how many of the others missed goals of each kind; and
   * cuts that were not flown since one like them was.
   */
  get state(): { readonly goals: number; readonly absorbed: number; readonly missed: Missed; readonly spared: number } {
    const missed = Object.fromEntries([...this.#missed].sort(([a], [b]) => (a < b ? -1 : 1)))
    return { goals: this.#good.size, absorbed: this.#absorbed, missed, spared: this.#spared }
  }

  /** The next cuts to fly, all of one size, and such first as are least alike, rounds left aside; none: none is left. */
  next(most: number): readonly (readonly AtomKey[])[] {
    while (this.#queue.length === 0 && this.#size < this.#options.upTo) this.#queue = this.#ofSize(++this.#size)
    return this.#queue.splice(0, most).map((cut) => cut.map((atom) => this.#pool.key(atom)))
  }

  /** Cuts of the size that is flown now that are still to be. */
  get left(): number {
    return this.#queue.length
  }

  /** What came of a cut. `support`: what its flight came to; undefined where it failed. */
  learn(keys: readonly AtomKey[], support: Support | undefined): void {
    const cut = keys.map((key) => this.#pool.number(key)).sort((a, b) => a - b)
    const { goals, comes } = support === undefined ? { goals: new Map(), comes: new Map() } : this.#pool.take(support, new Set(keys))
    const run: Run = { cut, shape: shapeOf(keys), goals, comes }
    this.#runs.set(cut.join(), run)
    if (!this.#first.has(run.shape.text)) this.#first.set(run.shape.text, run)
    if (support === undefined) return
    const missed = new Set([...this.#good.keys()].filter((goal) => !goals.has(goal)).map((goal) => (JSON.parse(goal) as [string])[0]))
    if (missed.size === 0) this.#absorbed++
    for (const kind of missed) this.#missed.set(kind, (this.#missed.get(kind) ?? 0) + 1)
  }

  /** All cuts of a size that are worth flying. Those that are smaller have been flown. */
  #ofSize(size: number): Cut[] {
    const found = new Map<string, Cut>()
    const judged = new Set<string>()
    for (const { cut, goals } of this.#runs.values()) {
      if (cut.length >= size) continue
      const more = new Map<Formula, readonly Cut[]>()
      for (const [goal, formula] of goals) {
        let all = more.get(formula)
        if (all === undefined) more.set(formula, (all = smallestCuts(this.#pool, formula, size - cut.length).filter((one) => one.length === size - cut.length)))
        for (const one of all) {
          const wider = [...cut, ...one].sort((a, b) => a - b)
          const text = wider.join()
          if (found.has(text) || judged.has(`${text} ${goal}`)) continue
          judged.add(`${text} ${goal}`)
          if (this.#isSmallest(wider, goal) && this.#canBe(wider)) found.set(text, wider)
        }
      }
    }
    return this.#ordered([...found.values()])
  }

  /** Does it take a goal away as far as is known, and no part of it? */
  #isSmallest(cut: Cut, goal: string): boolean {
    return partsOf(cut).every((part) => {
      const run = this.#runs.get(part.join())
      const formula = run?.goals.get(goal)
      if (formula !== undefined) return !this.#pool.holds(formula, without(cut, part))
      if (!this.#takes(part, goal)) return true
      // It was flown, and the goal was missed; or it was not, since one like it was.
      return run === undefined && this.#isReachedLike(part, goal)
    })
  }

  /** Is there support of a goal under smaller parts of this, and does this take away all of it? */
  #takes(cut: Cut, goal: string): boolean {
    const known = partsOf(cut).flatMap((part) => {
      const formula = this.#runs.get(part.join())?.goals.get(goal)
      return formula === undefined ? [] : [!this.#pool.holds(formula, without(cut, part))]
    })
    return known.length > 0 && known.every(Boolean)
  }

  /** Did one that is like this reach what this goal is there? */
  #isReachedLike(cut: Cut, goal: string): boolean {
    const shape = this.#shapeOf(cut)
    const like = this.#options.alike ? this.#first.get(shape.text) : undefined
    return like !== undefined && like.goals.has(renaming(shape, like.shape)(goal))
  }

  /** Does each of it come about although the others are taken away, as far as is known? */
  #canBe(cut: Cut): boolean {
    return cut.length < 2 || cut.every((atom) => {
      const others = without(cut, [atom])
      const known = [...partsOf(others), others].flatMap((part) => {
        const formula = this.#runs.get(part.join())?.comes.get(atom)
        return formula === undefined ? [] : [this.#pool.holds(formula, without(others, part))]
      })
      return known.length === 0 || known.some(Boolean)
    })
  }

  #shapeOf(cut: Cut): Shape {
    return shapeOf(cut.map((atom) => this.#pool.key(atom)))
  }

  /** One of each shape; in turn what there is fewest of, rounds left aside. */
  #ordered(found: readonly Cut[]): Cut[] {
    const shapes = new Set<string>()
    const times = new Map<string, number>()
    const placed: { readonly cut: Cut; readonly before: number }[] = []
    for (const cut of found) {
      const shape = this.#shapeOf(cut)
      if (this.#options.alike && shapes.has(shape.text)) {
        this.#spared++
        continue
      }
      shapes.add(shape.text)
      const kind = kindOf(shape)
      const before = times.get(kind) ?? 0
      times.set(kind, before + 1)
      placed.push({ cut, before })
    }
    return placed.sort((a, b) => a.before - b.before).map(({ cut }) => cut)
  }
}
