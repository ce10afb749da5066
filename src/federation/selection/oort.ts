import { z } from 'zod'

import type { Candidate, Choice, SelectionRule } from '../choice.js'
import type { Name } from '../../roster/participant.js'
import { selectionEntry } from './entry.js'
import { lossesField, needOf } from './utility.js'
import { weightedSample } from './weighted.js'

const share = z.number().min(0).max(1)

const schema = z.strictObject({
  kind: z.literal('oort'),
  losses: lossesField,
  explore: share.default(0.9).describe('Share of a round that goes to clients not heard yet, in round 1'),
  decay: share.default(0.98).describe('By which that share is multiplied each round'),
  exploreAtLeast: share.default(0.2).describe('Below which it does not fall'),
  penalty: z.number().min(0).default(2).describe('alpha: a client that takes t, longer than T, counts (T / t)^alpha'),
  preferred: z.number().min(0).max(100).default(30).describe('T at first: this percentile of the times of clients that were heard'),
  pace: z.number().min(0).max(100).default(5).describe('By how many percent T is raised where the statistical utility falls'),
  window: z.int().min(1).default(20).describe('Rounds over which the pacer adds utility up'),
  clip: share.default(0.95).describe('Utilities are cut off at this quantile'),
  cutOff: share.default(0.95).describe('Exploited are clients of at least this share of the utility at which the round is full'),
  blacklist: z.int().min(1).optional().describe('A client that was asked more often is asked no more; at most 30 % of all are left out'),
})

type Options = z.output<typeof schema>

/** What the rule remembers. */
interface Memory {
  /** Percentile at which T is. */
  readonly preferred: number
  /** Statistical utility of those that were folded, by round. */
  readonly gains: readonly number[]
  /** Rounds after which it was judged last. */
  readonly judged: number
  /** The round in which it was asked last, and how often it was asked in it. */
  readonly round: number
  readonly asked: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** U = |B| sqrt(mean loss^2), as far as losses are known. */
const utilityOf = (client: Candidate, { losses }: Options): number => client.examples * (needOf(client, losses) ?? 0)

/** Adds up what rounds have brought, and makes T longer where the last window brought less than the one before. */
const paced = (before: Memory, all: readonly Candidate[], { past }: Choice, options: Options): Memory => {
  const { pace, window } = options
  const byName = new Map(past.length > before.gains.length ? all.map((client) => [client.name, client]) : [])
  const fresh = past.slice(before.gains.length)
    .map(({ folded }) => sum(folded.map((name) => utilityOf(byName.get(name)!, options))))
  const gains = [...before.gains, ...fresh]
  const { length } = gains
  if (length < 2 * window || length % window !== 0 || before.judged === length) return { ...before, gains }
  const fell = sum(gains.slice(length - 2 * window, length - window)) > sum(gains.slice(length - window))
  return { ...before, preferred: fell ? Math.min(100, before.preferred + pace) : before.preferred, gains, judged: length }
}

/** T: the percentile of the times that clients took. */
const preferredTime = (all: readonly Candidate[], percentile: number): number => {
  const times = all.flatMap(({ last }) => last?.took ?? []).sort((a, b) => a - b)
  if (times.length === 0 || percentile >= 100) return Infinity
  return times[Math.min(Math.floor((times.length * percentile) / 100), times.length - 1)]
}

/** Who was asked too often: the most often asked first, at most 30 % of all. */
const blacklisted = (all: readonly Candidate[], { blacklist = Infinity }: Options): ReadonlySet<Name> =>
  new Set(all.filter(({ asked }) => asked > blacklist).sort((a, b) => b.asked - a.asked)
    .slice(0, Math.floor(0.3 * all.length)).map(({ name }) => name))

/** Util(i) of clients that were heard: clipped, from 0 to 1, with a bonus for having waited, less for being slow. */
const scored = (heard: readonly Candidate[], longest: number, { round }: Choice, options: Options) => {
  const utilities = heard.map((client) => utilityOf(client, options))
  const sorted = utilities.toSorted((a, b) => a - b)
  const most = sorted[Math.min(Math.floor(sorted.length * options.clip), sorted.length - 1)]
  const range = most - sorted[0] || 1
  return heard.map(({ name, last }, i) => {
    const { round: involved, took } = last!
    const statistical = (Math.min(utilities[i], most) - sorted[0]) / range + Math.sqrt((0.1 * Math.log(round)) / involved)
    return { name, weight: took > longest ? statistical * (longest / took) ** options.penalty : statistical }
  })
}

/** Of the best, so many by their utility: all that come near the last that would be taken have a chance. */
const exploited = (scores: ReturnType<typeof scored>, count: number, { draw }: Choice, { cutOff }: Options): Name[] => {
  if (count === 0) return []
  const best = scores.toSorted((a, b) => b.weight - a.weight)
  const least = cutOff * best[count - 1].weight
  return weightedSample(best.filter(({ weight }) => weight >= least), count, (who) => draw('oort exploits', who))
}

/** Algorithm 1 of the paper. */
const rule = (options: Options): SelectionRule<Memory> => ({
  choose: (before = { preferred: options.preferred, gains: [], judged: 0, round: 0, asked: 0 }, candidates, choice) => {
    const { round, wanted, draw } = choice
    const all = choice.everybody()
    const asked = before.round === round ? before.asked + 1 : 1
    const state = { ...paced(before, all, choice, options), round, asked }
    const left = blacklisted(all, options)
    const allowed = candidates.filter(({ name }) => !left.has(name))
    const heard = allowed.filter(({ last }) => last !== undefined)
    const unheard = allowed.filter(({ last }) => last === undefined)
    const explore = Math.max(options.exploreAtLeast, options.explore * options.decay ** (round - 1))
    // A share of a few clients is rounded up or down by a draw: always down would never explore.
    const places = Math.min(unheard.length, Math.floor(explore * wanted + draw(`oort explores, asked ${asked}`)))
    const exploits = Math.min(wanted - places, heard.length)
    const scores = scored(heard, preferredTime(all, state.preferred), choice, options)
    const names = [
      ...exploited(scores, exploits, choice, options),
      ...weightedSample(
        unheard.map(({ name, profile }) => ({ name, weight: 1 / Math.max(1, profile) })),
        wanted - exploits, (who) => draw('oort explores', who),
      ),
    ]
    return { names, state }
  },
})

/** Those that are worth most, in what they have to teach and in how fast they do it. */
export const oort = selectionEntry({
  kind: 'oort',
  sentence: 'Asks clients whose rows are served worst and that are fast, and explores those that were not heard; reads numbers.',
  source: 'Oort: Lai et al., OSDI 2021, algorithm 1; T as a percentile and utilities from 0 to 1 as in the authors’ code',
  schema,
  readsNumbers: true,
  rule,
})
