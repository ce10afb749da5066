import type { Case } from '../../lab/explore/case.js'
import type { Order } from '../../lab/explore/explorer.js'
import { type Exploration, type Flown, Tally } from '../../lab/explore/tally.js'
import { streams } from '../../random/streams.js'
import { type Crew, openCrew } from './crew.js'
import type { Task } from './task.js'

export interface ExploreOptions extends Task {
  /** Cases to be flown. */
  readonly plans: number
  /** Threads that fly them; what comes of it does not depend on their number. */
  readonly workers: number
  /** Go on after the first failure. */
  readonly collect?: boolean | undefined
  /** Make half of the cases of those that reached what no other had. */
  readonly directed?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Told after every portion: what it has come to. */
  readonly onProgress?: ((flown: number, failures: number, reached: number) => void) | undefined
}

/** Cases of one generation: what the next is made of is known when all of them have landed, whoever flew them. */
const generation = 64
/** Cases that a thread is given at once. */
const portion = 8
/** Cases that are remembered for what they reached. */
const remembered = 256

/** Cases that reached something new, the newest last. */
class Corpus {
  readonly #cases: Case[] = []

  add(of: Case): void {
    this.#cases.push(of)
    if (this.#cases.length > remembered) this.#cases.shift()
  }

  /** One of them; the newer ones more often. */
  pick(chance: string, nth: number): Case | undefined {
    const toss = streams(`${chance}/explore`)('parent', nth)
    if (this.#cases.length === 0 || toss() < 0.5) return undefined
    return this.#cases[Math.floor(Math.sqrt(toss()) * this.#cases.length)]
  }
}

const flyAll = async (crew: Crew, orders: readonly Order[], onPortion: (flown: readonly Flown[]) => void): Promise<Flown[]> => {
  const portions: Order[][] = []
  for (let i = 0; i < orders.length; i += portion) portions.push(orders.slice(i, i + portion))
  const all = await Promise.all(portions.map(async (some) => {
    const flown = await crew.fly(some)
    onPortion(flown)
    return flown
  }))
  return all.flat()
}

/**
 * Draws cases around a simulation, flies them, and says which failed, and what of the protocol was reached. Stops at the
 * first generation with a failure, unless it is to collect. The same for any number of workers, but for one that is
 * interrupted.
 */
export const explore = async ({ plans, workers, collect = false, directed = false, signal, onProgress, ...task }: ExploreOptions): Promise<Exploration> => {
  const tally = new Tally()
  const corpus = new Corpus()
  const crew = await openCrew(task, Math.min(workers, Math.ceil(plans / portion)))
  try {
    let [landed, failures, reached] = [0, 0, 0]
    for (let from = 0; from < plans && signal?.aborted !== true; from += generation) {
      const orders = Array.from({ length: Math.min(generation, plans - from) }, (_, i): Order => ({
        nth: from + i, from: directed ? corpus.pick(task.chance, from + i) : undefined,
      }))
      const flown = await flyAll(crew, orders, (some) => {
        landed += some.length
        failures += some.filter(({ outcome }) => outcome.failed).length
        onProgress?.(landed, failures, reached)
      })
      for (const one of flown) {
        const fresh = tally.add(one)
        reached += fresh.length
        if (fresh.length > 0) corpus.add(one.of)
        if (!collect && one.outcome.failed) return tally.result(task.chance)
      }
    }
    return tally.result(task.chance)
  } finally {
    await crew.close()
  }
}
