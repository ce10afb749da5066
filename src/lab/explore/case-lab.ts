import { chosenChecks } from '../../checks/choose.js'
import type { World } from '../../data/world.js'
import type { Scene } from '../../dials/dial.js'
import type { Engine } from '../../engine/engine.js'
import { SurrogateEngine } from '../../engine/surrogate/surrogate-engine.js'
import type { Check } from '../../checks/check.js'
import type { Plan } from '../../faults/plan.js'
import type { FaultInput } from '../../faults/registry.js'
import type { Failure } from '../../flight/failure.js'
import { calmRoundsOf, flySetup, planOf } from '../../flight/fly.js'
import { waitsWithoutEnd } from '../../flight/never-ends.js'
import { secureTerms } from '../../flight/secure-terms.js'
import type { FlightOptions } from '../../flight/simulator.js'
import { type Setup, setUp, setUpAgain } from '../../flight/setup.js'
import { clientName, type Role } from '../../roster/participant.js'
import type { SelectorInput } from '../../roster/selectors.js'
import { resolve } from '../../simulation/resolve.js'
import type { Resolved, Specification } from '../../simulation/specification.js'
import { comparedChecks, comparedNames, splitChecks } from '../compared/all.js'
import type { ComparedCheck } from '../compared/compared.js'
import { loadGroundWorld } from '../ground.js'
import type { Pinned } from '../shrink/pin.js'
import { type Case, clientField, type Lines, type Shape, sizesExperts, specificationOf } from './case.js'
import { ended, failed, type Outcome } from './outcome.js'

export interface CaseLabOptions {
  readonly seed?: string | number
  /** Rounds of a flight, or folds; the specification's own where it is a function. */
  readonly rounds: number
  /** A folder of data that the world reads, and what relative paths are relative to. */
  readonly dataDir?: string | undefined
  readonly cwd: string
  /** Names of checks that are watched, and of those that compare flights; all when absent. */
  readonly checks?: readonly string[] | undefined
  /**
   * What trains, and what trains when a case is flown again: another number of workers, as a rule. The surrogate, which
   * trains nothing, when absent. `close` closes them.
   */
  readonly engines?: { readonly first: Engine; readonly again: Engine } | undefined
  /** A run whose cases these are: chance is that run's, models are scored, and what diverges is dealt with, as in it. */
  readonly run?: Pinned | undefined
}

/** How one case is flown. */
export interface CaseFlight extends Pick<FlightOptions, 'onEvent' | 'onLines' | 'signal'> {
  /** On the other engine: results are there in another real order, which must not show. */
  readonly again?: boolean
  /** Checks that see everything before all others do. */
  readonly before?: readonly Check[]
}

interface Ground {
  readonly setup: Setup
  readonly scene: Scene
  readonly first: Engine
  readonly again: Engine
}

/** What a round takes the slowest, whoever else is on the lines. */
const measureOf = (setup: Setup, cwd: string): Pick<Scene, 'round' | 'phases'> => {
  const [{ down, training, up, total: round }] = calmRoundsOf(setup, cwd, 'crowded lines')
  return { round, phases: [down, training, up] }
}

/** What two flights of one case are compared by. */
const identity = (outcome: Outcome): string =>
  outcome.failed ? `${outcome.failure.kind} ${outcome.failure.message}` : outcome.digest

/** Whether all that a selector chooses are clients, as far as it says. */
const choosesClients = (who: SelectorInput): boolean => {
  const names = typeof who === 'string' ? [who] : who.select === 'named' ? who.names : []
  return names.length > 0 && names.every((name) => name.startsWith(clientName('')))
}

/** Does somebody die of whom there is no other, and who does not come back by himself? */
const losesServer = (fault: FaultInput): boolean =>
  fault.kind === 'crash' && fault.restartAfter === undefined && fault.restartWhen === undefined && !choosesClients(fault.who)

/** A case that ends comes to a few thousand events, and the longest to some ten thousand. */
const most = 300_000

/** Two that train nothing, one of which has results ready in another real order. */
const surrogates = (): { readonly first: Engine; readonly again: Engine } =>
  ({ first: new SurrogateEngine(), again: new SurrogateEngine({ scrambled: true }) })

/** Flies cases of one specification: each shape of its federation is set up once. */
export class CaseLab {
  readonly #base: Specification
  readonly #options: CaseLabOptions
  readonly #field: string | undefined
  readonly #worlds = new Map<string, Promise<World>>()
  readonly #grounds = new Map<string, Promise<Ground>>()
  /** Those that are set up. */
  readonly #opened = new Map<string, Ground>()
  /** By shape and lines, where these are not its own. */
  readonly #measures = new Map<string, Pick<Scene, 'round' | 'phases'>>()
  readonly #known = new WeakMap<Case, Resolved>()
  readonly #watched: readonly string[] | undefined
  readonly #compared: readonly ComparedCheck[]

  constructor(base: Specification, options: CaseLabOptions) {
    this.#base = {
      ...base,
      faults: [],
      ...('count' in base.rounds && { rounds: { ...base.rounds, count: options.rounds } }),
      ...(options.run === undefined && { evaluate: { every: 1_000_000, start: false, final: false } }),
    }
    this.#options = options
    this.#field = clientField(base)
    const { watched, compared } = splitChecks(options.checks)
    this.#watched = watched
    this.#compared = options.checks === undefined ? comparedChecks : compared
  }

  /** Whether federations of other sizes can be flown. */
  get resizes(): { readonly clients: boolean; readonly experts: boolean } {
    return { clients: this.#field !== undefined, experts: sizesExperts(this.#base) }
  }

  /** The specification that a case flies. */
  specification(of: Case): Specification {
    const { run } = this.#options
    const specification = specificationOf(this.#base, of, this.#field)
    if (run === undefined) return specification
    const { seeds, onDivergence } = this.#base
    const { onDivergence: _, seeds: drawn, ...others } = specification
    const kept = of.chance === run.chance ? seeds : drawn
    return { ...others, ...(kept !== undefined && { seeds: kept }), ...(onDivergence !== undefined && { onDivergence }) }
  }

  /** The plan that a case flies. */
  async plan(of: Case): Promise<Plan> {
    return this.#plan(setUpAgain((await this.#ground(of)).setup, this.#resolved(of)), of)
  }

  /** A fault of a run draws what it drew there, whatever has become of it. */
  #plan(setup: Setup, { chance }: Case): Plan {
    const { cwd, run } = this.#options
    if (run === undefined) return planOf(setup, cwd)
    const { faults, seed } = planOf(setup, cwd, { keys: run.keys, ...(chance === run.chance && { seed: run.seed }) })
    return { seed, faults: faults.map((planned) => ({ ...planned, ...run.places[planned.id] })) }
  }

  /** What things are drawn for. Throws what setting up throws. */
  async scene(shape: Shape = {}, lines?: Lines): Promise<Scene> {
    const usual = { faults: [], chance: this.#options.run?.chance ?? 'scene', shape }
    const { scene, setup } = await this.#ground(usual)
    if (lines === undefined) return scene
    const key = JSON.stringify([shape.clients, shape.experts, lines])
    let measure = this.#measures.get(key)
    if (measure === undefined) {
      measure = measureOf(setUpAgain(setup, this.#resolved({ ...usual, lines })), this.#options.cwd)
      this.#measures.set(key, measure)
    }
    return { ...scene, ...measure }
  }

  /** Closes the engines that were given. */
  async close(): Promise<void> {
    const { engines } = this.#options
    for (const engine of new Set([engines?.first, engines?.again])) await engine?.close()
  }

  /**
   * Is it a specification that flies? What does not go together is nobody's failure, nor are rounds that wait without end for somebody
   * who is left out of a core, nor a server that is dead for good.
   */
  isSound(of: Case): boolean {
    try {
      const resolved = this.#resolved(of)
      // Of a federation that is not set up yet nobody knows how many its clients are.
      const ground = this.#opened.get(this.#placeOf(of))
      if (ground !== undefined) secureTerms(resolved, ground.setup)
      if (this.#options.run === undefined && resolved.calm?.at === undefined && of.faults.some(losesServer)) return false
      return resolved.calm?.core === undefined || !waitsWithoutEnd(resolved)
    } catch {
      return false
    }
  }

  /** Never throws but for a case that is no specification: what a flight throws is its outcome. */
  async fly(of: Case, { again = false, before = [], ...options }: CaseFlight = {}): Promise<Outcome> {
    const ground = await this.#ground(of)
    const setup = setUpAgain(ground.setup, this.#resolved(of))
    const checks = [...before, ...chosenChecks(setup.resolved.checks, this.#watched)]
    const plan = this.#plan(setup, of)
    try {
      return ended(await flySetup(setup, { ...options, plan, engine: again ? ground.again : ground.first, checks, cwd: this.#options.cwd, ...(this.#options.run === undefined && { most }) }))
    } catch (error) {
      return failed(error, this.#options.cwd)
    }
  }

  /** Flies it twice, on both engines: a flight that is another the second time has failed. Of the first more can be told. */
  async flyTwice(of: Case, options: CaseFlight = {}): Promise<Outcome> {
    const [one, other] = [await this.fly(of, options), await this.fly(of, { again: true })]
    if (identity(one) === identity(other)) return one
    const lines = async (again: boolean): Promise<string[]> => {
      const all: string[] = []
      await this.fly(of, { again, onLines: (some) => void all.push(...some) })
      return all
    }
    const [first, second] = [await lines(false), await lines(true)]
    const place = first.findIndex((line, i) => line !== second[i])
    const what = place < 0 && first.length === second.length
      ? 'all events are the same, and numbers are not'
      : `event ${place < 0 ? first.length : place} was ${first[place] ?? 'none'}, and then ${second[place < 0 ? first.length : place] ?? 'none'}`
    return { failed: true, failure: { kind: 'nondeterminism', what: 'flown twice', message: `Flown again, it was another flight: ${what}.` } }
  }

  /** Flies it, and compares it with other flights: what a check says that does so is a failure, too. */
  async flyCompared(of: Case, { twice = false, ...options }: CaseFlight & { readonly twice?: boolean } = {}): Promise<Outcome> {
    const listening = this.#compared.map((check) => ({ check, heard: check.listen?.() }))
    const before = [...(options.before ?? []), ...listening.flatMap(({ heard }) => heard?.check ?? [])]
    const flown = await (twice ? this.flyTwice(of, { ...options, before }) : this.fly(of, { ...options, before }))
    if (flown.failed) return flown
    const { setup, first: engine } = await this.#ground(of)
    const own = setUpAgain(setup, this.#resolved(of))
    const { cwd } = this.#options
    try {
      for (const { check, heard } of listening) await check.compare({ setup: own, engine, plan: this.#plan(own, of), cwd }, heard)
      return flown
    } catch (error) {
      return failed(error, cwd)
    }
  }

  /** Flies it in the way in which such a failure is seen. */
  async flyFor({ kind, what }: Failure, of: Case, options: CaseFlight = {}): Promise<Outcome> {
    if (kind === 'nondeterminism') return this.flyTwice(of, options)
    return comparedNames.includes(what) ? this.flyCompared(of, options) : this.fly(of, options)
  }

  /** A case is resolved to see whether it is sound, and flown next. */
  #resolved(of: Case): Resolved {
    const known = this.#known.get(of)
    if (known !== undefined) return known
    const { seed } = this.#options
    const resolved = resolve(this.specification(of), { engine: 'surrogate', workers: 1, ...(seed !== undefined && { seed }) })
    this.#known.set(of, resolved)
    return resolved
  }

  /** What the grounds of cases go by: who is in which region, and what of local training is whose own, is drawn from what faults are drawn from. */
  #drawn({ chance }: Case): string {
    const { network, local, topology } = this.#base
    return topology?.kind === 'hierarchical' || network?.regions !== undefined || local?.clients !== undefined ? chance : 'scene'
  }

  #placeOf(of: Case): string {
    return JSON.stringify([of.shape?.clients, of.shape?.experts, this.#drawn(of)])
  }

  #ground(of: Case): Promise<Ground> {
    const { shape: { clients, experts } = {}, chance } = of
    const key = this.#placeOf(of)
    let ground = this.#grounds.get(key)
    const shape = { clients, experts } as Shape
    if (ground === undefined) {
      ground = this.#open({ faults: [], chance: this.#options.run === undefined ? this.#drawn(of) : chance, shape })
      this.#grounds.set(key, ground)
      // Whoever asks for it is told what went wrong.
      void ground.then((opened) => this.#opened.set(key, opened), () => undefined)
    }
    return ground
  }

  async #open(of: Case): Promise<Ground> {
    const { cwd, dataDir, rounds, engines } = this.#options
    const resolved = this.#resolved(of)
    const key = JSON.stringify(resolved.world)
    let world = this.#worlds.get(key)
    if (world === undefined) this.#worlds.set(key, (world = loadGroundWorld(resolved, { cwd, dataDir })))
    const { first, again } = engines ?? surrogates()
    const setup = await setUp(resolved, await world, first, undefined, cwd)
    // The other engine comes to know the same programs and tables, by the same names.
    await setUp(resolved, await world, again, setup.arrangement, cwd)
    const names = (...roles: readonly Role[]) => setup.participants.filter(({ role }) => roles.includes(role)).map(({ name }) => name)
    const scene = { clients: names('client'), experts: names('expert'), others: names('shard', 'regional'), ...(names('aggregator').length === 0 && { headless: true }), rounds, ...measureOf(setup, cwd) }
    return { setup, scene, first, again }
  }
}
