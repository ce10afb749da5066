import type { FaultReport } from '../../faults/report.js'
import { mean } from '../../statistics/moments.js'
import type { Micros } from '../../time/micros.js'
import type { Manifest } from '../manifest.js'
import type { RoundSummary } from '../../flight/round-summaries.js'

/** What one run took. Undefined where its folder does not say: it was written by an earlier version. */
export interface Spent {
  readonly closed: number
  readonly aborted: number
  readonly virtualTime: Micros
  readonly trainings: number | undefined
  readonly examples: number | undefined
  /** Bytes that left clients' lines. */
  readonly up: number | undefined
  readonly down: number | undefined
  /** Bytes of checkpoints; 0 where there are none. */
  readonly stored: number
  readonly faults: readonly Pick<FaultReport, 'id' | 'text' | 'fired'>[]
}

export const spentOf = (manifest: Manifest, rounds: readonly Partial<RoundSummary>[]): Spent => {
  const total = (of: 'trainings' | 'examples' | 'up' | 'down'): number | undefined =>
    rounds.every((row) => row[of] !== undefined) && rounds.length > 0
      ? rounds.reduce((sum, row) => sum + row[of]!, 0)
      : undefined
  return {
    closed: manifest.rounds?.closed ?? 0,
    aborted: manifest.rounds?.aborted ?? 0,
    virtualTime: manifest.virtualTime ?? 0,
    trainings: total('trainings'),
    examples: total('examples'),
    up: total('up'),
    down: total('down'),
    stored: rounds.reduce((sum, row) => sum + (row.stored ?? 0), 0),
    faults: manifest.faults ?? [],
  }
}

/** A run as far as this file goes. */
interface Spender {
  readonly condition: string
  readonly variant: string
  readonly spent: Spent
}

/** Means over the runs of one variant under one condition. */
export interface Cost {
  readonly condition: string
  readonly variant: string
  readonly runs: number
  readonly closed: number
  readonly aborted: number
  readonly virtualTime: number
  /** NaN where a run does not say. */
  readonly trainings: number
  readonly examples: number
  readonly up: number
  readonly down: number
  readonly stored: number
  /** How often faults struck, all together. */
  readonly fired: number
}

const groups = (runs: readonly Spender[]): readonly (readonly Spender[])[] => {
  const found = new Map<string, Spender[]>()
  for (const run of runs) {
    const key = JSON.stringify([run.condition, run.variant])
    found.set(key, [...(found.get(key) ?? []), run])
  }
  return [...found.values()]
}

const firedIn = ({ spent }: Spender): number => spent.faults.reduce((sum, { fired }) => sum + fired, 0)

/** What runs took, by condition and variant, in their order of appearance. */
export const costsOf = (runs: readonly Spender[]): Cost[] =>
  groups(runs).map((own) => {
    const average = (of: (spent: Spent) => number | undefined): number => mean(own.map(({ spent }) => of(spent) ?? NaN))
    const [{ condition, variant }] = own
    return {
      condition, variant, runs: own.length,
      closed: average(({ closed }) => closed),
      aborted: average(({ aborted }) => aborted),
      virtualTime: average(({ virtualTime }) => virtualTime),
      trainings: average(({ trainings }) => trainings),
      examples: average(({ examples }) => examples),
      up: average(({ up }) => up),
      down: average(({ down }) => down),
      stored: average(({ stored }) => stored),
      fired: mean(own.map(firedIn)),
    }
  })

/** Firings that are further apart than this are other weather. */
const apart = 1.25

const times = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(1))

/**
 * What a reader must know of the weather that compared runs met, a sentence each: faults that struck one variant more
 * often than another under the same condition, and faults that never struck.
 */
export const weatherWarnings = (runs: readonly Spender[]): string[] => {
  const conditions = [...new Set(runs.map(({ condition }) => condition))]
  return conditions.flatMap((condition) => {
    const own = groups(runs.filter((run) => run.condition === condition))
    const faults = new Map(own.flat().flatMap(({ spent }) => spent.faults.map(({ id, text }) => [id, text] as const)))
    return [...faults].flatMap(([id, text]) => {
      const met = own.flatMap((group) => {
        const fired = group.flatMap(({ spent }) => spent.faults.filter((fault) => fault.id === id).map((fault) => fault.fired))
        return fired.length === 0 ? [] : [{ variant: group[0].variant, fired: mean(fired) }]
      })
      if (met.every(({ fired }) => fired === 0)) return [`${condition}: ${text}: never fired.`]
      const sorted = met.toSorted((a, b) => a.fired - b.fired)
      const [least, most] = [sorted[0], sorted[sorted.length - 1]]
      if (most.fired <= apart * least.fired) return []
      return [
        `${condition}: not the same weather: ${text}: fired ${times(most.fired)} times a run under ${most.variant}, ` +
          `${times(least.fired)} under ${least.variant}. Where rounds are not alike, give windows in virtual time.`,
      ]
    })
  })
}
