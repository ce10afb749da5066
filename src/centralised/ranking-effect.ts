import type { RankedUser } from '../metrics/full-ranking.js'
import type { Ranking } from '../metrics/ranking.js'
import { effectOf, type Component, type Effect } from '../statistics/effect.js'
import { mean, sampleVariance } from '../statistics/moments.js'

/** One variant's test users, seed by seed: the same users in the same order for every seed and variant. */
export type BySeed = readonly (readonly RankedUser[])[]

/** What one number is read from a user. */
export interface Reading {
  /** The place of the cut-off. */
  readonly place: number
  readonly of: keyof Ranking
}

const valuesOf = (users: readonly RankedUser[], { place, of }: Reading): number[] => users.map(({ at }) => at[place][of])

/** Each seed's mean over users. */
export const meansBySeed = (variant: BySeed, reading: Reading): number[] =>
  variant.map((users) => mean(valuesOf(users, reading)))

/**
 * How much better `other` ranks than `base`, paired by seed and user. Two things spread: seeds, whose differences vary,
 * and the one set of test users that all seeds share. Of the second each user's difference, meant over seeds, tells: its
 * sampling variance is s^2 / users. (A bootstrap over users would estimate the same for a mean.)
 */
export const rankingEffect = (base: BySeed, other: BySeed, reading: Reading, level = 0.95): Effect => {
  const bySeed = meansBySeed(other, reading).map((value, seed) => value - meansBySeed(base, reading)[seed])
  const rows = other.map((users, seed) => {
    const before = valuesOf(base[seed], reading)
    return valuesOf(users, reading).map((value, user) => value - before[user])
  })
  const users = rows[0].map((_, user) => mean(rows.map((row) => row[user])))
  const fixed: Component | undefined =
    users.length < 2 ? undefined : { variance: sampleVariance(users) / users.length, df: users.length - 1 }
  return effectOf(bySeed, level, fixed)
}
