import { loadWorld } from '../../../scenarios/registry.js'
import { chosenChecks } from '../../checks/choose.js'
import type { World } from '../../data/world.js'
import type { Scene } from '../../dials/dial.js'
import type { Engine } from '../../engine/engine.js'
import { SurrogateEngine } from '../../engine/surrogate/surrogate-engine.js'
import { calmRoundsOf, flySetup } from '../../flight/fly.js'
import type { FlightOptions } from '../../flight/simulator.js'
import { type Setup, setUp, setUpAgain } from '../../flight/setup.js'
import { AGGREGATOR } from '../../roster/participant.js'
import { resolve } from '../../simulation/resolve.js'
import type { Specification } from '../../simulation/specification.js'
import { type Case, clientField, type Shape, specificationOf } from './case.js'
import { ended, failed, type Outcome } from './outcome.js'

export interface CaseLabOptions {
  readonly seed?: string | number
  /** Rounds of a flight, or folds; the specification's own where it is a function. */
  readonly rounds: number
  /** A folder of data that the world reads, and what relative paths are relative to. */
  readonly dataDir?: string | undefined
  readonly cwd: string
  /** Names of checks that are watched; all when absent. */
  readonly checks?: readonly string[] | undefined
  /** What trains; the surrogate, which trains nothing, when absent. A caller's own is the caller's to close. */
  readonly engine?: Engine | undefined
}

/** How one case is flown. */
export interface CaseFlight extends Pick<FlightOptions, 'onEvent' | 'signal'> {
  /** With results that are there in another real order, which must not show. */
  readonly scrambled?: boolean
}

interface Ground {
  readonly setup: Setup
  readonly scene: Scene
  readonly engine: Engine
  readonly scrambled: Engine
}

/** Flies cases of one specification: each shape of its federation is set up once. */
export class CaseLab {
  readonly #base: Specification
  readonly #options: CaseLabOptions
  readonly #field: string | undefined
  readonly #worlds = new Map<string, Promise<World>>()
  readonly #grounds = new Map<string, Promise<Ground>>()

  constructor(base: Specification, options: CaseLabOptions) {
    this.#base = {
      ...base,
      faults: [],
      ...('count' in base.rounds && { rounds: { ...base.rounds, count: options.rounds } }),
      evaluate: { every: 1_000_000, start: false, final: false },
    }
    this.#options = options
    this.#field = clientField(base)
  }

  /** Whether federations of other sizes can be flown. */
  get resizes(): { readonly clients: boolean; readonly experts: boolean } {
    const { model } = this.#base
    return { clients: this.#field !== undefined, experts: 'experts' in model && typeof model.experts === 'number' }
  }

  /** The specification that a case flies. */
  specification(of: Case): Specification {
    return specificationOf(this.#base, of, this.#field)
  }

  /** What things are drawn for. Throws what setting up throws. */
  async scene(shape: Shape = {}): Promise<Scene> {
    return (await this.#ground(shape)).scene
  }

  /** Is it a specification that flies? What does not go together is nobody's failure. */
  isSound(of: Case): boolean {
    try {
      this.#resolved(of)
      return true
    } catch {
      return false
    }
  }

  /** Never throws but for a case that is no specification: what a flight throws is its outcome. */
  async fly(of: Case, { scrambled = false, ...options }: CaseFlight = {}): Promise<Outcome> {
    const { setup, engine, scrambled: other } = await this.#ground(of.shape ?? {})
    const again = setUpAgain(setup, this.#resolved(of))
    const checks = chosenChecks(again.resolved.checks, this.#options.checks)
    try {
      return ended(await flySetup(again, { ...options, engine: scrambled ? other : engine, checks, cwd: this.#options.cwd }))
    } catch (error) {
      return failed(error)
    }
  }

  #resolved(of: Case) {
    const { seed } = this.#options
    return resolve(this.specification(of), { engine: 'surrogate', workers: 1, ...(seed !== undefined && { seed }) })
  }

  #ground({ clients, experts }: Shape): Promise<Ground> {
    const key = `${clients ?? ''} ${experts ?? ''}`
    let ground = this.#grounds.get(key)
    if (ground === undefined) this.#grounds.set(key, (ground = this.#open({ clients, experts } as Shape)))
    return ground
  }

  async #open(shape: Shape): Promise<Ground> {
    const { cwd, dataDir, rounds, engine: own } = this.#options
    const resolved = this.#resolved({ faults: [], chance: 'scene', shape })
    const key = JSON.stringify(resolved.world)
    let world = this.#worlds.get(key)
    if (world === undefined) this.#worlds.set(key, (world = loadWorld(resolved.world, { seed: resolved.seeds.world, cwd, dataDir })))
    const engine = own ?? new SurrogateEngine()
    const setup = await setUp(resolved, await world, engine, undefined, cwd)
    // The other engine knows the same programs and tables by preparing them once more.
    const scrambled = own ?? new SurrogateEngine({ scrambled: true })
    if (own === undefined) await setUp(resolved, await world, scrambled, setup.arrangement, cwd)
    const names = (role: string) => setup.participants.filter((one) => one.role === role).map(({ name }) => name)
    const [slowest] = calmRoundsOf(setup, cwd)
    const scene = { clients: names('client'), experts: names('expert').filter((name) => name !== AGGREGATOR), rounds, round: slowest.total }
    return { setup, scene, engine, scrambled }
  }
}
