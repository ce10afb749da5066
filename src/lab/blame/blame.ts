import { SpecificationError } from '../../errors.js'
import type { Plan } from '../../faults/plan.js'
import type { FaultReport } from '../../faults/report.js'
import type { Flight } from '../../flight/flight.js'
import { mean } from '../../statistics/moments.js'
import { type Tested, testedFamily } from '../../statistics/family.js'
import type { Lab, LabFlight } from '../lab.js'
import { costMeasures, type Measure, type ScoredAt, scoreMeasures } from '../measures.js'
import { Coalitions, type Flying } from './coalitions.js'
import { drawnOrders, drawnShares, exactShares, prefixes, subsets } from './shapley.js'

export interface BlameOptions extends Pick<LabFlight, 'watch' | 'signal'> {
  /** Whose faults are priced. Default: those that the lab draws with its seed. */
  readonly plan?: Plan | undefined
  /** With how many seeds each flight is flown, the lab's own first. Default: 5. */
  readonly seeds?: number | undefined
  /** Which score is priced. Default: `auc`. */
  readonly metric?: string | undefined
  /** After which round. Default: `selected`, the best on validation. */
  readonly at?: ScoredAt | undefined
  /** Of the intervals; what is called harmful is so at 1 - level over all that is looked at. Default: .95. */
  readonly level?: number | undefined
  /** Split fairly what the faults do together. */
  readonly shapley?: boolean | undefined
  /** Of a split among more than six faults: how many pairs of orders are drawn for each seed. Default: 10. */
  readonly orders?: number | undefined
  /** Told before each flight. */
  readonly onFlight?: ((about: Flying) => void) | undefined
  /** Told of the flight of the plan as it is, with the lab's own seed: it is the first. */
  readonly onWhole?: ((flight: Flight) => void) | undefined
}

/**
 * What is priced: one fault; two of them together, and what that is beyond the two by themselves; all of them, and what
 * that is beyond the sum of each; or a fault's fair share of all.
 */
export type Priced = 'fault' | 'pair' | 'pair beyond its two' | 'all' | 'all beyond each' | 'share'

/** What some faults did to a measure: the flight as it was minus the flight without them, in the mean over seeds. */
export interface Price extends Tested {
  readonly what: Priced
  /** Ids. */
  readonly faults: readonly string[]
  readonly measure: Measure
  /** By seed, in the order of `seeds`; NaN where it is undefined. */
  readonly differences: readonly number[]
  /** Of a share that was drawn: its standard error by the drawing of orders alone. */
  readonly drawing?: number | undefined
  /** Said of what is significant alone. */
  readonly verdict: 'harmful' | 'helpful' | undefined
}

/** What came of pricing a plan's faults. */
export interface Blame {
  readonly seeds: readonly string[]
  readonly measures: readonly Measure[]
  /** Of every measure the same ones, in one order. */
  readonly prices: readonly Price[]
  /** Of the first flight: every fault in words, how often it fired, and what became of it. */
  readonly faults: readonly FaultReport[]
  /** Whether each fault by itself explains what all do; where not, pairs were flown. */
  readonly explained: boolean
  /** How shares were had. */
  readonly shares: 'exact' | 'drawn' | undefined
  readonly flights: number
  readonly level: number
}

/** Up to so many faults a split is exact: 2^6 flights for a seed. */
export const mostExact = 6

const seedsOf = (own: string, count: number): string[] => {
  const others = Array.from({ length: count }, (_, i) => String(i + 1)).filter((seed) => seed !== own)
  return [own, ...others.slice(0, count - 1)]
}

/** What a row of the table is made of, for one seed and measure. */
interface Line {
  readonly what: Priced
  readonly members: readonly number[]
  of(worth: (members: readonly number[]) => number): number
}

/**
 * Prices every fault of a plan: flies without each, with common chance (a plan without a fault keeps all other draws), for
 * several seeds, and pairs. Where, in any measure, each fault by itself does not add up to what all do (the interval of the
 * difference excludes 0, or the difference is the same with every seed), every two faults that fired are taken out together,
 * too. The plan's targets stay with every seed; all else but the world is drawn anew. What comes again is not trained again.
 */
export const blame = (lab: Lab, options: BlameOptions = {}): Promise<Blame> => lab.remember(() => priced(lab, options))

const priced = async (lab: Lab, options: BlameOptions): Promise<Blame> => {
  const { metric = 'auc', at = 'selected', level = 0.95, orders = 10, watch, signal, onFlight, onWhole } = options
  const plan = options.plan ?? (await lab.plan())
  const n = plan.faults.length
  if (n === 0) throw new SpecificationError('There is no fault in this plan: nobody is to blame.')
  const count = options.seeds ?? 5
  if (!Number.isInteger(count) || count < 1) throw new SpecificationError(`seeds is ${count}: give a whole number from 1 up.`)
  const seeds = seedsOf(lab.resolved.seed, count)
  const coalitions = new Coalitions(lab, { plan, watch, signal, onFlight })
  const everyone = Array.from({ length: n }, (_, i) => i)
  const without = (...out: readonly number[]): number[] => everyone.filter((i) => !out.includes(i))
  const how = options.shapley !== true ? undefined : n <= mostExact ? 'exact' : 'drawn'
  const joining = new Map(seeds.map((seed) => [seed, how === 'drawn' ? drawnOrders(n, orders, seed) : []]))
  coalitions.expect(seeds, [everyone, [], ...everyone.map((i) => without(i)), ...(how === 'exact' ? subsets(n) : [])])
  for (const [seed, own] of joining) coalitions.expect([seed], own.flatMap(prefixes))
  const whole = await coalitions.fly(seeds[0], everyone)
  onWhole?.(whole)
  const measures = [...scoreMeasures(whole, metric, at), ...costMeasures]
  coalitions.keep(seeds[0], everyone, whole, measures)
  const fired = new Set(firedIn(whole))
  for (const seed of seeds.slice(1)) {
    const flight = await coalitions.fly(seed, everyone)
    coalitions.keep(seed, everyone, flight, measures)
    for (const i of firedIn(flight)) fired.add(i)
  }
  const flyAll = async (sets: readonly (readonly number[])[], of: readonly string[] = seeds): Promise<void> => {
    coalitions.expect(of, sets)
    for (const seed of of) for (const set of sets) await coalitions.demand(seed, set, measures)
  }
  await flyAll([[], ...everyone.map((i) => without(i))])

  const price = (...out: readonly number[]): Line['of'] => (worth) => worth(everyone) - worth(without(...out))
  const beyond = (...out: readonly number[]): Line['of'] => (worth) =>
    out.reduce((rest, i) => rest - price(i)(worth), price(...out)(worth))
  const differencesOf = ({ of }: Line, measure: number): number[] =>
    seeds.map((seed) => of((members) => coalitions.worth(seed, members, measure)))
  const lines: Line[] = everyone.map((i) => ({ what: 'fault', members: [i], of: price(i) }))
  const rest: Line = { what: 'all beyond each', members: everyone, of: beyond(...everyone) }
  const explained = n < 2 || measures.every((_, m) => isNone(differencesOf(rest, m), level))
  if (n > 2 && !explained) {
    const pairs = pairsOf([...fired].sort((a, b) => a - b))
    await flyAll(pairs.map((pair) => without(...pair)))
    for (const pair of pairs) {
      lines.push({ what: 'pair', members: pair, of: price(...pair) }, { what: 'pair beyond its two', members: pair, of: beyond(...pair) })
    }
  }
  if (n > 1) lines.push({ what: 'all', members: everyone, of: price(...everyone) }, rest)
  const untested: Untested[] = measures.flatMap((measure, m) =>
    lines.map((line) => ({ what: line.what, members: line.members, measure, differences: differencesOf(line, m) })))
  if (how === 'exact') await flyAll(subsets(n))
  for (const [seed, own] of joining) await flyAll(own.flatMap(prefixes), [seed])
  if (how !== undefined) untested.push(...measures.flatMap((measure, m) => {
    const split = seeds.map((seed) => {
      const worth = (members: readonly number[]): number => coalitions.worth(seed, members, m)
      return how === 'exact' ? { shares: exactShares(n, worth), errors: undefined } : drawnShares(joining.get(seed)!, worth)
    })
    return everyone.map((i): Untested => ({
      what: 'share', members: [i], measure, differences: split.map(({ shares }) => shares[i]),
      ...(how === 'drawn' && { drawing: Math.sqrt(mean(split.map(({ errors }) => errors![i] ** 2)) / seeds.length) }),
    }))
  }))
  const prices = measures.flatMap((measure) => untested.filter((one) => one.measure === measure))
  const tested = testedFamily(prices.map(({ differences }) => differences), level)
  return {
    seeds, measures, explained, shares: how, level,
    faults: whole.faults,
    flights: coalitions.flown,
    prices: prices.map(({ members, ...about }, i) => ({
      ...about, ...tested[i],
      faults: members.map((member) => plan.faults[member].id),
      verdict: verdictOf(about.measure, tested[i]),
    })),
  }
}

interface Untested extends Pick<Price, 'what' | 'measure' | 'differences' | 'drawing'> {
  readonly members: readonly number[]
}

const firedIn = ({ faults }: Flight): number[] => faults.flatMap(({ fired }, i) => (fired > 0 ? [i] : []))

const pairsOf = (members: readonly number[]): (readonly [number, number])[] =>
  members.flatMap((a, i) => members.slice(i + 1).map((b) => [a, b] as const))

/** Can it not be told from nothing? Before any correction: what is overlooked here is not flown. */
const isNone = (differences: readonly number[], level: number): boolean => {
  const [{ effect: { interval: [low, high], estimate }, alike, units }] = testedFamily([differences], level)
  // One seed has no interval: whatever is there is looked into.
  return units === 1 ? estimate === 0 : !alike && !(low > 0 || high < 0)
}

const verdictOf = ({ better }: Measure, { significant, effect: { estimate } }: Tested): Price['verdict'] =>
  !significant ? undefined : estimate > 0 === (better === 'higher') ? 'helpful' : 'harmful'
