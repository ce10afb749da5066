import { join } from 'node:path'

import { validationScore } from '../../metrics/judging.js'
import type { MetricRow } from '../../record/rows.js'
import { realDisk } from '../disk.js'
import { rowFiles } from '../files.js'
import type { Order, Outcome } from '../fleet/fleet.js'
import { settles } from '../fleet/fly-order.js'
import { readManifest } from '../manifest.js'
import { readRows } from '../rows.js'
import { folderName, type Cell } from './cell.js'
import type { StudyPlan } from './study.js'
import { choose, type Configuration, configurationsOf, widened } from './tuning.js'

/** What tuning found for a variant under a condition. */
export interface Found {
  readonly set: Configuration
  /** It lies at an end of what was tried, and the search was not widened further. */
  readonly atEnd: boolean
}

/** How often a search goes on beyond the ends of its grid. */
const WIDENINGS = 4

/** What a search flies its trials with. */
export interface Trials {
  readonly plan: StudyPlan
  /** The study's folder. */
  readonly out: string
  readonly fly: (order: Order) => Promise<Outcome>
  /** Told how many trials there are beyond those of the grid. */
  readonly more: (trials: number) => void
}

/** The trials that the grid alone has. */
export const trialsOf = ({ name, tuning }: StudyPlan, { variant }: Pick<Cell, 'variant'>): number =>
  tuning === undefined ? 0 : configurationsOf(tuning, name, variant).length * tuning.seeds

/** What a run is worth: read from its folder, so that one that was there already counts the same. */
export const scoreIn = (folder: string): number => {
  const { selectedRound } = readManifest(folder, realDisk)
  return validationScore(readRows<MetricRow>(folder, rowFiles.metrics, realDisk), selectedRound ?? 0)
}

type Failure = Extract<Outcome, { status: 'failed' }>

/**
 * Searches the grid, and goes on beyond its ends as long as the best lies at one. Trials have seeds of their own, and are
 * judged on validation alone. One that fails is the worst there is; where all do, so does the search.
 */
export const search = async (cell: Cell, { plan, out, fly, more }: Trials): Promise<Found | Failure | 'interrupted'> => {
  const { condition, variant } = cell
  const tuning = plan.tuning!
  const orderOf = (set: Configuration, place: number, seed: number): Order => ({
    condition, variant, seed: `tuning-${seed}`, set, trial: true,
    folder: join('tuning', folderName(condition), folderName(variant), `${place}-seed-${seed}`),
  })
  let failure: Failure | undefined
  const all: Configuration[] = []
  const scores: number[][] = []
  const best = (): Configuration => all[choose(scores)]

  /** The scores of a configuration, one for each tuning seed; undefined if it was interrupted. */
  const tried = async (set: Configuration, place: number): Promise<number[] | undefined> => {
    const orders = Array.from({ length: tuning.seeds }, (_, s) => orderOf(set, place, s + 1))
    const outcomes = await Promise.all(orders.map(fly))
    if (outcomes.some(({ status }) => status === 'interrupted')) return undefined
    return outcomes.map((outcome, s) => {
      if (outcome.status !== 'failed') return scoreIn(join(out, orders[s].folder))
      failure ??= outcome
      return -Infinity
    })
  }

  let next: readonly Configuration[] = configurationsOf(tuning, plan.name, variant)
  for (let widening = 0; next.length > 0; widening++) {
    if (widening > 0) more(next.length * tuning.seeds)
    const before = all.length
    all.push(...next)
    const found = await Promise.all(next.map((set, i) => tried(set, before + i + 1)))
    for (const own of found) {
      if (own === undefined) return 'interrupted'
      scores.push(own)
    }
    if (failure !== undefined && scores.flat().every((score) => score === -Infinity)) {
      return { ...failure, why: `no trial of its tuning came to a score: ${failure.why}` }
    }
    next = widened(best(), all).filter((set) => settles(plan, orderOf(set, 0, 1)))
    if (widening === WIDENINGS) return { set: best(), atEnd: next.length > 0 }
  }
  return { set: best(), atEnd: false }
}
