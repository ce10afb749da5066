import { enoughOf } from '../../federation/rounds/enough.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import { serversOf } from '../../dials/subjects.js'
import { topologyOf, topologySchema } from '../../federation/topologies/registry.js'
import { streams } from '../../random/streams.js'
import type { Specification } from '../../simulation/specification.js'
import { splitChecks } from '../compared/all.js'
import { type AtomKey, atomOf, faultOf } from './backward/atom.js'
import { Lineage } from './backward/lineage.js'
import type { Case } from './case.js'
import type { CaseLabOptions } from './case-lab.js'
import { drawCase, type Space, varied } from './draw-case.js'
import { mutated } from './mutate-case.js'
import { comparedShare } from './telling.js'
import { SizedLab } from '../shrink/sized-lab.js'
import { trialGround, type TrialGround } from '../shrink/trial.js'
import type { Flown } from './tally.js'

/** What is explored, and how. Plain JSON, but for engines. */
export interface ExplorerOptions extends CaseLabOptions, Pick<Space, 'kinds' | 'vary' | 'intensity'> {
  /** What cases are drawn with. */
  readonly chance: string
  /** Share of the cases that are flown twice. */
  readonly twice?: number | undefined
  /** Share of the cases that are compared with other flights, about, by the checks that do so, those of which much can be told first; all where one of these is named. */
  readonly compared?: number | undefined
}

/** Shares of cases where nothing is said. */
const usual = { twice: 0.1, compared: 0.1 } as const

/** A case that is to be flown: drawn by its number alone, or made of another that reached something. */
export interface Order {
  readonly nth: number
  readonly from?: Case | undefined
  /** This very case, and what its flight's outcome rests on is wanted. */
  readonly exactly?: Case | undefined
}

/** Draws and flies cases by their numbers. What comes of one depends on its order and the options alone. */
export class Explorer {
  readonly lab: SizedLab
  /** What shrinking flies on. */
  readonly ground: TrialGround
  readonly #space: Space
  readonly #options: ExplorerOptions

  constructor(base: Specification, options: ExplorerOptions) {
    this.lab = new SizedLab(base, options)
    this.#options = options
    const { kinds, vary, intensity } = options
    const { rounds } = base
    const { fixes, peers } = topologyOf(base.topology && topologySchema.parse(base.topology))
    const own = 'count' in rounds ? ({ ...rounds, count: options.rounds } as RoundsInput) : undefined
    this.ground = trialGround(this.lab, own)
    this.#space = {
      kinds, vary: (vary ?? varied).filter((what) => !fixes.includes(what)), intensity, patient: peers,
      rounds: own,
      delivery: base.delivery,
      queues: base.network?.sharing !== 'fair',
      resizes: this.lab.resizes,
      scene: (shape, lines) => this.lab.scene(shape, lines),
    }
  }

  /** A case without faults: for 0 the specification's own, else what is varied beside faults as it is drawn for that number. */
  async bare(nth: number): Promise<Case> {
    if (nth > 0) return { ...(await this.draw({ nth })), faults: [] }
    const { rounds } = this.#space
    return { faults: [], chance: `${this.#options.chance}/0`, ...(rounds && { rounds }) }
  }

  /** A case in which this is cut away. */
  async cut(of: Case, cut: readonly AtomKey[]): Promise<Case> {
    const { round } = await this.lab.scene(of.shape)
    // Long enough that peers go on without whoever is dead, and short enough that it is back while they do.
    const away = Math.ceil(round / 2)
    return { ...of, faults: cut.map((key, i) => faultOf(atomOf(key), `f${i + 1}`, away)) }
  }

  /** The case of an order. */
  async draw({ nth, from, exactly }: Order): Promise<Case> {
    if (exactly !== undefined) return exactly
    const { chance } = this.#options
    const isSound = (of: Case): boolean => this.lab.isSound(of)
    const fresh = await drawCase(chance, nth, this.#space, isSound)
    if (from === undefined) return fresh
    return mutated(from, fresh, streams(`${chance}/explore`)('mutant', nth), await this.lab.scene(from.shape), isSound)
  }

  async fly(order: Order): Promise<Flown> {
    const { nth } = order
    const { chance, checks = [], twice: share = usual.twice, compared: other = splitChecks(checks).compared.length > 0 ? 1 : usual.compared } = this.#options
    const of = await this.draw(order)
    const toss = (what: string): number => streams(`${chance}/explore`)(what, nth)()
    const scene = await this.lab.scene(of.shape)
    const { clients } = scene
    const [twice, compared] = [toss('twice') < share, toss('compared') < comparedShare(other, of.faults, clients)]
    if (order.exactly === undefined) {
      const outcome = await (compared ? this.lab.flyCompared(of, { twice }) : twice ? this.lab.flyTwice(of) : this.lab.fly(of))
      return { nth, of, twice, compared, outcome }
    }
    const lineage = new Lineage([...clients, ...serversOf(scene)], enoughOf(of.rounds))
    const once = await this.lab.fly(of, { onEvent: (event) => lineage.see(event) })
    const outcome = twice && !once.failed ? await this.lab.flyTwice(of) : once
    return { nth, of, twice, compared: false, outcome, ...(!outcome.failed && { support: lineage.support() }) }
  }
}
