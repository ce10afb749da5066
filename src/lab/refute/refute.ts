import { SpecificationError } from '../../errors.js'
import type { FaultInput } from '../../faults/registry.js'
import { planWildness } from '../../faults/turn.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import type { Scene } from '../../dials/dial.js'
import { type Tested, testedFamily } from '../../statistics/family.js'
import { mean } from '../../statistics/moments.js'
import { ableKinds } from '../explore/swarm.js'
import { InterruptedError } from '../interrupted.js'
import type { Lab, LabFlight } from '../lab.js'
import type { ScoredAt } from '../measures.js'
import { pinned } from '../shrink/pin.js'
import { shrink } from '../shrink/shrink.js'
import type { TrialGround } from '../shrink/trial.js'
import { Arena, type Paired, type Side, type Uncompared } from './arena.js'
import { type DrawnPlan, drawPlans } from './draw-plans.js'
import { parseBy, type Yardstick, yardstickOf } from './yardstick.js'

export interface RefuteOptions extends Pick<LabFlight, 'watch' | 'signal'> {
  /** What the ranking is by: see `yardstickOf`. Default: `auc`. */
  readonly metric?: string | undefined
  /** After which round scores are taken. Default: `selected`, the best on validation. */
  readonly at?: ScoredAt | undefined
  /** The claim is that A is better by more than this: `.01`, `30 s`, `3 MB`. Default: 0. */
  readonly by?: string | number | undefined
  /** How many plans are drawn. Default: 200. */
  readonly plans?: number | undefined
  /** Seeds of the claim without faults, and fresh ones of every confirmation. Default: 10. */
  readonly seeds?: number | undefined
  /** Seeds with which every plan is looked at, one after the other. Default: 5. */
  readonly screen?: number | undefined
  /** How wild plans may be, from 0 to 1. Default: 1. */
  readonly intensity?: number | undefined
  /** Kinds of faults; all when absent. */
  readonly kinds?: readonly string[] | undefined
  /** Of the intervals. Default: .95. */
  readonly level?: number | undefined
  /** Look at this plan alone, as it is: no other is drawn. */
  readonly only?: readonly FaultInput[] | undefined
  /** Most plans that are looked at to make one that flips milder. Default: 150. */
  readonly budget?: number | undefined
  /** Told before two flights. */
  readonly onFlight?: ((about: Progress) => void) | undefined
}

/** What is being done. */
export interface Progress {
  readonly flights: number
  readonly seed: string
  readonly stage: 'without faults' | 'search' | 'shrink' | 'confirm'
  /** Of the search: plans that were looked at, and how many there are. */
  readonly plan: number
  readonly of: number
  readonly wildness: number
  /** Without faults and in a confirmation: which seed this is, of how many. To shrink: how many milder plans were looked at, of at most. */
  readonly step: number
  readonly steps: number
}

/** A plan, or none, and what it makes of the ranking. */
export interface Shown {
  readonly faults: readonly FaultInput[]
  /** See `planWildness`. */
  readonly wildness: number
  readonly seeds: readonly string[]
  /** By how much A is better with each seed; NaN where the two could not be compared. */
  readonly advantages: readonly number[]
  /** Means over the seeds that could be compared. */
  readonly a: number
  readonly b: number
  /** Of the advantages, with an interval of this level. */
  readonly level: number
  readonly effect: Tested['effect']
  /** All advantages are the same number, and there is no interval. */
  readonly alike: boolean
}

/** What came of looking at drawn plans. */
export interface Search {
  readonly drawn: number
  /** That were looked at, the mildest first. */
  readonly flown: number
  /** The wildness of the last of them. */
  readonly upTo: number
  /** Those under which the ranking flipped with every seed of the search. */
  readonly flipped: number
  /** Those that gave no difference with some seed, by why. */
  readonly uncompared: Readonly<Record<Uncompared, number>>
  /** Of those in which a model diverged: whose. */
  readonly diverged: Readonly<Record<Side, number>>
  /** The first plan in which a check was violated, and how: a bug, which is for `explore` to shrink. */
  readonly violation: { readonly faults: readonly FaultInput[]; readonly message: string } | undefined
}

/** A plan that flips the ranking, confirmed. */
export interface Flip extends Shown {
  /** The plan as it was drawn, of which this is what was left. */
  readonly from: DrawnPlan
  /** Whether nothing milder that is one step away flips, on the seeds of the search. */
  readonly minimal: boolean
}

/** What came of a claim that A is better than B. */
export interface Refutation {
  /** `unfounded`: it is not so, or not shown to be so, without any fault: there is nothing to refute. */
  readonly verdict: 'refuted' | 'not refuted' | 'unfounded'
  readonly yardstick: Pick<Yardstick, 'name' | 'unit' | 'better'>
  readonly by: number
  /** Without faults. */
  readonly calm: Shown
  /** Why the claim is unfounded, where it could not even be compared. */
  readonly obstacle: string | undefined
  /** What plans were drawn for. */
  readonly scene: Scene | undefined
  readonly search: Search
  readonly flip: Flip | undefined
  /** Plans that flipped the ranking on the seeds of the search, and not for sure on fresh ones. */
  readonly unconfirmed: readonly Shown[]
  readonly flights: number
  /** Somebody ended it before it was over. */
  readonly interrupted: boolean
}

/** The lab's own seed first, then 1, 2, ...: each once. */
const seedsFrom = function* (own: string): Generator<string, never> {
  yield own
  for (let n = 1; ; n++) if (String(n) !== own) yield String(n)
}

const nextOf = (seeds: Generator<string, never>, count: number): string[] => Array.from({ length: count }, () => seeds.next().value)

/**
 * Of the level that is asked for, what the nth confirmation may use up: of all of them together no more than alpha, however
 * many there come to be, as 1/2 + 1/6 + 1/12 + ... = 1.
 */
export const levelOf = (level: number, nth: number): number => 1 - (1 - level) / (nth * (nth + 1))

/** Sums of scores differ by as much where they are the same. */
const rounding = 1e-9

/** Level of the interval that says whether a flip stands out on the seeds of the search: one in ten lies above it by chance. */
const promising = 0.8

const whole = (name: string, value: number, least: number): number => {
  if (Number.isInteger(value) && value >= least) return value
  throw new SpecificationError(`${name} is ${value}: give a whole number from ${least} up.`)
}

type Unequal = Exclude<Paired, { readonly kind: 'compared' }>

/** What became of one plan with the seeds of the search. */
interface Looked {
  readonly flips: boolean
  /** Why the two could not be compared, if they could not. */
  readonly obstacle: Unequal | undefined
  /** Ids of faults that did something. */
  readonly fired: readonly string[]
}

/** Two variants, and what is known of them. */
class Inquiry {
  readonly arena: Arena
  readonly #options: RefuteOptions
  readonly #by: number
  readonly #yardstick: Yardstick
  #seeds: readonly string[] = []
  #progress: Omit<Progress, 'flights' | 'seed'> = { stage: 'without faults', plan: 0, of: 0, wildness: 0, step: 0, steps: 0 }

  constructor(a: Lab, b: Lab, options: RefuteOptions) {
    const { metric = 'auc', at, by = 0, watch, signal, onFlight } = options
    this.#options = options
    this.#yardstick = yardstickOf(metric, at)
    this.#by = typeof by === 'number' ? by : parseBy(by, this.#yardstick)
    this.arena = new Arena(a, b, {
      yardstick: this.#yardstick, watch, signal,
      onFlight: (flights, seed) => onFlight?.({ flights, seed, ...this.#progress }),
    })
  }

  get by(): number {
    return this.#by
  }

  get yardstick(): Yardstick {
    return this.#yardstick
  }

  /** Says what is being done. */
  at(stage: Progress['stage'], { plan, of, wildness }: Partial<Progress> = {}): void {
    const { plan: lastPlan, of: all, wildness: last } = this.#progress
    this.#progress = { stage, plan: plan ?? lastPlan, of: of ?? all, wildness: wildness ?? last, step: 0, steps: 0 }
  }

  /** Says how far a stage has come. */
  #step(step: number, steps: number): void {
    this.#progress = { ...this.#progress, step, steps }
  }

  /** From here on plans are looked at with these seeds. */
  searchWith(seeds: readonly string[]): void {
    this.#seeds = seeds
  }

  /** How wild faults are, whoever wrote them: about those whom they hit with A's seed. */
  async wildness(faults: readonly FaultInput[], scene: Scene): Promise<number> {
    const { a } = this.arena.labs
    return planWildness(pinned(await a.plan(undefined, faults), '').case.faults, scene)
  }

  async show(faults: readonly FaultInput[], seeds: readonly string[], level: number, scene?: Scene): Promise<{ shown: Shown; all: readonly Paired[] }> {
    const all: Paired[] = []
    for (const [i, seed] of seeds.entries()) {
      this.#step(i + 1, seeds.length)
      all.push(await this.arena.compare(faults, seed))
    }
    const compared = all.flatMap((one) => (one.kind === 'compared' ? [one] : []))
    const advantages = all.map((one) => (one.kind === 'compared' ? one.advantage : NaN))
    const [{ effect, alike }] = testedFamily([advantages], level)
    const shown: Shown = {
      faults, seeds, advantages, effect, alike, level,
      wildness: scene === undefined ? 0 : await this.wildness(faults, scene),
      a: mean(compared.map(({ a }) => a)),
      b: mean(compared.map(({ b }) => b)),
    }
    return { shown, all }
  }

  /**
   * Does A lose its lead with every seed of the search? They are asked one after the other, and the first with which it does
   * not, or with which the two cannot be compared, says no. What is lost must also stand out from how seeds differ: a plan is
   * made milder until it just flips, and one that does so by luck alone would not on fresh seeds.
   */
  async look(faults: readonly FaultInput[]): Promise<Looked> {
    const fired = new Set<string>()
    const advantages: number[] = []
    for (const seed of this.#seeds) {
      const one = await this.arena.compare(faults, seed)
      if (one.kind !== 'compared') return { flips: false, obstacle: one, fired: [] }
      for (const id of one.fired) fired.add(id)
      if (!(one.advantage < this.#by - rounding)) return { flips: false, obstacle: undefined, fired: [...fired] }
      advantages.push(one.advantage)
    }
    const [{ effect: { interval: [, high] } }] = testedFamily([advantages], promising)
    // One seed has no interval, and neither have advantages that are all alike.
    return { flips: !(high >= this.#by), obstacle: undefined, fired: [...fired] }
  }

  /** Is A's lead above what is claimed, or below, for sure? All alike is sure enough. */
  isAbove({ effect: { interval: [low], estimate }, alike }: Shown): boolean {
    return alike ? estimate > this.#by : low > this.#by
  }

  isBelow({ effect: { interval: [, high], estimate }, alike, advantages }: Shown): boolean {
    if (advantages.some(Number.isNaN)) return false
    return alike ? estimate < this.#by : high < this.#by
  }

  /** The mildest plan that still flips, and what flipped on the way to it. */
  async shrink(plan: DrawnPlan, scene: Scene): Promise<{ readonly way: readonly (readonly FaultInput[])[]; readonly minimal: boolean }> {
    const way: (readonly FaultInput[])[] = []
    const failure = { kind: 'safety', what: 'the claim', message: '' } as const
    const { budget = 150 } = this.#options
    let looked = 0
    const ground: TrialGround = {
      // The claim is about these rounds and these clients: faults alone are made milder.
      rounds: undefined,
      resizes: { clients: false, experts: false },
      scene: async () => scene,
      isSound: () => true,
      fly: async ({ faults }) => {
        this.#step(++looked, budget)
        const { flips, fired } = await this.look(faults)
        if (flips) way.push(faults)
        return { failure: flips ? failure : undefined, fired }
      },
    }
    const { spent } = await shrink({ faults: plan.faults, chance: '' }, failure, ground, {
      budget, signal: this.#options.signal,
    })
    return { way, minimal: !spent }
  }
}

/** What is looked at on fresh seeds of a plan that flips: its mildest form, else one halfway to it, else the plan as it was drawn. */
const candidates = (way: readonly (readonly FaultInput[])[]): (readonly FaultInput[])[] => {
  const places = [way.length - 1, Math.floor((way.length - 1) / 2), 0]
  return [...new Set(places)].map((place) => way[place])
}

/**
 * Looks for the mildest plan of faults under which A is no longer better than B by what is claimed. Both sides meet the same
 * plan and the same chance. First the claim without faults is looked at; then drawn plans, the mildest first, with one seed
 * of the search after the other as long as the ranking flips; one that flips with all of them is made as mild as can be, and
 * flown with fresh seeds: the interval of what is left of A's lead decides. The same for any number of workers.
 */
export const refute = async (a: Lab, b: Lab, options: RefuteOptions = {}): Promise<Refutation> => {
  const { level = 0.95, intensity = 1, kinds, only } = options
  const [count, screen, plans] = [whole('seeds', options.seeds ?? 10, 2), whole('screen', options.screen ?? 5, 1), whole('plans', options.plans ?? 200, 1)]
  if (a.resolved.seed !== b.resolved.seed) throw new SpecificationError(`Seeds are paired, and A has ${a.resolved.seed} where B has ${b.resolved.seed}. Open both labs with the same.`)
  const inquiry = new Inquiry(a, b, options)
  const { arena, by, yardstick: { name, unit, better } } = inquiry
  const search = {
    drawn: 0, flown: 0, upTo: 0, flipped: 0, uncompared: { diverged: 0, stalled: 0, violated: 0, unscored: 0 }, diverged: { a: 0, b: 0 },
    violation: undefined as Search['violation'],
  }
  const unconfirmed: Shown[] = []
  try {
    const seeds = seedsFrom(a.resolved.seed)
    const { shown: calm, all } = await inquiry.show([], nextOf(seeds, count), level)
    const about = { yardstick: { name, unit, better }, by, calm, search, unconfirmed }
    const obstacle = all.find((one) => one.kind !== 'compared')
    const ended = (verdict: Refutation['verdict'], rest: Partial<Refutation> = {}): Refutation => ({
      ...about, verdict, flip: undefined, scene: undefined, obstacle: obstacle && `with seed ${calm.seeds[all.indexOf(obstacle)]}: ${obstacle.message}`,
      interrupted: false, ...rest, flights: arena.flights,
    })
    if (obstacle !== undefined || !inquiry.isAbove(calm)) return ended('unfounded')
    const { inRounds, ...scene } = await arena.scene()
    inquiry.searchWith(calm.seeds.filter((_, i) => calm.advantages[i] > by).slice(0, screen))
    const confirm = async (from: DrawnPlan, way: readonly (readonly FaultInput[])[], minimal: boolean): Promise<Flip | undefined> => {
      for (const faults of candidates(way)) {
        const own = only === undefined ? levelOf(level, unconfirmed.length + 1) : level
        const { shown, all: paired } = await inquiry.show(faults, nextOf(seeds, count), own, scene)
        const met = paired.find((one) => one.kind !== 'compared')
        if (met !== undefined && only !== undefined) note(search, met, from)
        if (inquiry.isBelow(shown)) return { ...shown, from, minimal: minimal && faults === way.at(-1) }
        unconfirmed.push(shown)
      }
      return undefined
    }
    try {
      if (only !== undefined) {
        Object.assign(search, { drawn: 1, flown: 1, upTo: await inquiry.wildness(only, scene) })
        inquiry.at('confirm', { wildness: search.upTo })
        const flip = await confirm({ nth: 0, faults: only, wildness: search.upTo }, [only], false)
        if (flip !== undefined) search.flipped = 1
        return ended(flip === undefined ? 'not refuted' : 'refuted', { scene, flip })
      }
      const able = (of: readonly string[]): readonly string[] =>
        [a, b].reduce((left, { resolved: { rounds, delivery: { acknowledge } } }) => ableKinds(left, rounds as RoundsInput, acknowledge), of)
      const drawn = await drawPlans({
        seed: a.resolved.seed, count: plans, kinds, intensity, scene, inRounds, able, isSound: (faults) => arena.isSound(faults),
      })
      search.drawn = drawn.length
      for (const [i, plan] of drawn.entries()) {
        inquiry.at('search', { plan: i + 1, of: drawn.length, wildness: plan.wildness })
        const { flips, obstacle: met } = await inquiry.look(plan.faults)
        Object.assign(search, { flown: search.flown + 1, upTo: plan.wildness })
        if (met !== undefined) note(search, met, plan)
        if (!flips) continue
        search.flipped++
        inquiry.at('shrink')
        const { way, minimal } = await inquiry.shrink(plan, scene)
        inquiry.at('confirm', { wildness: planWildness(way.at(-1)!, scene) })
        const found = await confirm(plan, way, minimal)
        if (found !== undefined) return ended('refuted', { scene, flip: found })
      }
      return ended('not refuted', { scene })
    } catch (error) {
      // What was looked at until then is known.
      if (error instanceof InterruptedError) return ended('not refuted', { scene, interrupted: true })
      throw error
    }
  } finally {
    arena.release()
  }
}

const note = (search: { -readonly [field in keyof Search]: Search[field] }, one: Unequal, { faults }: DrawnPlan): void => {
  const { kind, sides, message } = one
  search.uncompared = { ...search.uncompared, [kind]: search.uncompared[kind] + 1 }
  if (kind === 'diverged') for (const side of sides) search.diverged = { ...search.diverged, [side]: search.diverged[side] + 1 }
  if (kind === 'violated') search.violation ??= { faults, message }
}
