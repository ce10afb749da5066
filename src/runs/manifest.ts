import { join } from 'node:path'

import type { Payers } from '../costs/prices.js'
import type { Origin } from '../data/world.js'
import type { EngineName } from '../engine/open.js'
import { meantPath } from '../documents/meant-path.js'
import { shown } from '../documents/problem.js'
import { StorageError } from '../errors.js'
import type { Plan } from '../faults/plan.js'
import type { FaultReport } from '../faults/report.js'
import type { Failure } from '../flight/failure.js'
import type { Flight } from '../flight/flight.js'
import type { PrivacyReport } from '../flight/privacy-account.js'
import type { SeedPurpose } from '../simulation/specification.js'
import type { Micros } from '../time/micros.js'
import type { Disk } from './disk.js'
import type { Processor } from './processor.js'
import { demandShape, manifestShape } from './shape.js'

export type RunStatus = 'running' | 'complete' | 'interrupted' | 'failed'

/** Test rows of either label, by scenario and task. */
export type TestLabels = Readonly<Record<string, Readonly<Record<string, { readonly positives: number; readonly negatives: number }>>>>

/** `manifest.json`: what was flown, from what, and how it ended. */
export interface Manifest {
  readonly format: 'windtunnel-run'
  readonly version: 1
  readonly status: RunStatus
  readonly name: string
  readonly seed: string
  readonly seeds: Readonly<Record<SeedPurpose, string>>
  readonly engine: EngineName
  readonly workers: number
  /**
   * The specification with every default; a field that the script gives as a function is `{ "function": NAME }`. Of `seeds`
   * those that are given, absent where none is: the others follow from `seed`.
   */
  readonly specification: Readonly<Record<string, unknown>> & { readonly seeds?: Partial<Readonly<Record<SeedPurpose, string>>> }
  /** Fields that are functions of the script: with one of them, a replay needs the script. */
  readonly functions: readonly string[]
  /** Fields by which numbers steer events, so that events too can differ on another kind of processor; absent: none. */
  readonly readsNumbers?: readonly string[]
  /** The file it came from, relative to where the command ran; null for `simulate` called from a program. */
  readonly script: { readonly file: string; readonly sha256: string } | null
  /** The place of the run in a study, where it has one. */
  readonly study?: {
    readonly name: string
    readonly condition: string
    readonly variant: string
    /** The value of each axis along which the runs of the study differ, where it has such. */
    readonly point?: Readonly<Record<string, unknown>>
  }
  /** `--set` as given; already in `specification`. */
  readonly settings: readonly string[]
  /** The folder of `--data`, or null. */
  readonly data: string | null
  /** What was flown in place of what the specification's faults draw; absent: what they draw. */
  readonly plan?: Plan
  /** Names of the checks that watched. */
  readonly checks?: readonly string[]
  readonly world: {
    readonly name: string
    readonly scenarios: readonly {
      readonly name: string
      readonly rows: Readonly<Record<'train' | 'validation' | 'test', number>>
    }[]
    readonly tasks: readonly string[]
    readonly origins: readonly Origin[]
    readonly split: string
    readonly notes: readonly string[]
  }
  /** Test rows of either label, by scenario and binary task: how sure an AUC is. Earlier versions did not write it. */
  readonly labels?: TestLabels
  /** Trace files that schedules, links and devices follow. */
  readonly traces: readonly { readonly file: string; readonly sha256: string }[]
  /** Whom each of the specification's `costs.overrides` is about; absent: it has none. */
  readonly payers?: Payers
  /** The model of another run that it starts from, where it does: its file, and what that says of its run. */
  readonly start?: { readonly file: string; readonly sha256: string; readonly run: string; readonly round: number }
  /** The specification's; once the run has ended, also what came up while it flew. */
  readonly warnings: readonly string[]
  readonly versions: Readonly<Record<string, string>>
  readonly processor: Processor
  /** What follows is there once the run has ended. */
  readonly digest?: string
  readonly digests?: { readonly events: string; readonly numbers: string }
  readonly virtualTime?: Micros
  readonly rounds?: { readonly closed: number; readonly aborted: number }
  readonly selectedRound?: number
  /** The round at whose close `evaluate.until` was reached. */
  readonly reached?: number
  /** What it promises every client, where its specification has `privacy`. */
  readonly privacy?: PrivacyReport
  readonly faults?: readonly FaultReport[]
  /** How often each mark was passed, and what of the protocol was tried. */
  readonly marks?: Flight['marks']
  readonly coverage?: Flight['coverage']
  /** Bytes of all checkpoints that were written; absent where none was. */
  readonly stored?: number
  /** What checks that compare flights have compared, in words, by their names; absent where none did. */
  readonly compared?: Readonly<Record<string, string>>
  /** Real seconds and processor seconds that it took. No result depends on them. */
  readonly spent?: { readonly realSeconds: number; readonly cpuSeconds: number }
  readonly error?: string
  /** How the flight itself failed; absent where it did not, or where it was the disk's or the machine's doing. */
  readonly failure?: Failure
  /** The log of finished jobs: whether it is kept when the run is complete, and what it holds, where it has ended and is there. */
  readonly jobLog?: { readonly keep: boolean; readonly jobs?: number; readonly bytes?: number }
  /** How often it was flown on after it was broken off; of the last time, jobs that were read from the log, and others. */
  readonly resumed?: { readonly times: number; readonly recalled: number; readonly done: number }
  /** SHA-256 and length of every other file of the run, as it was written. */
  readonly files?: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>
  /** SHA-256 of this manifest without this field, as one line of JSON. */
  readonly sha256?: string
}

export const manifestFile = 'manifest.json'

/** The text of the file: there is one for every manifest. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** Reads a run's manifest. Errors if the folder is missing, or is not the folder of a run. */
export const readManifest = (folder: string, disk: Pick<Disk, 'exists' | 'read' | 'list'>): Manifest => {
  const file = join(folder, manifestFile)
  if (!disk.exists(folder)) {
    const meant = meantPath(folder, (above) => disk.list(above))
    throw new StorageError(`${folder} does not exist.${meant || ' Give the folder of a run, such as runs/NAME-SEED.'}`)
  }
  if (!disk.exists(file)) throw new StorageError(`${folder} is not the folder of a run: it has no ${manifestFile}.`)
  const manifest = contentOf(file, disk)
  if (manifest.format !== 'windtunnel-run' || manifest.version !== 1) {
    const found = `format ${told(manifest.format)}, version ${told(manifest.version)}`
    throw new StorageError(`${file} is not one that this version reads (${found}; expected "windtunnel-run", 1).`)
  }
  demandShape(manifestShape, manifest, file)
  return manifest as Manifest
}

const told = (value: unknown): string => (value === undefined ? 'undefined' : shown(value))

const contentOf = (file: string, disk: Pick<Disk, 'read'>): Partial<Manifest> => {
  let content: unknown
  try {
    content = JSON.parse(disk.read(file))
  } catch {
    throw new StorageError(`${file} is not JSON. Fly the run again.`)
  }
  if (typeof content === 'object' && content !== null) return content
  throw new StorageError(`${file} is not what a run writes. Fly the run again.`)
}

/** Errors if a run is not complete: what a run that failed, was broken off or is flown still has for numbers says nothing. */
export const demandComplete = (folder: string, { status }: Manifest): void => {
  if (status === 'complete') return
  const [what, advice] = status === 'failed'
    ? ['failed', `Leave it out; npx windtunnel shrink ${folder} looks for the simplest that fails so.`]
    : [`is ${status}`, `npx windtunnel resume ${folder} flies it to its end.`]
  throw new StorageError(`${folder} holds a run that ${what}: it is not complete. ${advice}`)
}
