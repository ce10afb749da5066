import { pick } from '../../dials/dial.js'
import { type Failure, isSame } from '../../flight/failure.js'
import { canonical } from '../../roster/identity.js'
import { streams } from '../../random/streams.js'
import type { Case } from '../explore/case.js'
import { type Part, partsOf, type Patch } from './parts.js'
import type { TrialGround } from './trial.js'
import { plainFault, written } from './units.js'

/** A part of a case that may be another, and the case fails all the same: as far as was tried. */
export interface Freedom {
  /** `f1.by`, `chance`, `rounds.count`. */
  readonly part: string
  /** The id of the fault that it is of. */
  readonly fault: string | undefined
  /** `any by >= 2 (up to 61)`, `any client`. */
  readonly words: string
  /** Other values that were tried. */
  readonly variants: number
}

export interface Explanation {
  /** Parts that may be other, also all at once. */
  readonly free: readonly Freedom[]
  /** Parts that may be other by themselves, and not together with the rest. */
  readonly alone: readonly Freedom[]
  /** Variants in which all free parts were other at once. */
  readonly together: number
  readonly flights: number
}

export interface ExplainOptions {
  /** Variants of each part; 30 when absent. */
  readonly variants?: number | undefined
  readonly seed?: string | undefined
  /** Told after each flight: which part is varied, from 1, and of how many; once all are varied together, the last. */
  readonly onFlight?: ((flights: number, part: number, parts: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A part, and the ways in which it was tried. */
interface Tried {
  readonly part: Part
  readonly freedom: Freedom
  /** Those that fail the same way; the case's own is the first. */
  readonly pool: readonly Patch[]
}

const told = (of: Case, { fault, name, word }: Part, value: number): string => {
  if (fault === undefined) return String(value)
  const one = of.faults[fault]
  // A time is written as one: it is text once the fault is written plainly.
  const field = name.slice(name.indexOf('.') + 1)
  const plain = (plainFault({ ...one, [field]: value } as typeof one) as unknown as Record<string, unknown>)[field]
  return typeof plain === 'string' && word === field ? written(value) : String(value)
}

interface Sample {
  readonly patch: Patch
  readonly fails: boolean
}

/** What of a part's values fails, in words; undefined: only the one that it has, or no simple rule. */
const wordsOf = (of: Case, part: Part, samples: readonly Sample[]): string | undefined => {
  const failing = samples.filter(({ fails }) => fails)
  const numberOf = part.number
  if (numberOf === undefined) return samples.length > 0 && failing.length === samples.length ? `any ${part.word}` : undefined
  const own = numberOf(of)!
  const value = ({ patch }: Sample): number => numberOf(part.set(of, patch)) ?? own
  const bad = [own, ...failing.map(value)]
  const good = samples.filter(({ fails }) => !fails).map(value)
  const [least, greatest] = [Math.min(...bad), Math.max(...bad)]
  const say = (n: number): string => told(of, part, n)
  if (failing.length < 3) return undefined
  if (good.length === 0) return `any ${part.word} (${say(least)} to ${say(greatest)})`
  if (Math.max(...good) < least) return `any ${part.word} >= ${say(least)} (up to ${say(greatest)})`
  if (Math.min(...good) > greatest) return `any ${part.word} <= ${say(greatest)} (down to ${say(least)})`
  return undefined
}

/** Varies what is left of a failing case. */
class Variation {
  readonly #of: Case
  readonly #failure: Failure
  readonly #ground: TrialGround
  readonly #options: ExplainOptions
  readonly #known = new Map<string, Promise<boolean | undefined>>()
  flights = 0
  /** Which part is varied, and of how many. */
  at: readonly [number, number] = [0, 0]

  constructor(of: Case, failure: Failure, ground: TrialGround, options: ExplainOptions) {
    this.#of = of
    this.#failure = failure
    this.#ground = ground
    this.#options = options
  }

  /** Does it fail the same way? Undefined: it is none that flies. */
  fails(of: Case): Promise<boolean | undefined> {
    const key = canonical(of)
    let answer = this.#known.get(key)
    if (answer === undefined) this.#known.set(key, (answer = this.#fly(of)))
    return answer
  }

  async tried(part: Part, toss: () => number, count: number): Promise<Tried | undefined> {
    const samples = new Map<string, Sample>()
    for (let tries = 0; tries < 3 * count && samples.size < count; tries++) {
      const patch = part.vary(toss)
      if (patch === undefined) continue
      const made = part.set(this.#of, patch)
      const key = canonical(made)
      if (samples.has(key) || key === canonical(this.#of)) continue
      const fails = await this.fails(made)
      if (fails !== undefined) samples.set(key, { patch, fails })
    }
    const all = [...samples.values()]
    const words = wordsOf(this.#of, part, all)
    if (words === undefined) return undefined
    const fault = part.fault === undefined ? undefined : this.#of.faults[part.fault].id
    const pool = [{}, ...all.filter(({ fails }) => fails).map(({ patch }) => patch)]
    return { part, pool, freedom: { part: part.name, fault, words, variants: all.length } }
  }

  /** Cases in which these parts are other at once, each in a way that fails by itself. */
  combined(all: readonly Tried[], among: readonly Tried[], toss: () => number, count: number): readonly Case[] {
    const made = Array.from({ length: count }, () => {
      // Every part tosses, so that taking one back leaves the others as they are.
      const patches = all.map(({ pool }) => pick(toss, pool))
      return all.reduce((of, one, i) => (among.includes(one) ? one.part.set(of, patches[i]) : of), this.#of)
    })
    return [...new Map(made.map((of) => [canonical(of), of])).values()]
  }

  async #fly(of: Case): Promise<boolean | undefined> {
    if (this.#options.signal?.aborted || !this.#ground.isSound(of)) return undefined
    this.flights++
    try {
      const { failure } = await this.#ground.fly(of)
      return failure !== undefined && isSame(failure, this.#failure)
    } catch {
      return undefined
    } finally {
      this.#options.onFlight?.(this.flights, ...this.at)
    }
  }
}

/**
 * What of a failing case is only an example (Hypothesis' `explain` phase does this to what it has shrunk): each part that is
 * left is varied by itself, seeded, and one that fails the same way whatever it is, or from some number on, is free; then all
 * free parts are varied together, and those that do not hold together are taken back.
 */
export const explain = async (of: Case, failure: Failure, ground: TrialGround, options: ExplainOptions = {}): Promise<Explanation> => {
  const { variants = 30, seed = 'explain' } = options
  const all = streams(seed)
  const variation = new Variation(of, failure, ground, options)
  const scene = await ground.scene(of.shape ?? {})
  const tried: Tried[] = []
  const parts = partsOf(of, scene, ground.rounds)
  for (const [i, part] of parts.entries()) {
    variation.at = [i + 1, parts.length]
    const one = await variation.tried(part, all('part', part.name), variants)
    if (one !== undefined) tried.push(one)
  }
  let free: readonly Tried[] = tried
  for (;;) {
    const made = free.length < 2 ? [] : variation.combined(tried, free, all('together'), variants)
    const answers = await Promise.all(made.map((one) => variation.fails(one)))
    const held = free.length < 2 || answers.every((fails) => fails !== false)
    if (held) {
      const alone = tried.filter((one) => !free.includes(one)).map(({ freedom }) => freedom)
      const together = answers.filter((fails) => fails === true).length
      return { free: free.map(({ freedom }) => freedom), alone, together, flights: variation.flights }
    }
    free = await withoutTheWorst(variation, tried, free, () => all('together'), variants)
  }
}

/** Takes back the part without which most combinations fail again; of several such, the last. */
const withoutTheWorst = async (
  variation: Variation, all: readonly Tried[], free: readonly Tried[], toss: () => () => number, variants: number,
): Promise<readonly Tried[]> => {
  const scores: number[] = []
  for (const one of free) {
    const fewer = variation.combined(all, free.filter((other) => other !== one), toss(), variants)
    const answers = await Promise.all(fewer.map((made) => variation.fails(made)))
    scores.push(answers.filter((fails) => fails !== false).length / Math.max(1, answers.length))
  }
  const worst = scores.lastIndexOf(Math.max(...scores))
  return free.filter((_, i) => i !== worst)
}
