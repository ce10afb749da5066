import { join } from 'node:path'

import { StorageError } from '../../errors.js'
import type { FlightEvent } from '../../record/event.js'
import { eventKinds } from '../../record/journal.js'
import { type Again, checkWorld, flightOf } from '../again.js'
import type { Disk } from '../disk.js'
import type { RowFile } from '../files.js'
import { JobLog, jobsFile, makerOfLog } from '../jobs/job-log.js'
import { makerOf, makersDiffer } from '../jobs/maker.js'
import type { Manifest } from '../manifest.js'
import { thisProcessor } from '../processor.js'
import { rawRows } from '../raw-rows.js'
import { conduct, type Callbacks, type Run } from '../simulate.js'
import { demandSameBeginning } from './compare-manifest.js'
import type { ReplayOptions } from './replayed.js'

/** The jobs that a run kept, to be read in place of training; refused where they are of another machine or version. */
export const keptJobs = (folder: string, { engine }: Manifest, versions: Manifest['versions'], disk: Disk): JobLog => {
  const there = makerOfLog(folder, disk)
  if (there === undefined) {
    throw new StorageError(`${folder} has no ${jobsFile} to read jobs from. Replay without --jobs, which trains, or fly it with run --keep-jobs.`)
  }
  const here = makerOf({ engine, processor: thisProcessor(), versions })
  const why = makersDiffer(there, here)
  if (why !== undefined) throw new StorageError(`${join(folder, jobsFile)} is of no use here: ${why}. Replay without --jobs, which trains.`)
  return JobLog.open(folder, here, disk, { frozen: true })
}

/** How far a flight has come. */
export interface Came {
  /** Canonical events, each of which is a line. */
  readonly events: number
  /** By file, rows as they happened. */
  readonly rows: Readonly<Record<Exclude<RowFile, 'events'>, readonly string[]>>
  /** Lines that were handed out, and how often some were: where a round that closed is scored, and at the end. */
  readonly lines: readonly string[]
  readonly handed: number
}

export interface FlownAgain extends Came {
  readonly run: Run
  readonly jobs: JobLog | undefined
}

const canonical: ReadonlySet<FlightEvent['kind']> = new Set([...eventKinds, 'copy'])

/** Flies the run of a manifest again, wholly or until somebody says that it is far enough. */
export class AgainFrom {
  readonly #folder: string
  readonly #manifest: Manifest
  readonly #options: ReplayOptions
  readonly #watch: Callbacks
  readonly #disk: Disk
  #again: Again | undefined

  constructor(folder: string, manifest: Manifest, options: ReplayOptions, disk: Disk, watch: Omit<Callbacks, 'disk'>) {
    this.#folder = folder
    this.#manifest = manifest
    this.#options = options
    this.#disk = disk
    this.#watch = watch
  }

  get interrupted(): boolean {
    return this.#options.signal?.aborted === true
  }

  /**
   * Ends before the step after the one in which `far` first holds, which is asked after each event and when lines are handed
   * out. `told`: who watches is told.
   */
  async fly(far: (came: Came) => boolean, told: boolean): Promise<FlownAgain> {
    const { workers, cwd = process.cwd(), signal, jobs: reads } = this.#options
    const watch = told ? this.#watch : {}
    this.#again ??= await flightOf(this.#manifest, cwd)
    const stop = new AbortController()
    const onAbort = (): void => stop.abort()
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) stop.abort()
    const rows = { ledger: [] as string[], metrics: [] as string[], rounds: [] as string[], trainings: [] as string[] }
    const came = { events: 0, rows, lines: [] as string[], handed: 0 }
    const look = (): void => {
      if (!stop.signal.aborted && far(came)) stop.abort()
    }
    let jobs: JobLog | undefined
    try {
      const run = await conduct(this.#again.specification, { ...this.#again.options, workers, cwd, signal: stop.signal }, {
        ...watch,
        onReady: async (about) => {
          await watch.onReady?.(about)
          look()
        },
        onEvent: (event) => {
          if (canonical.has(event.kind)) came.events++
          const raw = rawRows(event)
          for (const row of raw?.rows ?? []) rows[raw!.file].push(JSON.stringify(row))
          look()
          watch.onEvent?.(event)
        },
        onLines: (lines) => {
          for (const line of lines) came.lines.push(line)
          came.handed++
          look()
          watch.onLines?.(lines)
        },
        onGround: ({ world, described }) => {
          checkWorld(this.#manifest, world)
          demandSameBeginning(this.#manifest, described)
          return reads === true ? (jobs = keptJobs(this.#folder, this.#manifest, described.versions, this.#disk)) : undefined
        },
      })
      return { ...came, run, jobs }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }
}
