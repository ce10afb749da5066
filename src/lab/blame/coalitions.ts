import type { Plan } from '../../faults/plan.js'
import type { Flight } from '../../flight/flight.js'
import { reseed } from '../../simulation/resolve.js'
import { InterruptedError } from '../interrupted.js'
import type { Lab, LabFlight } from '../lab.js'
import type { Measure } from '../measures.js'

/** One flight of many, as it begins. */
export interface Flying {
  /** From 1. */
  readonly number: number
  /** Of so many, as far as is known: where pairs turn out to be needed, there are more. */
  readonly of: number
  readonly seed: string
  /** Faults that are in it, by their ids. */
  readonly faults: readonly string[]
}

export interface CoalitionOptions extends Pick<LabFlight, 'watch' | 'signal'> {
  readonly plan: Plan
  readonly onFlight?: ((about: Flying) => void) | undefined
}

/**
 * Flights of some faults of a plan, by seed, each flown once. Whom a fault hits stays as the plan has it; its coins, and all
 * else but the world, are drawn by the seed, and are the same whichever other faults are there.
 */
export class Coalitions {
  readonly #worths = new Map<string, readonly (number | null)[]>()
  readonly #planned = new Set<string>()
  #flown = 0

  constructor(
    private readonly lab: Lab,
    private readonly options: CoalitionOptions,
  ) {}

  /** How many flights were flown. */
  get flown(): number {
    return this.#flown
  }

  /** Says what will be demanded: each set of faults is flown once with each seed, and counted once. */
  expect(seeds: readonly string[], sets: readonly (readonly number[])[]): void {
    for (const seed of seeds) for (const set of sets) this.#planned.add(keyOf(seed, set))
  }

  /** Flies the faults with these numbers. */
  async fly(seed: string, members: readonly number[]): Promise<Flight> {
    const { plan, watch, signal, onFlight } = this.options
    const faults = members.map((i) => plan.faults[i])
    this.#planned.add(keyOf(seed, members))
    onFlight?.({ number: this.#flown + 1, of: this.#planned.size, seed, faults: faults.map(({ id }) => id) })
    const { resolved } = this.lab
    // A specification that gives the seed of its faults has the same coins with every seed.
    const coins = seed === resolved.seed ? plan.seed : reseed(resolved, seed).seeds.faults
    const flight = await this.lab.fly({ seed, watch, signal, plan: { seed: coins, faults } })
    if (flight.status === 'interrupted') throw new InterruptedError(this.#flown)
    this.#flown++
    return flight
  }

  /** What they are worth in every measure; flown where they were not before. */
  async demand(seed: string, members: readonly number[], measures: readonly Measure[]): Promise<void> {
    if (!this.#worths.has(keyOf(seed, members))) this.keep(seed, members, await this.fly(seed, members), measures)
  }

  keep(seed: string, members: readonly number[], flight: Flight, measures: readonly Measure[]): void {
    this.#worths.set(keyOf(seed, members), measures.map((measure) => measure.of(flight)))
  }

  /** NaN where it is undefined. Throws for what was never flown. */
  worth(seed: string, members: readonly number[], measure: number): number {
    const worths = this.#worths.get(keyOf(seed, members))
    if (worths === undefined) throw new TypeError(`faults ${members.join(', ')} were not flown with seed ${seed}`)
    return worths[measure] ?? NaN
  }
}

const keyOf = (seed: string, members: readonly number[]): string => JSON.stringify([seed, members])
