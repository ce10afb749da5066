import { formatBytes, formatCount, formatTime } from '../../format.js'
import { type BandPoint, bandAt } from './band.js'
import { completeOf, type RunSum, type SeveralFacts } from './read-several.js'
import type { Spending } from './sum-run.js'

/** Something that runs spend. */
export interface Spent {
  readonly title: string
  readonly of: (spent: Spending) => number
  /** What of it came to nothing. */
  readonly wasted: (spent: Spending) => number
  /** What that is. */
  readonly waste: string
  readonly written: (value: number) => string
  /** What writes it along an axis. */
  readonly draws: 'bytes' | 'time' | 'number'
}

const joules = (value: number): string => (value >= 1e4 ? `${formatCount(Math.round(value))} J` : `${Number(value.toPrecision(4))} J`)

/** What is charged in every run. */
export const spendings: readonly Spent[] = [
  { title: 'bytes', of: ({ bytes }) => bytes, wasted: ({ wastedBytes }) => wastedBytes, waste: 'bytes of messages from which nothing came', written: (value) => formatBytes(Math.round(value)), draws: 'bytes' },
  { title: 'virtual time', of: ({ time }) => time, wasted: ({ wastedTime }) => wastedTime, waste: 'time of rounds that were aborted', written: formatTime, draws: 'time' },
  { title: 'examples', of: ({ examples }) => examples, wasted: ({ wastedExamples }) => wastedExamples, waste: 'examples of trainings from which nothing came', written: (value) => formatCount(Math.round(value)), draws: 'number' },
  { title: 'joules', of: ({ joules: all }) => all, wasted: ({ wastedJoules }) => wastedJoules, waste: 'joules of messages and trainings from which nothing came', written: joules, draws: 'number' },
]

/** Complete runs of a variant under a condition. */
export const runsOf = (facts: Pick<SeveralFacts, 'runs'>, condition: string, variant: string): (RunSum & Required<Pick<RunSum, 'summed'>>)[] =>
  completeOf(facts).filter((run) => run.condition === condition && run.variant === variant)

/** A number of such runs over seeds; undefined where there are none, or it is unknown in any of them. */
export const overSeeds = (values: readonly (number | null | undefined)[]): BandPoint | undefined => {
  const all = values.filter((value) => value !== null && value !== undefined && !Number.isNaN(value)) as number[]
  return all.length === 0 || all.length < values.length ? undefined : bandAt(0, all)
}
