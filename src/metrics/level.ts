import type { Split } from '../data/world.js'
import { metrics, worth } from './metric.js'
import type { RoundScores } from './round-scores.js'

/** A mean score, over scenarios and tasks or over some of them, that a model is to reach. */
export interface ScoreLevel {
  /** Words for whose: a scenario, a task, or a scenario and a task; absent: the mean over all. */
  readonly whose?: readonly string[]
  readonly split: Exclude<Split, 'train'>
  readonly metric: string
  readonly value: number
}

const pattern = /^(?:(validation|test) )?([\w@-]+)(?: of (\S(?:.*?\S)?)(?=[ <>=]))? ?(?:=|>=|<=)? ?(-?\d*\.?\d+(?:e-?\d+)?)$/

/**
 * `auc .7`, `log-loss .4`, `test accuracy .97`, `auc of NL/click .7`: scores are those of validation where nothing is said. Undefined for any
 * other text; the name of a metric is taken as it stands.
 */
export const readLevel = (text: string): ScoreLevel | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, split = 'validation', metric, whose, value] = match as (string | undefined)[]
  return {
    split: split as ScoreLevel['split'], metric: metric!, value: Number(value),
    ...(whose !== undefined && { whose: whose.split('/').map((word) => word.trim()) }),
  }
}

/** What a level's metric can be: measured at every round that is scored. */
export const levelMetrics = Object.keys(metrics).filter((name) => metrics[name].final !== true)

/** As tables name it: `validation AUC 0.7`. */
export const levelTitle = ({ split, metric, value, whose }: ScoreLevel): string =>
  `${split} ${metrics[metric].title}${whose === undefined ? '' : ` of ${whose.join('/')}`} ${value}`

/** Whether scores are at the level or better; not where they were not measured. */
export const isReached = ({ split, metric, value }: ScoreLevel, scores: RoundScores | undefined): boolean => {
  const score = scores?.[split]?.[metric]
  const { better } = metrics[metric]
  return score !== undefined && worth(better, score) >= worth(better, value)
}
