import { resolve as absolute } from 'node:path'

import type { Check } from '../checks/check.js'
import { chosenChecks } from '../checks/choose.js'
import { onlyLooking } from '../checks/looking.js'
import type { World } from '../data/world.js'
import { JobMemory } from '../engine/recalling/job-memory.js'
import type { JobStore } from '../engine/recalling/job-store.js'
import { checkedPlan, type Plan } from '../faults/plan.js'
import type { FaultInput } from '../faults/registry.js'
import type { Flight } from '../flight/flight.js'
import type { CalmRound } from '../flight/calm-round.js'
import { type Anew, calmRoundsOf, type FlyOptions, flySetup, planOf } from '../flight/fly.js'
import { type Setup, setUp } from '../flight/setup.js'
import type { FlightOptions } from '../flight/simulator.js'
import { show } from '../record/shown.js'
import type { Participant } from '../roster/participant.js'
import { checkWorld, reseed, resolve, type ResolveOptions } from '../simulation/resolve.js'
import type { Resolved, Specification } from '../simulation/specification.js'
import type { ComparedCheck } from './compared/compared.js'
import { type Ground, openGround } from './ground.js'
import { OpenFlight } from './open-flight.js'

export interface LabOptions extends ResolveOptions {
  /** A folder of data that the world reads. */
  readonly data?: string
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly cwd?: string
}

/** One flight of a lab. */
export interface LabFlight extends Pick<FlightOptions, 'onLines' | 'signal'> {
  /** What happens, as it happens: a copy, which is not to be written to. An error that it throws ends the flight. */
  readonly onEvent?: FlightOptions['onEvent']
  /** The same for parts of the program that never write: what happens itself. */
  readonly told?: FlightOptions['onEvent']
  /** Default: the lab's own. The world stays, as all worlds of a lab: everything else is drawn by this seed. */
  readonly seed?: string | number
  /** What is flown, in place of what the specification's faults draw: a plan of `lab.plan`, edited or not. */
  readonly plan?: Plan | undefined
  /** Chance that falls anew from a place of the flight on, such as an `OpenFlight` gives; absent: it is all the seed's. */
  readonly anew?: Anew | undefined
  /** Names of the promises that are watched, of the library's and the specification's; all when absent. */
  readonly watch?: readonly string[] | undefined
  /** Promises that are watched beside those. */
  readonly checks?: readonly Check[]
}

/**
 * Flies one specification many times: world, engine and programs are opened once. `const lab = await Lab.open(script)`,
 * `await lab.fly({ seed: 2 })`, `await lab.fly({ plan: edited(await lab.plan()) })`, `await lab.close()`. A flight is the
 * one that `simulate` would fly, to the digest.
 */
export class Lab {
  readonly resolved: Resolved
  readonly #ground: Ground
  readonly #cwd: string
  /** Of flights step by step. */
  #memory: JobMemory | undefined
  /** What was settled for the seed that was flown last; the first says who the clients are. */
  #setup: Promise<Setup> | undefined

  private constructor(resolved: Resolved, ground: Ground, cwd: string) {
    this.resolved = resolved
    this.#ground = ground
    this.#cwd = cwd
  }

  /** Resolves, loads the world, opens the engine and prepares the programs. Throws what each of them throws. */
  static async open(specification: Specification, options: LabOptions = {}): Promise<Lab> {
    const { data, cwd = process.cwd(), source } = options
    const resolved = resolve(specification, options)
    const dataDir = data === undefined ? undefined : absolute(cwd, data)
    const ground = await openGround(resolved, { dataDir, cwd })
    try {
      checkWorld(resolved, ground.world, source)
      const lab = Lab.on(ground, resolved, cwd)
      await lab.#settle(resolved)
      return lab
    } catch (error) {
      await ground.close()
      throw error
    }
  }

  /** A lab on ground that is open, and stays so until the lab is closed. */
  static on(ground: Ground, resolved: Resolved, cwd = process.cwd()): Lab {
    return new Lab(resolved, ground, cwd)
  }

  get world(): World {
    return this.#ground.world
  }

  /**
   * What the specification's faults draw with a seed, or others in their place, as plain JSON: edit it, keep it, fly it.
   * Throws a `SpecificationError` for faults that cannot be.
   */
  async plan(seed: string | number = this.resolved.seed, faults?: readonly FaultInput[]): Promise<Plan> {
    const setup = await this.#settle(this.#seeded(seed))
    const { resolved } = setup
    return planOf(faults === undefined ? setup : { ...setup, resolved: { ...resolved, faults: [...faults] as Resolved['faults'] } }, this.#cwd)
  }

  /** The aggregator, the expert networks, and the clients in the order of their names. */
  async participants(): Promise<readonly Participant[]> {
    return (await this.#settle(this.resolved)).participants
  }

  /** From now on results of training and scoring are looked up here, and put here; nowhere when undefined. */
  recall(store: JobStore | undefined): void {
    this.#ground.engine.use(store)
  }

  /**
   * While something is done, what was trained and scored is kept in memory, and read where it comes again: of flights beside
   * each other only what changed is trained.
   */
  async remember<T>(work: () => Promise<T>): Promise<T> {
    this.recall(new JobMemory())
    try {
      return await work()
    } finally {
      this.recall(undefined)
    }
  }

  /** What the first round takes every client if nothing disturbs it, the slowest first; on lines that are shared the least (the default), or the most. */
  async calmRounds(on?: 'own lines' | 'crowded lines'): Promise<readonly CalmRound[]> {
    return calmRoundsOf(await this.#settle(this.resolved), this.#cwd, on)
  }

  /** Flies. Throws a `Violation` where a check is broken, and a `SpecificationError` for a plan that cannot be. */
  async fly(options: LabFlight = {}): Promise<Flight> {
    const { seed = this.resolved.seed } = options
    const setup = await this.#settle(this.#seeded(seed))
    return flySetup(setup, this.#flying(setup, options))
  }

  /** Watches promises about more than one flight: what each has compared, in words, by its name. Throws a `Violation`. */
  async compare(checks: readonly ComparedCheck[], { plan, seed = this.resolved.seed }: Pick<LabFlight, 'plan' | 'seed'> = {}): Promise<Readonly<Record<string, string>>> {
    const setup = await this.#settle(this.#seeded(seed))
    const ground = { setup, engine: this.#ground.engine, plan: plan ? checkedPlan(plan, setup.participants) : planOf(setup, this.#cwd), cwd: this.#cwd }
    const told: Record<string, string> = {}
    for (const check of checks) told[check.name] = await check.compare(ground)
    return told
  }

  #flying(setup: Setup, { plan, checks = [], watch, onEvent, told, onLines, signal, anew }: LabFlight): FlyOptions {
    return {
      onEvent: onEvent === undefined ? told : (event) => {
        told?.(event)
        show(event, 'onEvent', onEvent)
      },
      onLines, signal, anew,
      engine: this.#ground.engine,
      cwd: this.#cwd,
      plan: plan && checkedPlan(plan, setup.participants),
      checks: [...chosenChecks(setup.resolved.checks, watch), ...checks.map(onlyLooking)],
    }
  }

  /**
   * A flight that goes on step by step, under the plan that is given or drawn. It flies its past again where it is changed,
   * forked or rewound: from the first that is started, the lab remembers what was trained, so that only what changed is.
   */
  async start(options: LabFlight = {}): Promise<OpenFlight> {
    this.recall((this.#memory ??= new JobMemory()))
    const { seed = this.resolved.seed } = options
    const setup = await this.#settle(this.#seeded(seed))
    const fly = this.#flying(setup, options)
    return OpenFlight.begin({ setup, fly: { ...fly, plan: fly.plan ?? planOf(setup) } })
  }

  close(): Promise<void> {
    return this.#ground.close()
  }

  #seeded(seed: string | number): Resolved {
    const { world } = this.resolved.seeds
    return String(seed) === this.resolved.seed ? this.resolved : reseed(this.resolved, seed, { world })
  }

  async #settle(resolved: Resolved): Promise<Setup> {
    const last = await this.#setup?.catch(() => undefined)
    if (last?.resolved.seed === resolved.seed) return last
    this.#setup = setUp(resolved, this.world, this.#ground.engine, last?.arrangement, this.#cwd)
    return this.#setup
  }
}
