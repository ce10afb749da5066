import { SpecificationError } from '../../errors.js'
import { didYouMean } from '../../simulation/did-you-mean.js'
import { metrics } from '../../metrics/metric.js'
import type { RoundSummary } from '../round-summaries.js'

/** What is asked of a run: how much of something it takes until its score reaches a level. */
export interface Level {
  readonly of: 'time' | 'bytes' | 'examples' | 'rounds'
  readonly split: 'validation' | 'test'
  readonly metric: string
  readonly value: number
}

const pattern = /^(time|bytes|examples|rounds) to (?:(validation|test) )?([\w@-]+) ?(?:=|>=|<=)? ?(-?\d*\.?\d+(?:e-?\d+)?)$/

/**
 * `time to auc .7`, `bytes to log-loss .4`, `rounds to test accuracy .97`; undefined for the name of a metric. Scores are
 * those of validation where nothing is said.
 */
export const parseLevel = (text: string): Level | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, of, split = 'validation', metric, value] = match
  if (!Object.hasOwn(metrics, metric)) {
    const known = Object.keys(metrics)
    throw new SpecificationError(`"${text}": there is no metric ${metric}. ${didYouMean(metric, known)} Known: ${known.join(', ')}.`)
  }
  return { of: of as Level['of'], split: split as Level['split'], metric, value: Number(value) }
}

/** As tables name it: `virtual seconds to validation AUC 0.7`. */
export const levelTitle = ({ of, split, metric, value }: Level): string => {
  const what = { time: 'virtual seconds', bytes: 'megabytes', examples: 'examples', rounds: 'rounds' }[of]
  return `${what} to ${split} ${metrics[metric].title} ${value}`
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

/** The first round at whose close the mean score was at the level or better. */
export const reached = (rounds: readonly RoundSummary[], { of, split, metric, value }: Level): Reached => {
  const spent = spentAt(rounds, of)
  const better = metrics[metric].better === 'higher' ? 1 : -1
  const place = rounds.findIndex(({ scores }) => {
    const score = scores?.[split]?.[metric]
    return score !== undefined && better * (score - value) >= 0
  })
  return { at: place < 0 ? undefined : spent[place], watched: spent.at(-1) ?? 0 }
}

/**
 * How far runs are looked at for the mean of what they took: as far as the one that was watched least. One that had not
 * reached the level by then counts as that far, so that runs which never reach it do not drop out of the mean, which is
 * then a restricted one (Royston and Parmar, BMC Medical Research Methodology 13, 2013).
 */
export const horizonOf = (runs: readonly Reached[]): number => Math.min(...runs.map(({ watched }) => watched))
