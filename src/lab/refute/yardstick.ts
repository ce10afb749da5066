import { didYouMean } from '../../documents/did-you-mean.js'
import { SpecificationError } from '../../errors.js'
import type { Flight } from '../../flight/flight.js'
import { horizonOf, type Level, levelTitle, parseLevel, reached } from '../../flight/level.js'
import { roundSummaries } from '../../flight/round-summaries.js'
import { type Asked, demandMeasured, isOf } from '../../metrics/condition.js'
import { diverged } from '../../metrics/judging.js'
import { metrics, worth } from '../../metrics/metric.js'
import type { MetricRow } from '../../record/rows.js'
import { mean } from '../../statistics/moments.js'
import { parseDuration } from '../../time/duration.js'
import { costMeasures, type Measure, roundOf, type ScoredAt, splitOf } from '../measures.js'

/** What the flights of both sides are worth with one seed. */
export interface Weighed {
  readonly a: number
  readonly b: number
  /** By how much A is better, whether more is better or less. */
  readonly advantage: number
}

/** By what a ranking is one. */
export interface Yardstick {
  /** `test AUC of ctr, worst scenario`. */
  readonly name: string
  readonly unit: Measure['unit'] | 'rounds'
  readonly better: 'higher' | 'lower'
  /** Undefined where one of them has no such number. */
  weigh(a: Flight, b: Flight): Weighed | undefined
  /** Has a model diverged, so that there is no such number? */
  diverged(flight: Flight): boolean
  /** Throws a `SpecificationError` where a flight like this one has no such number at all. */
  demand(flight: Flight): void
}

const never = (): boolean => false

const weighed = (a: number, b: number, better: Yardstick['better']): Weighed => ({ a, b, advantage: better === 'higher' ? a - b : b - a })

const ofMeasure = ({ name, unit, better, of }: Measure): Yardstick => ({
  name, unit, better,
  weigh(a, b) {
    const [one, other] = [of(a), of(b)]
    return one === null || other === null ? undefined : weighed(one, other, better)
  },
  diverged: never,
  demand() {},
})

/** Virtual time and bytes are counted in seconds and megabytes where a level is asked for. */
const sizes: Readonly<Record<Level['of'], number>> = { time: 1e6, bytes: 1e6, examples: 1, rounds: 1 }

/** One that never gets there counts as far as it was watched, and the other no further: see `horizonOf`. */
const ofLevel = (level: Level): Yardstick => {
  const { of, split, metric, whose } = level
  return {
    name: levelTitle(level), unit: of, better: 'lower',
    weigh(a, b) {
      const found = [a, b].map((flight) => reached(roundSummaries(flight), level, flight.metrics))
      const horizon = horizonOf(found)
      if (found.every(({ at = Infinity }) => at > horizon)) return undefined
      const [one, other] = found.map(({ at = Infinity }) => Math.min(at, horizon) * sizes[of])
      return weighed(one, other, 'lower')
    },
    diverged: never,
    demand(flight) {
      if (whose !== undefined) demandMeasured({ text: levelTitle(level), split, metric, of: whose }, flight.metrics)
      if (flight.metrics.some((row) => row.split === split && row.metric === metric)) return
      throw new SpecificationError(`"${of} to ${metric}": there is no ${metric} on ${split}. Put ${split} into evaluate.on, or name another metric.`)
    },
  }
}

interface Scored extends Asked {
  readonly worst: boolean
  /** Undefined: test where it was scored. */
  readonly given: Asked['split'] | undefined
}

const pattern = /^(?:(validation|test)\s+)?(?:(worst)\s+)?(\S+)(?:\s+of\s+(.+?))?$/

const readScored = (text: string): Scored => {
  const [, split, worst, metric = text, whose] = pattern.exec(text) ?? []
  if (metrics[metric] === undefined) {
    const known = [...Object.keys(metrics), ...costMeasures.map(({ name }) => name)]
    throw new SpecificationError(
      `--metric "${text}": there is no metric ${metric}. ${didYouMean(metric, known)} Known: ${known.join(', ')}; ` +
        '"time to auc .7", "worst auc", "test auc of NL/ctr".'.replace('  ', ' '),
    )
  }
  return {
    text, metric, worst: worst !== undefined, split: 'test', given: split as Asked['split'] | undefined,
    ...(whose !== undefined && { of: whose.split('/').map((word) => word.trim()) }),
  }
}

const titleOf = ({ of, worst, metric }: Scored, split: string): string => {
  const { title, better } = metrics[metric]
  const name = better === 'nearer 1' ? `distance of ${title} from 1` : title
  return `${split} ${name}${of === undefined ? '' : ` of ${of.join('/')}`}${worst ? ', worst scenario' : ''}`
}

/** A score after one round: the mean over scenarios and tasks, or over tasks in the scenario where that is worst. */
const ofScores = (scored: Scored, at: ScoredAt): Yardstick => {
  const { metric, worst, given } = scored
  const { better } = metrics[metric]
  const rowsOf = (flight: Flight): readonly MetricRow[] => {
    const split = given ?? splitOf(flight)
    const round = roundOf(flight, at, split)
    return flight.metrics.filter((row) => row.split === split && row.round === round && isOf(scored, row))
  }
  const valueOf = (flight: Flight): number | undefined => {
    const rows = rowsOf(flight)
    if (rows.some(diverged)) return undefined
    const own = rows.flatMap(({ metric: name, scenario, value }) => (name === metric && value !== null ? [{ scenario, worth: worth(better, value) }] : []))
    if (own.length === 0) return undefined
    if (!worst) return mean(own.map((row) => row.worth))
    const scenarios = [...new Set(own.map(({ scenario }) => scenario))]
    return Math.min(...scenarios.map((scenario) => mean(own.filter((row) => row.scenario === scenario).map((row) => row.worth))))
  }
  return {
    name: titleOf(scored, given ?? 'test'), unit: 'score', better: better === 'higher' ? 'higher' : 'lower',
    weigh(a, b) {
      const [one, other] = [valueOf(a), valueOf(b)]
      if (one === undefined || other === undefined) return undefined
      const sign = better === 'higher' ? 1 : -1
      return { a: sign * one, b: sign * other, advantage: one - other }
    },
    diverged: (flight) => rowsOf(flight).some(diverged),
    demand(flight) {
      const split = given ?? splitOf(flight) as Asked['split']
      demandMeasured({ ...scored, split, round: roundOf(flight, at, split) }, flight.metrics)
    },
  }
}

/**
 * What a ranking is by: a score (`auc`, `worst auc`, `test log-loss of NL/ctr`; the mean over scenarios and tasks), what it
 * takes to reach one (`time to auc .7`), or what a flight costs (`virtual time`, `bytes`, `wasted examples`). Scores are those
 * of test, or of validation where test was not scored. Throws a `SpecificationError` with the nearest name.
 */
export const yardstickOf = (text: string, at: ScoredAt = 'selected'): Yardstick => {
  const given = text.trim()
  const cost = costMeasures.find(({ name }) => name === given)
  if (cost !== undefined) return ofMeasure(cost)
  const level = parseLevel(given)
  return level === undefined ? ofScores(readScored(given), at) : ofLevel(level)
}

const sizeUnits: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }

/** By how much, as somebody writes it: `.01`, `30 s`, `3 MB`. In the unit of what it is of, a time in microseconds. */
export const parseBy = (text: string, { unit, name }: Pick<Yardstick, 'unit' | 'name'>): number => {
  const fail = (form: string): never => {
    throw new SpecificationError(`--by ${text}: how much ${name} differs by is ${form}.`)
  }
  const plain = /^\d*\.?\d+(e-?\d+)?$/.test(text) ? Number(text) : undefined
  if (unit === 'time') return parseDuration(text) ?? (plain === 0 ? 0 : fail('a time, such as "30 s"'))
  if (unit === 'bytes') {
    const [, count, size] = /^(\d*\.?\d+) ?(B|kB|MB|GB)$/.exec(text) ?? []
    return size === undefined ? (plain ?? fail('a size, such as "3 MB"')) : Number(count) * sizeUnits[size]
  }
  return plain ?? fail('a number from 0 up, such as .01')
}
