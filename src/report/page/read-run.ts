import { join } from 'node:path'

import { realDisk } from '../../runs/disk.js'
import { rowFiles } from '../../runs/files.js'
import { readTold, type Told } from '../../runs/told.js'
import type { Examined } from '../../runs/seal.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import { type Band, bandsOf } from '../bands.js'
import { type Away, awaysIn } from '../lives.js'

/** A run as a report looks at it. */
export interface RunFacts extends Told {
  readonly folder: string
  readonly rounds: readonly RoundSummary[]
  /** When its faults may have struck. */
  readonly bands: readonly Band[]
  /** Who was dead or asleep. */
  readonly aways: readonly Away[]
  /** Whether its files are as they were written, and who says so. */
  readonly examined: Examined
}

/** Reads a run. Throws a `StorageError` for a folder that is of no run, and for files that are not as the run wrote them. */
export const readRun = (folder: string): RunFacts => {
  const { told, examined } = readTold(folder, realDisk)
  const rounds = told.rounds as readonly RoundSummary[]
  const aways = awaysIn(join(folder, rowFiles.events), endOf({ ...told, rounds }), realDisk)
  return { ...told, folder, rounds, bands: bandsOf(told.manifest, rounds), aways, examined }
}

/** When it ended, in virtual microseconds; of one that did not, when its last round closed. */
export const endOf = ({ virtualTime, rounds }: Pick<RunFacts, 'virtualTime' | 'rounds'>): number => virtualTime ?? rounds.at(-1)?.closed ?? 0
