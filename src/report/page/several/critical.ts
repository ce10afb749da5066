import { streams } from '../../../random/streams.js'
import { criticalLevel, type CriticalLevel } from '../../../statistics/crossing.js'
import type { Slice } from './axes.js'
import type { SeveralFacts } from './read-several.js'
import { runsOf } from './spent.js'

/** Bootstrap samples of seeds. */
export const samples = 2000

/** Where a variant's mean crosses a baseline's along a slice. */
export interface Critical extends CriticalLevel {
  readonly variant: string
  readonly baseline: string
  readonly task: string
  /** The mean difference at every level. */
  readonly differences: readonly number[]
}

/** Scores of a task by seed, one for each level; NaN where a level has none. */
const bySeed = (facts: SeveralFacts, { levels }: Slice, variant: string, task: string): ReadonlyMap<string, number[]> => {
  const found = new Map<string, number[]>()
  for (const [i, { condition }] of levels.entries()) {
    for (const { manifest: { seed }, summed } of runsOf(facts, condition, variant)) {
      const own = found.get(seed) ?? levels.map(() => NaN)
      own[i] = summed.scores.get(task)?.mean ?? NaN
      found.set(seed, own)
    }
  }
  return found
}

/**
 * Critical levels of every variant against every baseline, over the seeds that both have at every level. All of a slice meet the
 * same samples of seeds.
 */
export const criticalsOf = (facts: SeveralFacts, slice: Slice, task: string): Critical[] => {
  if (!('baselines' in facts.compared)) return []
  const { baselines } = facts.compared
  const levels = slice.levels.map(({ value }) => value)
  return baselines.flatMap((baseline, b) => {
    const theirs = bySeed(facts, slice, baseline, task)
    const before = new Set(baselines.slice(0, b + 1))
    return facts.variants.filter((variant) => !before.has(variant)).flatMap((variant) => {
      const own = [...bySeed(facts, slice, variant, task)].toSorted(([a], [c]) => a.localeCompare(c, 'en', { numeric: true }))
      const paired = own.flatMap(([seed, values]) => {
        const others = theirs.get(seed)
        return others === undefined ? [] : [values.map((value, i) => value - others[i])]
      })
      const found = criticalLevel(levels, paired, streams('report')('critical level', slice.axis, slice.others), { samples })
      const whole = paired.filter((values) => values.every((value) => !Number.isNaN(value)))
      const differences = levels.map((_, i) => whole.reduce((sum, values) => sum + values[i], 0) / whole.length)
      return [{ ...found, variant, baseline, task, differences }]
    })
  })
}

const level = (value: number): string => String(Number(value.toPrecision(3)))

const share = (value: number): string => (value > 0 && value < 0.001 ? '<0.1 %' : `${(100 * value).toFixed(1)} %`)

/** Where it crosses, in words, and on which side the variant is the better one. */
export const crossingText = ({ crossings, differences, units }: Critical, levels: readonly number[], lower: boolean): string => {
  if (units === 0) return 'no seed is there at every level'
  const better = (sign: number): string => (sign > 0 === lower ? 'worse' : 'better')
  if (crossings.length > 0) return crossings.map(({ at, before }) => `${level(at)} (${better(before)} below, ${better(-before)} beyond)`).join('; ')
  const signs = new Set(differences.map(Math.sign).filter((sign) => sign !== 0))
  const side = signs.size === 0 ? 'alike at all of them' : `${better([...signs][0])} at ${differences.includes(0) ? 'all that differ' : 'all of them'}`
  return `no crossing within the levels, ${level(levels[0])} to ${level(levels.at(-1)!)}: ${side}`
}

/** The interval of the first crossing; what lies beyond the levels is said, and not cut off. */
export const intervalText = ({ crossings, crossed, interval: [low, high], units, censored: { below, beyond } }: Critical, levels: readonly number[]): string => {
  if (units < 2) return units === 1 ? 'one seed: none' : '-'
  if (crossings.length === 0) return `none; ${share(1 - crossed)} of samples do not cross`
  const from = low === -Infinity ? `below ${level(levels[0])}` : low === Infinity ? `beyond ${level(levels.at(-1)!)}` : level(low)
  const to = high === Infinity ? `beyond ${level(levels.at(-1)!)}` : high === -Infinity ? `below ${level(levels[0])}` : level(high)
  const outside = [below > 0 && `${share(below)} of samples below the levels`, beyond > 0 && `${share(beyond)} beyond them`].filter((one) => one !== false)
  return `[${from}, ${to}]${crossings.length > 1 ? ' of the first' : ''}${outside.length > 0 ? `; ${outside.join(', ')}` : ''}`
}
