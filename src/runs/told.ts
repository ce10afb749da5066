import { join } from 'node:path'

import { StorageError } from '../errors.js'
import type { Flight } from '../flight/flight.js'
import type { RoundSummary } from '../flight/round-summaries.js'
import type { LedgerRow, MetricRow, RoundRow, TrainingRow } from '../record/rows.js'
import type { Resolved } from '../simulation/specification.js'
import type { Disk } from './disk.js'
import { rowFiles } from './files.js'
import type { Manifest, RunStatus } from './manifest.js'
import { readRows } from './rows.js'
import { type Examined, examine, formatBroken } from './seal.js'

/** What is told of a run: by the flight that has just ended, or by what its folder holds. Undefined: the run did not come to it. */
export interface Told
  extends Pick<Flight, 'metrics' | 'ledger' | 'trainings' | 'faults' | 'marks' | 'selectedRound' | 'reached'>,
    Partial<Pick<Flight, 'digest' | 'digests' | 'virtualTime' | 'coverage' | 'privacy'>> {
  readonly status: RunStatus
  readonly rounds: readonly RoundRow[]
  /** What was written down, as far as it counts bytes. */
  readonly checkpoints: readonly { readonly bytes: number }[]
  readonly resolved: Pick<Resolved, 'name' | 'seed' | 'engine' | 'workers'> & { readonly evaluate?: Partial<Resolved['evaluate']> }
  readonly manifest: Manifest
  readonly warnings: readonly string[]
  readonly folder?: string | undefined
  readonly spent?: Manifest['spent'] | undefined
  readonly compared: Readonly<Record<string, string>>
}

type Read = Pick<Disk, 'exists' | 'read'>

/** Rows of a file that a run came to: of one that has not ended, the file may not be there. */
const rowsOf = <Row>(folder: string, file: string, { status }: Manifest, disk: Read): readonly Row[] =>
  status !== 'complete' && !disk.exists(join(folder, file)) ? [] : readRows<Row>(folder, file, disk)

/** Bytes of all checkpoints: of one after the last round, no round tells, and earlier versions said no sum. */
const checkpointsOf = ({ stored }: Manifest, rounds: readonly RoundSummary[]): Told['checkpoints'] =>
  stored !== undefined ? [{ bytes: stored }] : rounds.flatMap((round) => (round.stored === undefined ? [] : [{ bytes: round.stored }]))

/** Of a run that says of no round that it was selected: the last that was scored. */
const lastOf = (metrics: readonly MetricRow[]): number => metrics.reduce((last, { round }) => Math.max(last, round), 0)

/**
 * What a run has told at its end, read from its folder, and how sound that is. Of one that was broken off or failed it is what is
 * there. Refuses a folder that is of no run, and files that are not as the run wrote them.
 */
export const readTold = (folder: string, disk: Disk): { readonly told: Told; readonly examined: Examined } => {
  const examined = examine(folder, disk)
  const { manifest, broken } = examined
  if (broken.length > 0) {
    throw new StorageError(
      `${folder} is not as the run wrote it: ${formatBroken(broken)}. Fly the run again; \`npx windtunnel replay ${folder}\` names what differs.`,
    )
  }
  const metrics = rowsOf<MetricRow>(folder, rowFiles.metrics, manifest, disk)
  const rounds = rowsOf<RoundSummary>(folder, rowFiles.rounds, manifest, disk)
  const { status, name, seed, engine, workers, specification, warnings, digest, digests, virtualTime, coverage, spent, reached, privacy } = manifest
  const { evaluate } = specification as { evaluate?: Partial<Resolved['evaluate']> }
  const told: Told = {
    status, metrics, manifest, warnings, digest, digests, virtualTime, coverage, spent, reached, privacy, folder,
    ledger: rowsOf<LedgerRow>(folder, rowFiles.ledger, manifest, disk),
    trainings: rowsOf<TrainingRow>(folder, rowFiles.trainings, manifest, disk),
    rounds,
    checkpoints: checkpointsOf(manifest, rounds),
    faults: manifest.faults ?? [],
    marks: manifest.marks ?? {},
    selectedRound: manifest.selectedRound ?? lastOf(metrics),
    resolved: { name, seed, engine, workers, evaluate },
    compared: manifest.compared ?? {},
  }
  return { told, examined }
}
