import type { AtomKey } from './atom.js'

/** Place of a node in its pool. */
export type Formula = number

/** At least so many of others hold: all of n is n of n, any is 1, and what always holds is 0 of none. Or an atom does. */
type Node =
  | { readonly atom: number }
  | { readonly least: number; readonly of: readonly Formula[] }

/** What goals rest on, as plain data: nodes name atoms by their place, and other nodes that come before them. */
export interface Support {
  readonly atoms: readonly AtomKey[]
  readonly nodes: readonly Node[]
  readonly goals: readonly (readonly [goal: string, formula: Formula])[]
  /** What it rests on that an atom can be taken away at all: that the message is sent, or that the moment comes. */
  readonly comes: readonly (readonly [atom: AtomKey, formula: Formula])[]
}

/** Sets of atoms, by their numbers in ascending order. */
export type Cut = readonly number[]

/** Formulas without negation over atoms: equal ones are one, so that what flights have in common is kept once. */
export class Pool {
  readonly #nodes: Node[] = []
  readonly #known = new Map<string, Formula>()
  readonly #atoms: AtomKey[] = []
  readonly #numbers = new Map<AtomKey, number>()
  readonly #single: (ReadonlySet<number> | undefined)[] = []
  readonly #all: (ReadonlySet<number> | undefined)[] = []
  readonly true: Formula = this.#intern({ least: 0, of: [] })

  /** The number of an atom. */
  number(key: AtomKey): number {
    let number = this.#numbers.get(key)
    if (number === undefined) {
      this.#numbers.set(key, (number = this.#atoms.length))
      this.#atoms.push(key)
    }
    return number
  }

  key(number: number): AtomKey {
    return this.#atoms[number]
  }

  atom(key: AtomKey): Formula {
    return this.#intern({ atom: this.number(key) })
  }

  all(of: readonly Formula[]): Formula {
    const flat = of.flatMap((each): readonly Formula[] => {
      const node = this.#nodes[each]
      return 'of' in node && node.least === node.of.length ? node.of : [each]
    })
    const different = [...new Set(flat)].sort((a, b) => a - b)
    return different.length === 1 ? different[0] : this.#intern({ least: different.length, of: different })
  }

  /** At least so many of them. */
  some(least: number, of: readonly Formula[]): Formula {
    const open = of.filter((each) => each !== this.true)
    const needed = least - (of.length - open.length)
    if (needed <= 0) return this.true
    if (needed >= open.length) return this.all(open)
    return this.#intern({ least: needed, of: open.toSorted((a, b) => a - b) })
  }

  #intern(node: Node): Formula {
    const text = 'atom' in node ? `a${node.atom}` : `${node.least}/${node.of.join()}`
    let place = this.#known.get(text)
    if (place === undefined) {
      this.#known.set(text, (place = this.#nodes.length))
      this.#nodes.push(node)
    }
    return place
  }

  /** Every atom that is named in it. */
  atomsOf(formula: Formula): ReadonlySet<number> {
    let found = this.#all[formula]
    if (found === undefined) {
      const node = this.#nodes[formula]
      found = 'atom' in node ? new Set([node.atom]) : new Set(node.of.flatMap((each) => [...this.atomsOf(each)]))
      this.#all[formula] = found
    }
    return found
  }

  /** Atoms without which, each alone, it does not hold. */
  singles(formula: Formula): ReadonlySet<number> {
    let found = this.#single[formula]
    if (found === undefined) {
      const node = this.#nodes[formula]
      if ('atom' in node) found = new Set([node.atom])
      else {
        const times = new Map<number, number>()
        for (const each of node.of) for (const atom of this.singles(each)) times.set(atom, (times.get(atom) ?? 0) + 1)
        found = new Set([...times].flatMap(([atom, often]) => (often > node.of.length - node.least ? [atom] : [])))
      }
      this.#single[formula] = found
    }
    return found
  }

  /** Does it hold without these atoms, all others being there? */
  holds(formula: Formula, without: Cut): boolean {
    if (without.some((atom) => this.singles(formula).has(atom))) return false
    if (without.length < 2 || without.every((atom) => !this.atomsOf(formula).has(atom))) return true
    return this.#holds(formula, new Set(without), new Map())
  }

  #holds(formula: Formula, without: ReadonlySet<number>, known: Map<Formula, boolean>): boolean {
    const node = this.#nodes[formula]
    if ('atom' in node) return !without.has(node.atom)
    let held = known.get(formula)
    if (held === undefined) {
      let left = node.of.length - node.least
      held = node.of.every((each) => this.#holds(each, without, known) || left-- > 0)
      known.set(formula, held)
    }
    return held
  }

  /** Atoms that are enough for it, none of those `without` among them: of a formula that holds without them. */
  witness(formula: Formula, without: Cut): ReadonlySet<number> {
    const found = new Set<number>()
    const [gone, known, seen] = [new Set(without), new Map<Formula, boolean>(), new Set<Formula>()]
    const take = (of: Formula): void => {
      if (seen.has(of)) return
      seen.add(of)
      const node = this.#nodes[of]
      if ('atom' in node) found.add(node.atom)
      else node.of.filter((each) => this.#holds(each, gone, known)).slice(0, node.least).forEach(take)
    }
    take(formula)
    return found
  }

  /** What goals rest on, to be sent elsewhere, with what atoms in it rest on themselves. */
  give(goals: ReadonlyMap<string, Formula>, comes: (atom: AtomKey) => Formula): Support {
    const [places, atoms, nodes] = [new Map<Formula, number>(), [] as AtomKey[], [] as Node[]]
    const put = (of: Formula): number => {
      const known = places.get(of)
      if (known !== undefined) return known
      const node = this.#nodes[of]
      const copy: Node = 'atom' in node ? { atom: atoms.push(this.#atoms[node.atom]) - 1 } : { least: node.least, of: node.of.map(put) }
      places.set(of, nodes.push(copy) - 1)
      return nodes.length - 1
    }
    const given = [...goals].map(([goal, of]) => [goal, put(of)] as const)
    const own: (readonly [AtomKey, Formula])[] = []
    // What atoms rest on may name further ones.
    for (let i = 0; i < atoms.length; i++) own.push([atoms[i], put(comes(atoms[i]))])
    return { atoms, nodes, goals: given, comes: own }
  }

  /** What was sent, with these atoms taken for true: it held although they were not there. */
  take({ atoms, nodes, goals, comes }: Support, granted: ReadonlySet<AtomKey>): Taken {
    const places: Formula[] = []
    for (const node of nodes) {
      if ('atom' in node) places.push(granted.has(atoms[node.atom]) ? this.true : this.atom(atoms[node.atom]))
      else places.push(this.some(node.least, node.of.map((each) => places[each])))
    }
    return {
      goals: new Map(goals.map(([goal, of]) => [goal, places[of]])),
      comes: new Map(comes.map(([atom, of]) => [this.number(atom), places[of]])),
    }
  }
}

/** A support that was sent, in the pool. */
export interface Taken {
  readonly goals: ReadonlyMap<string, Formula>
  readonly comes: ReadonlyMap<number, Formula>
}

const isPart = (some: Cut, of: Cut): boolean => some.every((atom) => of.includes(atom))

/**
 * All smallest sets of at most `upTo` atoms without which a formula does not hold: no part of one is one. Breadth first: whatever
 * is one must have an atom of whatever still supports the formula without what it has so far (Reiter, *A Theory of Diagnosis from
 * First Principles*, Artificial Intelligence 32, 1987).
 */
export const smallestCuts = (pool: Pool, formula: Formula, upTo: number): readonly Cut[] => {
  const cuts: Cut[] = upTo < 1 ? [] : [...pool.singles(formula)].map((atom) => [atom])
  let level: readonly Cut[] = upTo < 2 ? [] : [[]]
  for (let size = 0; size < upTo && level.length > 0; size++) {
    const next = new Map<string, Cut>()
    for (const set of level) {
      for (const atom of pool.witness(formula, set)) {
        const wider = [...set, atom].sort((a, b) => a - b)
        if (!cuts.some((cut) => isPart(cut, wider))) next.set(wider.join(), wider)
      }
    }
    level = [...next.values()].filter((set) => {
      if (pool.holds(formula, set)) return true
      cuts.push(set)
      return false
    })
  }
  return cuts
}
