import { SpecificationError } from '../../errors.js'
import { judging, metrics as known } from '../../metrics/metric.js'
import { permutation, streams } from '../../random/streams.js'
import type { MetricRow } from '../../record/rows.js'
import { mean } from '../../statistics/moments.js'
import type { Tuning } from './study.js'

/** One configuration: `PATH=VALUE` settings, as `--set` takes them. */
export type Configuration = readonly string[]

/** Every combination of the values, the last path turning fastest. */
const grid = (space: Readonly<Record<string, readonly unknown[]>>): Configuration[] =>
  Object.entries(space).reduce<Configuration[]>(
    (all, [path, values]) =>
      all.flatMap((before) => values.map((value) => [...before, `${path}=${JSON.stringify(value)}`])),
    [[]],
  )

/**
 * The configurations that a variant gets: of the grid of the common space and its own, as many as every other variant
 * gets. Where the grid has more, they are drawn without replacement (random search: Bergstra and Bengio, JMLR 13, 2012)
 * from a stream of the variant's name, and kept in the grid's order.
 */
export const configurationsOf = (tuning: Tuning, study: string, variant: string): Configuration[] => {
  const all = grid({ ...tuning.space, ...tuning.own?.[variant] })
  if (all.length < tuning.configurations) {
    throw new SpecificationError(
      `${study}: the search space of ${variant} has ${all.length} configurations, fewer than the ` +
        `${tuning.configurations} that every variant gets. Add values, or lower tuning.configurations.`,
    )
  }
  const order = permutation(all.length, streams(study)('tuning', variant))
  const drawn = new Set(order.subarray(0, tuning.configurations))
  return all.filter((_, i) => drawn.has(i))
}

/** The mean validation score at the selected round, larger is better; -Infinity where nothing was validated. */
export const validationScore = (rows: readonly MetricRow[], round: number): number => {
  const of = (metric: string): number[] =>
    rows.flatMap((row) =>
      row.round === round && row.split === 'validation' && row.metric === metric && row.value !== null
        ? [row.value]
        : [],
    )
  const metric = judging.find((name) => of(name).length > 0)
  if (metric === undefined) return -Infinity
  const score = mean(of(metric))
  return Number.isNaN(score) ? -Infinity : known[metric].better === 'higher' ? score : -score
}

/** The configuration whose mean score over its trials is best; the first of equals. */
export const choose = (scores: readonly (readonly number[])[]): number =>
  scores.map(mean).reduce((best, score, i, all) => (score > all[best] ? i : best), 0)
