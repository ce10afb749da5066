import type { Terms } from '../terms.js'

/** Who exchanges models with whom. */
export const graphKinds = ['ring', 'full', 'regular', 'exponential'] as const

export interface GraphOptions {
  readonly graph: (typeof graphKinds)[number]
  /** Of `regular`: neighbours of each. */
  readonly degree: number
  /** Whether it is another in every round. */
  readonly redraw: boolean
}

/** Who exchanges with whom in each round: clients by their place in the order of names, each list ascending. */
export interface Graph {
  neighbours(client: number, round: number): readonly number[]
}

/** How often the cycles of a regular graph are drawn until they share no edge. */
const tries = 100
/** Rounds whose graphs are kept at hand: peers are seldom further apart. */
const atHand = 4

type Draw = (decided: string) => { at(place: number): number }

/** Edges by their ends, both ways. */
class Edges {
  readonly #lists: Set<number>[]

  constructor(clients: number) {
    this.#lists = Array.from({ length: clients }, () => new Set<number>())
  }

  has(a: number, b: number): boolean {
    return this.#lists[a].has(b)
  }

  add(a: number, b: number): void {
    if (a === b) return
    this.#lists[a].add(b)
    this.#lists[b].add(a)
  }

  get lists(): number[][] {
    return this.#lists.map((list) => [...list].sort((a, b) => a - b))
  }
}

/** Everybody with those at these distances in a drawn order, both ways round. */
const circulant = (clients: number, distances: readonly number[], draw: Draw): Edges => {
  const edges = new Edges(clients)
  const order = draw('graph')
  for (let place = 0; place < clients; place++) {
    for (const distance of distances) edges.add(order.at(place), order.at((place + distance) % clients))
  }
  return edges
}

/** As many neighbours as each of so many can have: a graph has an even number of ends. */
export const regularDegree = (degree: number, clients: number): number => {
  const least = Math.min(degree, clients - 1)
  return (least * clients) % 2 === 0 ? least : least - 1
}

const half = (degree: number): number[] => Array.from({ length: Math.floor(degree / 2) }, (_, i) => i + 1)

/** As many random cycles through all as half the degree, and a random matching where that is odd, none of which share an edge. */
const regular = (clients: number, degree: number, draw: Draw): Edges => {
  const edges = new Edges(clients)
  const drawn = (pairs: (order: ReturnType<Draw>) => readonly (readonly [number, number])[], what: string): boolean => {
    for (let nth = 0; nth < tries; nth++) {
      const found = pairs(draw(`${what} ${nth}`))
      if (found.some(([a, b]) => edges.has(a, b))) continue
      for (const [a, b] of found) edges.add(a, b)
      return true
    }
    return false
  }
  const cycle = (order: ReturnType<Draw>) =>
    Array.from({ length: clients }, (_, i) => [order.at(i), order.at((i + 1) % clients)] as const)
  const matching = (order: ReturnType<Draw>) =>
    Array.from({ length: clients / 2 }, (_, i) => [order.at(2 * i), order.at(2 * i + 1)] as const)
  const done = half(degree).every((k) => drawn(cycle, `graph cycle ${k}`)) && (degree % 2 === 0 || drawn(matching, 'graph matching'))
  // Where nearly all are neighbours, cycles that share nothing are rare.
  return done ? edges : circulant(clients, degree % 2 === 0 ? half(degree) : [...half(degree), clients / 2], draw)
}

const edgesOf = ({ graph, degree }: GraphOptions, clients: number, draw: Draw): Edges => {
  switch (graph) {
    case 'ring':
      return circulant(clients, [1], draw)
    case 'full':
      return circulant(clients, half(clients), draw)
    case 'exponential':
      return circulant(clients, Array.from({ length: Math.ceil(Math.log2(clients)) }, (_, k) => 2 ** k), draw)
    case 'regular':
      return regular(clients, regularDegree(degree, clients), draw)
    default:
      return graph satisfies never
  }
}

/** The graph of so many clients: drawn for the federation, or anew for each round. */
export const graphOf = (options: GraphOptions, clients: number, order: Terms['order']): Graph => {
  const known = new Map<number, number[][]>()
  const listsOf = (round: number): number[][] => {
    const of = options.redraw ? round : 0
    let lists = known.get(of)
    if (lists === undefined) {
      lists = edgesOf(options, clients, (decided) => order(decided, of, clients)).lists
      known.set(of, lists)
      for (const old of known.keys()) if (known.size > atHand) known.delete(old)
    }
    return lists
  }
  return { neighbours: (client, round) => listsOf(round)[client] }
}
