import type { Failure } from '../../flight/failure.js'
import type { Manifest } from '../manifest.js'
import type { SimulateOptions } from '../simulate.js'

/** What to look at when a run is replayed. */
export interface ReplayOptions extends Pick<SimulateOptions, 'workers' | 'cwd' | 'signal'> {
  /** Read finished jobs from the log that the run kept, in place of training. Default: all is trained again. */
  readonly jobs?: boolean | undefined
}

/** What a replay that found no difference can say. */
export interface Replayed {
  readonly manifest: Manifest
  /** Of the flight; undefined where it failed, as the run had, or was interrupted. */
  readonly digest: string | undefined
  /** Canonical events that were the same: all that were compared, unless `notes` say where they part. */
  readonly events: number
  readonly numbers: 'same' | 'within tolerance' | 'not compared'
  /** How the run had failed, and has failed again. */
  readonly failure?: Failure
  /** Whether all of the run was compared, bit by bit, and its manifest vouches for its files: `notes` say what not. */
  readonly entire: boolean
  /** Fields of the manifest that were not compared: with what and where it flew, which no flight gives again, and the like. */
  readonly notCompared: readonly string[]
  /** Why numbers were not compared bit by bit, and the like. */
  readonly notes: readonly string[]
}
