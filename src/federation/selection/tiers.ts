import type { Candidate, Choice, SelectionRule } from '../choice.js'
import { timeOf } from './speed.js'
import { needOf } from './utility.js'

/** What tiers are chosen by. */
export interface TierOptions {
  readonly tiers: number
  readonly by: 'device' | 'answers'
  /** Probability of each tier, the fastest first; equal ones when absent. */
  readonly probabilities?: readonly number[] | undefined
  /** Rounds that each tier may have; as many as there are when absent. */
  readonly credits?: readonly number[] | undefined
  /** Probabilities follow what tiers need, looked at after so many rounds. */
  readonly adapt?: { readonly every: number; readonly losses: string } | undefined
}

interface TierState {
  /** The round for which a tier was chosen last, and which. */
  readonly round: number
  readonly tier: number
  /** Rounds that each tier has had. */
  readonly spent: readonly number[]
  readonly probabilities: readonly number[]
  /** What each tier needed when a round began: of the last `every` rounds and this one. */
  readonly needs: readonly (readonly number[])[]
}

/**
 * Tiers of equal size by time, the fastest first; clients of equal time are in one tier, so that nothing but time decides.
 * Those whose time is not known are in the last.
 */
const tiersOf = (all: readonly Candidate[], { tiers, by }: TierOptions): ReadonlyMap<string, number> => {
  const times = all.flatMap((one) => timeOf(one, by) ?? []).sort((a, b) => a - b)
  const faster = new Map<number, number>()
  times.forEach((time, place) => faster.has(time) || faster.set(time, place))
  return new Map(all.map((one) => {
    const time = timeOf(one, by)
    return [one.name, time === undefined ? tiers - 1 : Math.floor((tiers * faster.get(time)!) / times.length)]
  }))
}

/** Mean need of the clients of each tier that were heard; Infinity where nobody was. */
const needsOf = (all: readonly Candidate[], tierOf: ReadonlyMap<string, number>, tiers: number, losses: string): number[] => {
  const known: number[][] = Array.from({ length: tiers }, () => [])
  for (const one of all) {
    const need = needOf(one, losses)
    if (need !== undefined) known[tierOf.get(one.name)!].push(need)
  }
  return known.map((needs) => (needs.length === 0 ? Infinity : needs.reduce((sum, need) => sum + need, 0) / needs.length))
}

/** ChangeProbs: of n tiers with credits the one that needs most has n shares, the next n - 1, and so on. */
const byNeed = (needs: readonly number[], isLeft: (tier: number) => boolean): number[] => {
  const left = needs.map((_, tier) => tier).filter(isLeft)
  const ranked = left.toSorted((a, b) => (needs[a] === needs[b] ? 0 : needs[b] - needs[a]))
  const all = (left.length * (left.length + 1)) / 2
  return needs.map((_, tier) => (isLeft(tier) ? (left.length - ranked.indexOf(tier)) / all : 0))
}

/** One of these tiers, by their probabilities; by equal ones where they have none. */
const drawn = (among: readonly number[], probabilities: readonly number[], draw: number): number => {
  const total = among.reduce((sum, tier) => sum + probabilities[tier], 0)
  const share = (tier: number): number => (total > 0 ? probabilities[tier] / total : 1 / among.length)
  let below = 0
  for (const tier of among) {
    below += share(tier)
    if (draw < below) return tier
  }
  return among.findLast((tier) => share(tier) > 0)!
}

/** Algorithm 2 of TiFL; without `adapt`, its static policies. */
export const tierRule = (options: TierOptions): SelectionRule<TierState> => {
  const { tiers, by, probabilities, credits, adapt } = options

  const first: TierState = {
    round: 0, tier: 0, needs: [],
    spent: Array<number>(tiers).fill(0),
    probabilities: probabilities ?? Array<number>(tiers).fill(1 / tiers),
  }

  const isLeft = ({ spent }: TierState) => (tier: number): boolean => spent[tier] < (credits?.[tier] ?? Infinity)

  /** Once a round: notes what tiers need, and changes probabilities where the tier of the last round has not gained. */
  const adapted = (state: TierState, all: readonly Candidate[], tierOf: ReadonlyMap<string, number>, { round }: Choice): TierState => {
    if (adapt === undefined || state.round === round) return state
    const { every, losses } = adapt
    const now = needsOf(all, tierOf, tiers, losses)
    const needs = [...state.needs, now].slice(-every - 1)
    const due = (round - 1) % every === 0 && needs.length > every
    if (!due || now[state.tier] < needs[0][state.tier]) return { ...state, needs }
    return { ...state, needs, probabilities: byNeed(now, isLeft(state)) }
  }

  return {
    choose: (before = first, candidates, choice) => {
      const { round, wanted, draw } = choice
      const atLeast = Math.max(1, choice.atLeast)
      const unasked = by === 'answers' ? candidates.filter(({ turn }) => turn === 0) : []
      if (unasked.length > 0) {
        const others = candidates.filter(({ turn }) => turn > 0)
        const asks = Math.min(wanted, Math.max(unasked.length, atLeast))
        return { names: [...unasked, ...others].slice(0, asks).map(({ name }) => name), state: before }
      }
      const all = choice.everybody()
      const tierOf = tiersOf(all, options)
      const state = adapted(before, all, tierOf, choice)
      const there: string[][] = Array.from({ length: tiers }, () => [])
      for (const { name } of candidates) there[tierOf.get(name)!].push(name)
      const enough = there.map((_, tier) => tier).filter((tier) => there[tier].length >= atLeast)
      // Too few everywhere: as many as come nearest, so that the round waits, and says how many there were.
      if (enough.length === 0) return { names: there.reduce((most, one) => (one.length > most.length ? one : most)), state: before }
      const left = enough.filter(isLeft(state))
      const again = state.round === round && enough.includes(state.tier)
      const tier = again ? state.tier : drawn(left.length > 0 ? left : enough, state.probabilities, draw('tier'))
      const spent = again ? state.spent : state.spent.map((rounds, i) => (i === tier ? rounds + 1 : rounds))
      return { names: there[tier].slice(0, wanted), state: { ...state, round, tier, spent } }
    },
  }
}
