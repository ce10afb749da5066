import { SpecificationError } from '../../errors.js'
import { permutation, streams } from '../../random/streams.js'
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

/** The configuration whose mean score over its trials is best; the first of equals. */
export const choose = (scores: readonly (readonly number[])[]): number =>
  scores.map(mean).reduce((best, score, i, all) => (score > all[best] ? i : best), 0)

/** The setting of a path in a configuration. */
const valueIn = (set: Configuration, path: string): unknown => {
  const own = set.find((setting) => setting.startsWith(`${path}=`))
  return own === undefined ? undefined : (JSON.parse(own.slice(path.length + 1)) as unknown)
}

const settingOf = (path: string, value: unknown): string => `${path}=${JSON.stringify(value)}`

/** Short enough to read, and the same wherever it is worked out. */
const rounded = (value: number): number => Number(value.toPrecision(6))

/**
 * The value that a geometric grid would have next, beyond the end at which the best lies: a whole one, if all are.
 * Undefined where the best lies inside, or where there is no next.
 */
const beyond = (tried: readonly number[], best: number): number | undefined => {
  const sorted = [...new Set(tried)].sort((a, b) => a - b)
  const last = sorted.length - 1
  if (last < 1 || sorted[0] <= 0 || (best !== sorted[0] && best !== sorted[last])) return undefined
  const next = best ** 2 / (best === sorted[0] ? sorted[1] : sorted[last - 1])
  if (!sorted.every(Number.isInteger)) return rounded(next)
  const whole = best === sorted[0] ? Math.floor(next) : Math.ceil(next)
  return whole > 0 && whole !== best ? whole : undefined
}

/**
 * The configurations by which a search goes on that has ended at an end of a grid: the chosen one, with one number beyond
 * the end. Numbers above 0 of which at least two were tried; the others of a grid have no order, or no next.
 */
export const widened = (best: Configuration, tried: readonly Configuration[]): Configuration[] =>
  best.flatMap((setting, i) => {
    const path = setting.slice(0, setting.indexOf('='))
    const values = tried.map((set) => valueIn(set, path))
    const own = valueIn(best, path)
    if (typeof own !== 'number' || !values.every((value) => typeof value === 'number')) return []
    const next = beyond(values, own)
    if (next === undefined) return []
    return [best.map((other, j) => (j === i ? settingOf(path, next) : other))]
  })
