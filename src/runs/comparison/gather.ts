import { SpecificationError, StorageError } from '../../errors.js'
import type { Disk } from '../disk.js'
import { rowFiles } from '../folder.js'
import { readManifest, type Manifest } from '../manifest.js'
import type { MetricRow } from '../../record/rows.js'
import { readRows } from '../rows.js'
import { labelsOf } from './label.js'

/** Which round's test scores are compared. */
export type At = 'selected' | 'last'

/** One run, as a table needs it. */
export interface ScoredRun {
  readonly folder: string
  readonly condition: string
  readonly variant: string
  readonly seed: string
  readonly round: number
  /** Test scores, in the order in which they were measured. */
  readonly scores: readonly { readonly scenario: string; readonly task: string; readonly value: number | null }[]
}

export interface Wanted {
  readonly metric: string
  readonly at: At
}

const lastRound = (rows: readonly MetricRow[]): number =>
  rows.reduce((last, row) => (row.split === 'test' ? Math.max(last, row.round) : last), 0)

/** A run that is complete, its manifest and its metrics. */
const readRun = (folder: string, disk: Disk): { folder: string; manifest: Manifest; rows: MetricRow[] } => {
  const manifest = readManifest(folder, disk)
  if (manifest.status !== 'complete') {
    throw new StorageError(`${folder} holds a run that is ${manifest.status}, not complete. Fly it again.`)
  }
  return { folder, manifest, rows: readRows<MetricRow>(folder, rowFiles.metrics, disk) }
}

/**
 * Reads run folders for a comparison of one metric. A run says its condition and variant if a study flew it; otherwise
 * they are named after what sets the specifications apart. Errors name the folder: one that is no complete run, that
 * lacks the metric, or that repeats another's condition, variant and seed.
 */
export const gather = (folders: readonly string[], { metric, at }: Wanted, disk: Disk): ScoredRun[] => {
  const runs = folders.map((folder) => readRun(folder, disk))
  const labels = labelsOf(runs.map(({ manifest }) => manifest))
  const taken = new Map<string, string>()
  return runs.map(({ folder, manifest, rows }, i) => {
    const round = at === 'last' ? lastRound(rows) : (manifest.selectedRound ?? lastRound(rows))
    const test = rows.filter((row) => row.round === round && row.split === 'test')
    const scores = test.filter((row) => row.metric === metric)
    if (scores.length === 0) {
      const known = [...new Set(test.map((row) => row.metric))].join(', ')
      throw new SpecificationError(`${folder} has no ${metric} on test after round ${round}. It has: ${known}.`)
    }
    const { condition, variant } = labels[i]
    const key = JSON.stringify([condition, variant, manifest.seed])
    if (taken.has(key)) {
      throw new SpecificationError(
        `${folder} and ${taken.get(key)} are both ${variant} of ${condition} with seed ${manifest.seed}: ` +
          'leave one out, or fly it with another seed.',
      )
    }
    taken.set(key, folder)
    return {
      folder, condition, variant, round, seed: manifest.seed,
      scores: scores.map(({ scenario, task, value }) => ({ scenario, task, value })),
    }
  })
}
