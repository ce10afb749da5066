import type { RoundsInput } from '../../federation/rounds/registry.js'
import { streams } from '../../random/streams.js'
import type { Specification } from '../../simulation/specification.js'
import type { Case } from './case.js'
import { CaseLab, type CaseLabOptions } from './case-lab.js'
import { drawCase, type Space } from './draw-case.js'
import { mutated } from './mutate-case.js'
import { trialGround, type TrialGround } from '../shrink/trial.js'
import type { Flown } from './tally.js'

/** What is explored, and how. Plain JSON, but for engines. */
export interface ExplorerOptions extends CaseLabOptions, Pick<Space, 'kinds' | 'vary' | 'intensity'> {
  /** What cases are drawn with. */
  readonly chance: string
  /** Share of the cases that are flown twice. */
  readonly twice?: number
}

/** A case that is to be flown: drawn by its number alone, or made of another that reached something. */
export interface Order {
  readonly nth: number
  readonly from?: Case | undefined
}

/** Draws and flies cases by their numbers. What comes of one depends on its order and the options alone. */
export class Explorer {
  readonly lab: CaseLab
  /** What shrinking flies on. */
  readonly ground: TrialGround
  readonly #space: Space
  readonly #options: ExplorerOptions

  constructor(base: Specification, options: ExplorerOptions) {
    this.lab = new CaseLab(base, options)
    this.#options = options
    const { kinds, vary, intensity } = options
    const { rounds } = base
    const own = 'count' in rounds ? ({ ...rounds, count: options.rounds } as RoundsInput) : undefined
    this.ground = trialGround(this.lab, own)
    this.#space = {
      kinds, vary, intensity,
      rounds: own,
      resizes: this.lab.resizes,
      scene: (shape) => this.lab.scene(shape),
    }
  }

  /** The case of an order. */
  async draw({ nth, from }: Order): Promise<Case> {
    const { chance } = this.#options
    const isSound = (of: Case): boolean => this.lab.isSound(of)
    const fresh = await drawCase(chance, nth, this.#space, isSound)
    if (from === undefined) return fresh
    return mutated(from, fresh, streams(`${chance}/explore`)('mutant', nth), await this.lab.scene(from.shape), isSound)
  }

  async fly(order: Order): Promise<Flown> {
    const { nth } = order
    const { chance, twice: share = 0.1 } = this.#options
    const of = await this.draw(order)
    const twice = streams(`${chance}/explore`)('twice', nth)() < share
    return { nth, of, twice, outcome: twice ? await this.lab.flyTwice(of) : await this.lab.fly(of) }
  }
}
