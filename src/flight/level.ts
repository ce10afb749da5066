import { SpecificationError } from '../errors.js'
import { isReached, levelMetrics, levelTitle as scoreTitle, readLevel, type ScoreLevel } from '../metrics/level.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { isOf } from '../metrics/condition.js'
import { roundScores } from '../metrics/round-scores.js'
import type { MetricRow } from '../record/rows.js'
import type { RoundSummary } from './round-summaries.js'

/** What is asked of a run: how much of something it takes until its score reaches a level. */
export interface Level extends ScoreLevel {
  readonly of: 'time' | 'bytes' | 'examples' | 'rounds'
}

const pattern = /^(time|bytes|examples|rounds) to (.*)$/

/**
 * `time to auc .7`, `bytes to log-loss .4`, `rounds to test accuracy .97`, `time to auc of NL/click .7`; undefined for the name of a metric. Scores are
 * those of validation where nothing is said.
 */
export const parseLevel = (text: string): Level | undefined => {
  const [, of, what] = pattern.exec(text) ?? []
  const level = what === undefined ? undefined : readLevel(what)
  if (level === undefined) return undefined
  if (!levelMetrics.includes(level.metric)) {
    throw new SpecificationError(
      `"${text}": there is no metric ${level.metric} of every round. ${didYouMean(level.metric, levelMetrics)} ` +
        `Known: ${levelMetrics.join(', ')}.`,
    )
  }
  return { of: of as Level['of'], ...level }
}

/** As tables name it: `virtual seconds to validation AUC 0.7`. */
export const levelTitle = ({ of, ...level }: Level): string => {
  const what = { time: 'virtual seconds', bytes: 'megabytes', examples: 'examples', rounds: 'rounds' }[of]
  return `${what} to ${scoreTitle(level)}`
}

/** What a run had spent at each close: virtual seconds, megabytes (10^6) on clients' lines, examples, or rounds. */
export const spentAt = (rounds: readonly RoundSummary[], of: Level['of']): number[] => {
  let [bytes, examples] = [0, 0]
  return rounds.map((row) => {
    bytes += row.up + row.down
    examples += row.examples
    return { time: row.closed / 1e6, bytes: bytes / 1e6, examples, rounds: row.round }[of]
  })
}

/** When a run reached a level, if it did, and how far it was watched. */
export interface Reached {
  readonly at: number | undefined
  readonly watched: number
}

/**
 * The first round at whose close the mean score was at the level or better; of a scenario or a task it is found in `rows`, the
 * flight's scores, since rounds have the mean over all.
 */
export const reached = (rounds: readonly RoundSummary[], { of, ...level }: Level, rows: readonly MetricRow[]): Reached => {
  const spent = spentAt(rounds, of)
  const { whose } = level
  const own = whose && rows.filter((row) => isOf({ of: whose }, row))
  const place = rounds.findIndex(({ round, scores }) =>
    isReached(level, own === undefined ? scores : roundScores(own.filter((row) => row.round === round))))
  return { at: place < 0 ? undefined : spent[place], watched: spent.at(-1) ?? 0 }
}

/**
 * How far runs are looked at for the mean of what they took: as far as the one that was watched least of those that never
 * got there. One that had not reached the level by then counts as that far, so that runs which never reach it do not
 * drop out of the mean, which is then a restricted one (Royston and Parmar, BMC Medical Research Methodology 13, 2013).
 * Infinity: all got there, and nothing is restricted.
 */
export const horizonOf = (runs: readonly Reached[]): number =>
  Math.min(...runs.map(({ at, watched }) => (at === undefined ? watched : Infinity)))
