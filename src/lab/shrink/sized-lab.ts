import { besideAggregator, type Scene } from '../../dials/dial.js'
import type { Plan } from '../../faults/plan.js'
import type { Failure } from '../../flight/failure.js'
import type { Name } from '../../roster/participant.js'
import type { Specification } from '../../simulation/specification.js'
import type { Case, Lines, Shape } from '../explore/case.js'
import { type CaseFlight, CaseLab, type CaseLabOptions } from '../explore/case-lab.js'
import type { Outcome } from '../explore/outcome.js'
import { forThose, ofHeirs, ofNobody } from './fewer-clients.js'
import { heirsOf } from './resize.js'

/** A case that may be smaller than its specification. */
export interface SizedCase extends Case {
  /** What the specification says by name of those who are gone is said of others in their place; else it is not said. */
  readonly heirs?: true
}

/**
 * Flies cases of one specification in any size that its world can be had in: what the specification says by name of clients
 * and expert networks that a case does not have is not said there. Cases of its own size are flown as a `CaseLab` does.
 */
export class SizedLab {
  readonly #base: Specification
  readonly #options: CaseLabOptions
  readonly #own: CaseLab
  /** For whoever is there in a size. */
  #crowd: CaseLab | undefined
  readonly #labs = new Map<string, Promise<CaseLab>>()
  readonly #opened = new Map<string, CaseLab>()
  readonly #plainly = new WeakMap<Case, Case>()

  constructor(base: Specification, options: CaseLabOptions) {
    this.#base = base
    this.#options = options
    this.#own = new CaseLab(base, options)
  }

  get resizes(): CaseLab['resizes'] {
    return this.#own.resizes
  }

  /** What things are drawn for. Throws what setting up throws. */
  async scene(shape: Shape = {}, lines?: Lines): Promise<Scene> {
    return (await this.#labOf({ shape })).scene(shape, lines)
  }

  /** Whether the specification says something by name of somebody who is not there in a size. */
  async names(shape: Shape): Promise<boolean> {
    return (await this.#labOf({ shape })) !== this.#own
  }

  /** Of a size that nobody has asked a scene of: whether it would be one, were everybody there. */
  isSound(of: SizedCase): boolean {
    return (this.#opened.get(keyOf(of)) ?? this.#own).isSound(this.#plain(of))
  }

  async fly(of: SizedCase, flight?: CaseFlight): Promise<Outcome> {
    return (await this.#labOf(of)).fly(this.#plain(of), flight)
  }

  async flyTwice(of: SizedCase, flight?: CaseFlight): Promise<Outcome> {
    return (await this.#labOf(of)).flyTwice(this.#plain(of), flight)
  }

  async flyCompared(of: SizedCase, flight?: CaseFlight & { readonly twice?: boolean }): Promise<Outcome> {
    return (await this.#labOf(of)).flyCompared(this.#plain(of), flight)
  }

  async flyFor(failure: Failure, of: SizedCase, flight?: CaseFlight): Promise<Outcome> {
    return (await this.#labOf(of)).flyFor(failure, this.#plain(of), flight)
  }

  async specification(of: SizedCase): Promise<Specification> {
    return (await this.#labOf(of)).specification(this.#plain(of))
  }

  async plan(of: SizedCase): Promise<Plan> {
    return (await this.#labOf(of)).plan(this.#plain(of))
  }

  /** The same for another specification with as many clients; the engines are this lab's, which closes them. */
  beside(base: Specification): SizedLab {
    return new SizedLab(base, this.#options)
  }

  /** Closes the engines that were given. */
  close(): Promise<void> {
    return this.#own.close()
  }

  /** A case as a `CaseLab` knows it: always the same one of the same. */
  #plain(of: SizedCase): Case {
    if (of.heirs === undefined) return of
    let one = this.#plainly.get(of)
    if (one === undefined) {
      const { heirs: _, ...rest } = of
      this.#plainly.set(of, (one = rest))
    }
    return one
  }

  #labOf(of: Size): Promise<CaseLab> {
    const key = keyOf(of)
    let lab = this.#labs.get(key)
    if (lab === undefined) this.#labs.set(key, (lab = this.#open(of, key)))
    return lab
  }

  async #open(of: Size, key: string): Promise<CaseLab> {
    const lab = await this.#fitting(of)
    this.#opened.set(key, lab)
    return lab
  }

  async #fitting({ shape = {}, heirs }: Size): Promise<CaseLab> {
    if (shape.clients === undefined && shape.experts === undefined) return this.#own
    const nobody = ofNobody(this.#base)
    if (nobody === this.#base) return this.#own
    this.#crowd ??= new CaseLab(nobody, this.#options)
    const [was, there] = [await this.#crowd.scene({}), await this.#crowd.scene(shape)]
    const all = (scene: Scene): Name[] => [...scene.clients, ...besideAggregator(scene)]
    const left = forThose(this.#base, all(was), all(there))
    if (left === this.#base) return this.#own
    return new CaseLab(heirs === true ? ofHeirs(this.#base, heirsOf(was, there)) : left, this.#options)
  }
}

type Size = Pick<SizedCase, 'shape' | 'heirs'>

const keyOf = ({ shape: { clients, experts } = {}, heirs }: Size): string => JSON.stringify([clients, experts, heirs === true])
