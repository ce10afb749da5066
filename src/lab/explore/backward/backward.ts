import type { AtomKey } from './atom.js'
import { type Cut, type Formula, Pool, smallestCuts, type Support } from './formula.js'
import { kindOf, renaming, type Shape, shapeOf } from './symmetry.js'

export interface BackwardOptions {
  /** Most messages and lives of one cut. */
  readonly upTo: number
  /** Cuts that differ only in which clients and experts they hit are flown once; else all of them are. */
  readonly alike: boolean
}

/** What was learnt of a cut that was flown. */
interface Learnt {
  readonly shape: Shape
  readonly cut: readonly AtomKey[]
  /** Undefined: that flight failed. */
  readonly support: Support | undefined
}

/** What supports one goal in the flights that came to it. */
interface Goal {
  readonly name: string
  readonly alternatives: Formula[]
  /** All cuts of up to so many that are known for it now. */
  cuts: { readonly upTo: number; readonly all: readonly Cut[] } | undefined
}

/** What goals some flights did not come to, by kinds: `fold`, `count`. */
export type Missed = Readonly<Record<string, number>>

/**
 * Backward search from what a good flight came to (lineage-driven fault injection: Alvaro, Rosen and Hellerstein, SIGMOD
 * 2015). Flown are only the smallest cuts that take away all support that is known of some goal. A flight under a cut that
 * comes to the goal all the same shows other support, which further cuts must take away too.
 */
export class Backward {
  readonly #options: BackwardOptions
  readonly #pool = new Pool()
  readonly #goals = new Map<string, Goal>()
  readonly #tried = new Set<string>()
  readonly #learnt = new Map<string, Learnt>()
  /** How often something of a kind was tried, rounds left aside. */
  readonly #kinds = new Map<string, number>()
  readonly #missed = new Map<string, number>()
  #absorbed = 0
  #spared = 0

  constructor(options: BackwardOptions) {
    this.#options = options
  }

  /** Cuts after which all goals were reached; not flown, since they are like others; and what the rest missed. */
  get state(): { readonly goals: number; readonly absorbed: number; readonly alike: number; readonly missed: Missed } {
    const missed = Object.fromEntries([...this.#missed].sort(([a], [b]) => (a < b ? -1 : 1)))
    return { goals: this.#good.size, absorbed: this.#absorbed, alike: this.#spared, missed }
  }

  /** Goals of the flight that nothing disturbed. */
  #good: ReadonlySet<string> = new Set<string>()

  /** Begins with what the flight came to that nothing disturbed. */
  begin(support: Support): void {
    const goals = this.#pool.take(support, new Set())
    this.#good = new Set(goals.keys())
    for (const [name, formula] of goals) this.#support(name, formula)
  }

  /** The next cuts to fly, the smallest first, and of those what is least like what was tried; none: none is left. */
  next(most: number): readonly (readonly AtomKey[])[] {
    for (let size = 1; size <= this.#options.upTo; size++) {
      let fresh = this.#fresh(size)
      // What is like something that was flown is known without a flight, and may leave other cuts.
      while (fresh === 'learnt') fresh = this.#fresh(size)
      if (fresh.length > 0) return fresh.slice(0, most)
    }
    return []
  }

  /** What came of a cut. `support`: what its flight came to; undefined where it failed. */
  learn(cut: readonly AtomKey[], support: Support | undefined): void {
    const shape = shapeOf(cut)
    this.#tried.add(textOf(cut))
    this.#learnt.set(this.#shapeText(shape, cut), { shape, cut, support })
    this.#kinds.set(kindOf(shape), (this.#kinds.get(kindOf(shape)) ?? 0) + 1)
    if (support === undefined) return
    const reached = new Set(support.goals.map(([name]) => name))
    const missed = [...this.#good].filter((name) => !reached.has(name))
    if (missed.length === 0) this.#absorbed++
    for (const kind of new Set(missed.map((name) => (JSON.parse(name) as [string])[0]))) this.#missed.set(kind, (this.#missed.get(kind) ?? 0) + 1)
    this.#adopt(cut, support, true)
  }

  #shapeText({ text }: Shape, cut: readonly AtomKey[]): string {
    return this.#options.alike ? text : textOf(cut)
  }

  #adopt(cut: readonly AtomKey[], support: Support, flown: boolean): void {
    const goals = this.#pool.take(support, new Set(cut))
    for (const [name, formula] of goals) {
      if (this.#good.has(name)) this.#support(name, formula)
      // What came about by the cut alone rests on the cut, too: only cuts that go beyond it are of use.
      else if (flown && cut.length < this.#options.upTo) {
        const own = `${name} after ${textOf(cut)}`
        for (const key of cut) this.#support(own, this.#pool.atom(key))
        this.#support(own, formula)
      }
    }
  }

  #support(name: string, formula: Formula): void {
    let goal = this.#goals.get(name)
    if (goal === undefined) this.#goals.set(name, (goal = { name, alternatives: [], cuts: undefined }))
    if (goal.alternatives.includes(formula)) return
    goal.alternatives.push(formula)
    goal.cuts = undefined
  }

  #cutsOf(goal: Goal, upTo: number): readonly Cut[] {
    if (goal.cuts === undefined || goal.cuts.upTo < upTo) goal.cuts = { upTo, all: smallestCuts(this.#pool, goal.alternatives, upTo) }
    return goal.cuts.all
  }

  #fresh(size: number): readonly (readonly AtomKey[])[] | 'learnt' {
    const found = new Map<string, { readonly cut: readonly AtomKey[]; readonly kind: string }>()
    let learnt = false
    for (const goal of this.#goals.values()) {
      for (const numbers of this.#cutsOf(goal, size)) {
        if (numbers.length !== size) continue
        const cut = numbers.map((number) => this.#pool.key(number)).sort()
        const own = textOf(cut)
        if (this.#tried.has(own)) continue
        const shape = shapeOf(cut)
        const text = this.#shapeText(shape, cut)
        const like = this.#learnt.get(text)
        if (like === undefined) {
          if (!found.has(text)) found.set(text, { cut, kind: kindOf(shape) })
          continue
        }
        this.#tried.add(own)
        this.#spared++
        if (like.support === undefined) continue
        const renamed = renaming(like.shape, shape)
        const { support } = like
        this.#adopt(cut, { ...support, atoms: support.atoms.map(renamed), goals: support.goals.map(([name, of]) => [renamed(name), of]) }, false)
        learnt = true
      }
    }
    if (learnt) return 'learnt'
    return this.#newest([...found.values()])
  }

  /** In turn what was tried least often, rounds left aside. */
  #newest(found: readonly { readonly cut: readonly AtomKey[]; readonly kind: string }[]): readonly (readonly AtomKey[])[] {
    const times = new Map(this.#kinds)
    return found
      .map(({ cut, kind }) => {
        const before = times.get(kind) ?? 0
        times.set(kind, before + 1)
        return { cut, before }
      })
      .sort((a, b) => a.before - b.before)
      .map(({ cut }) => cut)
  }
}

/** A cut's own text. */
const textOf = (cut: readonly AtomKey[]): string => cut.toSorted().join('\n')
