import { hasOf } from '../../flight/has.js'
import { type BackwardReport, BackwardCourse } from '../../lab/explore/backward/course.js'
import { type Case, sizesThatStay } from '../../lab/explore/case.js'
import type { Order } from '../../lab/explore/explorer.js'
import { type Exploration, type Flown, Tally } from '../../lab/explore/tally.js'
import { streams } from '../../random/streams.js'
import { type Crew, openCrew } from './crew.js'
import { openExplorer, specificationOf, type Task } from './task.js'

export interface ExploreOptions extends Task {
  /** Cases to be flown. */
  readonly plans: number
  /** Threads that fly them; what comes of it does not depend on their number. */
  readonly workers: number
  /** Go on after the first failure. */
  readonly collect?: boolean | undefined
  /** Make half of the cases of those that reached what no other had. */
  readonly directed?: boolean | undefined
  /** Draw nothing: try only what takes away all that the outcome of a good flight rests on. */
  readonly backward?: boolean | undefined
  /** Of a backward search: how many messages and lives are taken away at once, at most; 2 when absent. */
  readonly cutsUpTo?: number | undefined
  /** Of a backward search: fly all cuts, and not one of those that differ only in whom they hit. */
  readonly eachName?: boolean | undefined
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

/** What decides which cases are flown. */
interface Course {
  /** Those of the next generation; nothing: all was flown. */
  orders(from: number, most: number): Promise<readonly Order[]>
  /** Told of each that has landed, in their order; `fresh`: what it reached first. */
  saw(flown: Flown, fresh: readonly string[]): void
  report?(): BackwardReport
}

/** Cases by their numbers; where it is directed, half of them made of others. */
const drawn = (chance: string, directed: boolean): Course => {
  const corpus = new Corpus()
  return {
    orders: (from, most) => Promise.resolve(Array.from({ length: Math.min(generation, most) }, (_, i): Order => ({
      nth: from + i, from: directed ? corpus.pick(chance, from + i) : undefined,
    }))),
    saw: ({ of }, fresh) => {
      if (fresh.length > 0) corpus.add(of)
    },
  }
}

const flyAll = async (crew: Crew, orders: readonly Order[], onPortion: (flown: readonly Flown[]) => void): Promise<Flown[]> => {
  const portions: Order[][] = []
  const size = Math.max(1, Math.min(portion, Math.ceil(orders.length / crew.size)))
  for (let i = 0; i < orders.length; i += size) portions.push(orders.slice(i, i + size))
  const all = await Promise.all(portions.map(async (some) => {
    const flown = await crew.fly(some)
    onPortion(flown)
    return flown
  }))
  return all.flat()
}

/** What is explored beside what the cases came to. */
export interface Explored extends Exploration {
  readonly backward?: BackwardReport
  /** What of the federation's size was to vary and cannot, in words. */
  readonly fixed?: readonly string[]
}

/** What of the size cases cannot vary, though they were to. */
const fixedIn = async ({ backward, vary, ...task }: Pick<ExploreOptions, 'backward' | 'vary' | 'script' | 'data' | 'set' | 'cwd'>): Promise<readonly string[]> =>
  (vary?.includes('shape') ?? backward !== true) ? sizesThatStay(await specificationOf(task)) : []

/**
 * Draws cases around a simulation, flies them, and says which failed, and what of the protocol was reached. Stops at the
 * first generation with a failure, unless it is to collect. The same for any number of workers, but for one that is
 * interrupted.
 */
export const explore = async (
  { plans, workers, collect = false, directed = false, backward = false, cutsUpTo = 2, eachName = false, signal, onProgress, ...task }: ExploreOptions,
): Promise<Explored> => {
  const fixed = await fixedIn({ ...task, backward })
  const tally = new Tally(hasOf(await specificationOf(task)))
  const explorer = backward ? await openExplorer(task) : undefined
  const course: Course = explorer !== undefined
    ? new BackwardCourse(explorer, { upTo: cutsUpTo, alike: !eachName }, (task.vary ?? []).length > 0)
    : drawn(task.chance, directed)
  const end = (): Explored => {
    const report = course.report?.()
    return { ...tally.result(task.chance), ...(report && { backward: report }), ...(fixed.length > 0 && { fixed }) }
  }
  const crew = await openCrew(task, Math.min(workers, Math.ceil(plans / portion)))
  try {
    let [landed, failures, reached, from] = [0, 0, 0, 0]
    const isStopped = (): boolean => signal?.aborted === true
    while (from < plans && !isStopped()) {
      const orders = await course.orders(from, plans - from)
      if (orders.length === 0) break
      from += orders.length
      const flown = await flyAll(crew, orders, (some) => {
        landed += some.length
        failures += some.filter(({ outcome }) => outcome.failed).length
        onProgress?.(landed, failures, reached)
      })
      for (const one of flown) {
        const fresh = tally.add(one)
        reached += fresh.length
        course.saw(one, fresh)
        if (!collect && one.outcome.failed) return end()
      }
    }
    return end()
  } finally {
    await crew.close()
    await explorer?.lab.close()
  }
}
