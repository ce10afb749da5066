import { didYouMean } from '../documents/did-you-mean.js'
import { SpecificationError } from '../errors.js'
import type { Measured } from './judging.js'
import { diverged } from './judging.js'
import { levelMetrics } from './level.js'
import { metrics } from './metric.js'

/** Which scores of a flight are meant. */
export interface Asked {
  /** As it was written. */
  readonly text: string
  readonly split: 'validation' | 'test'
  readonly metric: string
  /** Words for whose scores: a scenario, a task, or a scenario and a task; absent: the mean over all. */
  readonly of?: readonly string[]
  /** After which round; absent: the last that is scored. */
  readonly round?: number
}

/** Something that is so or not of the scores of a flight: `auc < .65`, `test auc of NL/ctr@5 > .7`. */
export interface Condition extends Asked {
  readonly sign: '<' | '>'
  readonly value: number
}

/** A scored row, with the scenario and task that it is of. */
export interface ConditionRow extends Measured {
  readonly scenario: string
  readonly task: string
}

const pattern = /^\s*(?:(validation|test)\s+)?(\S+)(?:\s+of\s+(.+?))?\s*(<=|>=|[<>=])\s*(-?\d*\.?\d+(?:e-?\d+)?)\s*$/
const lateRound = /^(.+)@(\d+)$/

const form = 'Write "auc < .65", "test auc > .7", or with whose scores and after which round, "log-loss of NL/ctr@5 > .4"'

/**
 * `METRIC[ of SCENARIO/TASK][@ROUND] < VALUE`, or with `>`, `test` before it or not: as for a level, scores are those of
 * validation where nothing is said. `of NL` is a scenario's mean over tasks, `of ctr` a task's over scenarios. Throws a
 * `SpecificationError` that says what is wrong, with the nearest name.
 */
export const parseCondition = (text: string): Condition => {
  const match = pattern.exec(text)
  if (match === null) throw new SpecificationError(`"${text}" is no condition. ${form}.`)
  const [, split = 'validation', named, whose, sign, value] = match
  if (sign !== '<' && sign !== '>') throw new SpecificationError(`"${text}": a score is never just "${sign}". Write < or >.`)
  const late = lateRound.exec(whose ?? named)
  // ndcg@20 is a metric of its own.
  const cut = late !== null && (whose !== undefined || !levelMetrics.includes(named))
  const metric = cut && whose === undefined ? late[1] : named
  if (!levelMetrics.includes(metric)) {
    const hint = didYouMean(metric, levelMetrics)
    throw new SpecificationError(`"${text}": there is no metric ${metric} of every round.${hint && ` ${hint}`} Known: ${levelMetrics.join(', ')}.`)
  }
  const of = cut && whose !== undefined ? late[1] : whose
  return {
    text: text.trim(), split: split as Condition['split'], metric, sign, value: Number(value),
    ...(of !== undefined && { of: of.split('/').map((word) => word.trim()) }),
    ...(cut && { round: Number(late[2]) }),
  }
}

/** Is it one of those that are meant? */
export const isOf = ({ of }: Pick<Asked, 'of'>, { scenario, task }: ConditionRow): boolean =>
  of === undefined || (of.length === 1 ? of[0] === scenario || of[0] === task : of[0] === scenario && of[1] === task)

/** The round after which it is asked: its own, or the last that was scored at all. */
export const roundOfCondition = ({ round, split }: Pick<Asked, 'round' | 'split'>, rows: readonly ConditionRow[]): number =>
  round ?? rows.reduce((last, row) => (row.split === split ? Math.max(last, row.round) : last), 0)

/** Refuses to be asked for what these rows do not have: says what, with the nearest name. */
export const demandMeasured = (condition: Asked, rows: readonly ConditionRow[]): void => {
  const { text, split, metric, of = [] } = condition
  const fail = (why: string): never => {
    throw new SpecificationError(`"${text}": ${why}`)
  }
  const own = rows.filter((row) => row.split === split)
  const others = [...new Set(rows.map((row) => row.split))].filter((other) => other !== split && other !== 'train')
  if (own.length === 0) fail(`${split} was not scored. ${others.length > 0 ? `Scored was ${others.join(', ')}: put that before the metric.` : 'Nothing was.'}`)
  const round = roundOfCondition(condition, rows)
  const there = own.filter((row) => row.round === round)
  if (there.length === 0) fail(`${split} was not scored after round ${round}. It was after ${[...new Set(own.map((row) => row.round))].join(', ')}.`)
  const measured = [...new Set(there.map((row) => row.metric))]
  if (!measured.includes(metric)) fail(`${metric} was not measured. Measured was ${measured.join(', ')}.`)
  const scenarios = [...new Set(there.map(({ scenario }) => scenario))]
  const tasks = [...new Set(there.map(({ task }) => task))]
  const known = (word: string, names: readonly string[], what: string): void => {
    if (names.includes(word)) return
    const hint = didYouMean(word, names)
    fail(`there is no ${what} "${word}".${hint && ` ${hint}`} There is ${names.join(', ')}.`)
  }
  if (of.length > 2) fail('name a scenario, a task, or SCENARIO/TASK.')
  if (of.length === 2) {
    known(of[0], scenarios, 'scenario')
    known(of[1], tasks, 'task')
  }
  if (of.length === 1) {
    known(of[0], [...scenarios, ...tasks], 'scenario or task')
    if (scenarios.includes(of[0]) && tasks.includes(of[0])) fail(`"${of[0]}" is a scenario and a task. Write SCENARIO/TASK.`)
  }
}

/**
 * The mean of what is defined. Where a model diverged it is as bad as can be: below every score, or above every loss.
 * undefined where nothing was scored, or nothing is defined.
 */
export const valueOfCondition = (condition: Condition, rows: readonly ConditionRow[]): number | undefined => {
  const { metric, split } = condition
  const round = roundOfCondition(condition, rows)
  const own = rows.filter((row) => row.split === split && row.round === round && isOf(condition, row))
  if (own.some(diverged)) return metrics[metric].better === 'higher' ? -Infinity : Infinity
  const values = own.flatMap((row) => (row.metric === metric && row.value !== null ? [row.value] : []))
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Is it so? Not where there is no value. */
export const holds = (condition: Condition, rows: readonly ConditionRow[]): boolean => {
  const value = valueOfCondition(condition, rows)
  if (value === undefined) return false
  return condition.sign === '<' ? value < condition.value : value > condition.value
}
