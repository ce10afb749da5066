import { SpecificationError } from '../../errors.js'
import { type Failure, isSame } from '../../flight/failure.js'
import { canonical } from '../../roster/identity.js'
import type { Case, Shape } from '../explore/case.js'
import { fewest } from './fewest.js'
import {
  countOf, lacking, milderAt, milderRoundsOf, nameOf, ofCount, type Offer, offers, ofSize, ownRounds, sizeOf, wholes, withoutCore,
} from './offers.js'
import type { Trial, TrialGround } from './trial.js'

/** One step on the way: after so many flights a simpler case was found to fail the same way. */
export interface ShrinkStep {
  readonly flight: number
  readonly what: string
  readonly faults: number
}

/** Most flights where nobody says how many. */
export const mostFlights = 1000

export interface ShrinkOptions {
  /** Most flights; `mostFlights` when absent. */
  readonly budget?: number | undefined
  /** Told after each flight. */
  readonly onFlight?: ((flights: number, smallest: Case) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Shrunk {
  readonly case: Case
  /** How the smallest case fails: the same check or error, in other words perhaps. */
  readonly failure: Failure
  readonly fired: readonly string[]
  readonly flights: number
  readonly trail: readonly ShrinkStep[]
  /** Whether it ended because the budget was spent: then something simpler may fail too. */
  readonly spent: boolean
}

/** Flies each case once, and keeps the simplest that fails the same way. */
class Search {
  readonly #ground: TrialGround
  readonly #options: ShrinkOptions
  readonly #known = new Map<string, Promise<Trial | undefined>>()
  readonly #trail: ShrinkStep[] = []
  #case: Case
  #failure: Failure
  #fired: readonly string[] = []
  #flights = 0
  #spent = false
  /** Cases that it has gone on from. */
  readonly #left = new Set<string>()

  constructor(of: Case, failure: Failure, ground: TrialGround, options: ShrinkOptions) {
    this.#case = of
    this.#failure = failure
    this.#ground = ground
    this.#options = options
  }

  get case(): Case {
    return this.#case
  }

  get fired(): readonly string[] {
    return this.#fired
  }

  get spent(): boolean {
    return this.#spent
  }

  /** Is it simpler and fails the same way? Then it is the one to go on with. */
  async take({ what, of }: Offer): Promise<boolean> {
    // What is simpler never leads back: steps that undo each other would go on for ever.
    if (this.#left.has(canonical(of))) return false
    const trial = await this.#flown(of)
    if (trial?.failure === undefined || !isSame(trial.failure, this.#failure)) return false
    if (of !== this.#case) {
      this.#trail.push({ flight: this.#flights, what, faults: of.faults.length })
      this.#left.add(canonical(this.#case))
    }
    this.#case = of
    this.#failure = trial.failure
    this.#fired = trial.fired
    return true
  }

  async firstOf(all: readonly Offer[]): Promise<boolean> {
    for (const offer of all) if (await this.take(offer)) return true
    return false
  }

  end(): Shrunk {
    return {
      case: this.#case, failure: this.#failure, fired: this.#fired, flights: this.#flights, trail: this.#trail, spent: this.#spent,
    }
  }

  #flown(of: Case): Promise<Trial | undefined> {
    const key = canonical(of)
    let trial = this.#known.get(key)
    if (trial !== undefined) return trial
    const { budget = mostFlights, signal } = this.#options
    if (this.#flights >= budget || signal?.aborted) {
      this.#spent = true
      return Promise.resolve(undefined)
    }
    trial = this.#fly(of)
    this.#known.set(key, trial)
    return trial
  }

  async #fly(of: Case): Promise<Trial | undefined> {
    if (!this.#ground.isSound(of)) return undefined
    this.#flights++
    try {
      return await this.#ground.fly(of)
    } catch {
      // Nobody of that name, no world of that size: no case.
      return undefined
    } finally {
      this.#options.onFlight?.(this.#flights, this.#case)
    }
  }
}

/** The smallest whole number from 1 up that is taken, if what is taken is so from somewhere on. */
const least = async (now: number, take: (n: number) => Promise<boolean>): Promise<void> => {
  let [low, high] = [1, now]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (await take(middle)) high = middle
    else low = middle + 1
  }
}

const fewerFaults = async (search: Search): Promise<void> => {
  const { faults } = search.case
  const idle = faults.filter(({ id }) => id !== undefined && !search.fired.includes(id))
  if (idle.length > 0) {
    const busy = faults.filter((fault) => !idle.includes(fault))
    await search.take({ what: `without what never struck (${idle.map(nameOf).join(', ')})`, of: { ...search.case, faults: busy } })
  }
  await fewest(search.case.faults, (kept) =>
    search.take({ what: kept.length === 0 ? 'no faults' : `only ${kept.map(nameOf).join(', ')}`, of: { ...search.case, faults: kept } }))
}

const smaller = async (search: Search, ground: TrialGround): Promise<void> => {
  for (const part of wholes) if (search.case[part] !== undefined) await search.take({ what: `its own ${part}`, of: lacking(search.case, part) })
  const healed = withoutCore(search.case)
  if (healed !== undefined) await search.take({ what: 'calm for everybody', of: healed })
  const own = ownRounds(search.case, ground)
  if (own !== undefined) await search.take({ what: 'its own rounds', of: own })
  const count = countOf(search.case, ground)
  if (count !== undefined) await least(count, (n) => search.take({ what: `${n} rounds`, of: ofCount(search.case, n, ground) }))
  for (const what of ['clients', 'experts'] as const satisfies readonly (keyof Shape)[]) {
    if (!ground.resizes[what]) continue
    await least(await sizeOf(search.case, what, ground), async (n) =>
      search.firstOf((await ofSize(search.case, what, n, ground)).map((of) => ({ what: `${n} ${what}`, of }))))
  }
}

const milder = async (search: Search, ground: TrialGround): Promise<void> => {
  const of = (what: string, cases: readonly Case[]): Promise<boolean> => search.firstOf(cases.map((one) => ({ what, of: one })))
  for (let i = 0; i < search.case.faults.length; i++) {
    while (await of(`${nameOf(search.case.faults[i])} milder`, await milderAt(search.case, i, ground)));
  }
  while (await of('milder rounds', await milderRoundsOf(search.case, ground)));
}

/**
 * The simplest case that still fails in the same way: the specification alone is tried first, then faults that never struck
 * are left out, then as many others as can be, then whatever else is other than in the specification; then there are fewer
 * rounds, clients and expert networks; then what is left is made as mild as can be. It ends one-minimal: no single step that
 * is on offer still fails, unless the flights were `spent`. Nothing of chance changes meanwhile, and no case is flown twice.
 * Throws a `SpecificationError` for a case that does not fail in this way.
 */
export const shrink = async (of: Case, failure: Failure, ground: TrialGround, options: ShrinkOptions = {}): Promise<Shrunk> => {
  const search = new Search(of, failure, ground, options)
  if (!(await search.take({ what: 'as it was', of }))) {
    throw new SpecificationError(`There is nothing to shrink: flown again, this does not fail by ${failure.what}.`)
  }
  const bare: Case = { faults: [], chance: of.chance, ...(of.shape && { shape: of.shape }) }
  if (canonical(bare) !== canonical(of)) await search.take({ what: 'nothing but the specification', of: bare })
  if (search.case.faults.length > 0) await search.take({ what: 'no faults', of: { ...search.case, faults: [] } })
  do {
    await fewerFaults(search)
    await smaller(search, ground)
    await milder(search, ground)
  } while (!search.spent && (await search.firstOf(await offers(search.case, ground))))
  return search.end()
}
