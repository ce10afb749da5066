import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { asError, StorageError } from '../errors.js'
import { failureOf, isOutside } from '../flight/failure.js'
import type { Flight } from '../flight/flight.js'
import type { FlightEvent } from '../record/event.js'
import { conclude } from './describe.js'
import type { Disk } from './disk.js'
import { blockFiles, every, type RowFile, rowFiles, rowLines } from './files.js'
import { JobLog, type JobLogOptions } from './jobs/job-log.js'
import type { Maker } from './jobs/maker.js'
import { manifestFile, manifestText, type Manifest } from './manifest.js'
import { clear, type IfTaken, leave, type Place, take } from './place.js'
import { roundPrices } from './priced.js'
import { rawRows } from './raw-rows.js'
import { toNdjson } from './rows.js'
import { sealed } from './seal.js'

/** Why something could not be written, in words. */
export const whyOf = (cause: unknown): string => {
  const code = (cause as { code?: string }).code
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'writing there is not allowed'
  if (!(cause instanceof Error)) return String(cause)
  // What the system says without the path, which the message has anyway.
  return code === undefined ? cause.message : cause.message.replace(/, \w+ '[^]*$/, '')
}

/** The log of finished jobs that a run is to have. */
export interface Logged extends JobLogOptions {
  readonly maker: Maker
}

/** What a manifest says of an error; of one that throws when it is looked at, such as one that is its own cause, that it does. */
const toldOf = (error: unknown, cwd: string): Pick<Manifest, 'error' | 'failure'> => {
  try {
    const { name, message } = asError(error)
    return { error: `${name}: ${message}`, ...(!isOutside(error) && { failure: failureOf(error, cwd) }) }
  } catch (cause) {
    const message = `An error that cannot be looked at was thrown: ${cause instanceof Error ? cause.message : String(cause)}`
    return { error: message, failure: { kind: 'crash', what: 'an error that cannot be looked at', message } }
  }
}

/** What was written to a file, as its hash and its length. */
class Written {
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(content: string | Uint8Array) {
    this.add(content)
  }

  add(content: string | Uint8Array): void {
    this.#hash.update(content)
    this.#bytes += typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength
  }

  summary(): { readonly sha256: string; readonly bytes: number } {
    return { sha256: this.#hash.copy().digest('hex'), bytes: this.#bytes }
  }
}

/**
 * The folder of one run, written as it flies: what happened in a round is on disk when the round has closed, so that a
 * crash or a full disk leaves what was flown. At the end the ledger is put in order, trainings get what came of them, rounds
 * what was spent on them and their scores, and the manifest the hashes of all files.
 *
 * A write that fails does not throw (it would throw in the middle of the flight): it is kept in `failure`, and nothing
 * more is written. Whoever flies looks at `failure` and stops.
 */
export class RunFolder {
  readonly folder: string
  /** What stood in the way of this folder, and what was done about it: for people. */
  readonly note: string | undefined
  readonly #disk: Disk
  readonly #pending: Record<RowFile, string[]> = { ledger: [], metrics: [], rounds: [], trainings: [], events: [] }
  readonly #kept: Record<RowFile, number> = { ledger: 0, metrics: 0, rounds: 0, trainings: 0, events: 0 }
  /** What every file holds, for the hashes in the manifest. */
  readonly #written = new Map<string, Written>(Object.values(rowFiles).map((file) => [file, new Written('')]))
  #manifest: Manifest
  #failure: StorageError | undefined
  #jobs: JobLog | undefined

  private constructor({ folder, note }: Place, manifest: Manifest, disk: Disk) {
    this.folder = folder
    this.note = note
    this.#manifest = manifest
    this.#disk = disk
  }

  /** Makes the folder, with a manifest that says `running`, and has it alone until the run has ended. */
  static open(folder: string, manifest: Manifest, disk: Disk, ifTaken: IfTaken = 'refuse', logged?: Logged): RunFolder {
    try {
      const run = new RunFolder(take(folder, manifest, ifTaken, disk), manifest, disk)
      try {
        run.#writeManifest()
        clear(run.folder, ifTaken, disk)
        for (const file of Object.values(rowFiles)) disk.append(join(run.folder, file), '')
        if (logged) run.#jobs = JobLog.open(run.folder, logged.maker, disk, logged)
        return run
      } catch (cause) {
        leave(run.folder, disk)
        throw cause
      }
    } catch (cause) {
      if (cause instanceof StorageError) throw cause
      const message = `Cannot write the run to ${folder}: ${whyOf(cause)}. Give another place with --out.`
      throw new StorageError(message, { cause })
    }
  }

  /** The error of the first write that failed, if one did. */
  get failure(): StorageError | undefined {
    return this.#failure
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /** Its log of finished jobs, where it has one. */
  get jobs(): JobLog | undefined {
    return this.#jobs
  }

  /** Takes canonical events as they are made. */
  lines(lines: readonly string[]): void {
    if (this.#failure) return
    for (const line of lines) this.#pending.events.push(`${line}\n`)
    if (this.#pending.events.length >= 4096) this.#flush(['events'])
  }

  /** Takes what the flight tells; writes at every close of a round and at every evaluation. */
  event(event: FlightEvent): void {
    if (this.#failure) return
    const raw = rawRows(event)
    if (raw) this.#pending[raw.file].push(toNdjson(raw.rows))
    const write = event.kind === 'evaluated' || event.kind === 'round-close'
    if (write) this.#flush(every)
  }

  /**
   * Puts the rows in order and says in the manifest how it ended, and what came up while it flew (`warningsOf`). Returns
   * what was not written, if anything.
   */
  finish(flight: Flight, spent: NonNullable<Manifest['spent']>, cameUp: readonly string[], compared: Manifest['compared'] = {}): StorageError | undefined {
    this.#flush(['events'])
    if (this.#kept.events === 0) this.#rewrite('events', flight.events)
    const lines = rowLines(flight, roundPrices(this.#manifest))
    for (const file of Object.keys(lines) as (keyof typeof lines)[]) this.#rewrite(file, lines[file])
    for (const [file, content] of Object.entries(blockFiles(flight))) this.#put(file, content)
    this.#manifest = {
      ...conclude(this.#manifest, flight, cameUp, compared),
      ...(this.#failure ? { status: 'failed', error: this.#failure.message } : {}),
      spent,
    }
    this.#close()
    return this.#failure
  }

  /** Says in the manifest that the run failed. Keeps what was written; never throws. `cwd`: what paths of scripts are relative to. */
  fail(error: unknown, cwd: string): void {
    this.#flush(every)
    this.#manifest = { ...this.#manifest, status: 'failed', ...toldOf(error, cwd) }
    this.#close()
  }

  /** Says how it ended, and vouches for all that was written. A log of jobs is of no use to a run that is complete. */
  #close(): void {
    const { jobLog, ...manifest } = this.#manifest
    const log = this.#jobs
    log?.flush()
    const stays = log !== undefined && log.gaveWay === undefined && (jobLog?.keep === true || manifest.status !== 'complete')
    const { resumed } = manifest
    this.#manifest = {
      ...manifest,
      ...(stays && { jobLog: { keep: jobLog?.keep === true, ...log.size } }),
      ...(resumed && log && { resumed: { ...resumed, recalled: log.recalled, done: log.done } }),
    }
    this.#seal()
    // Not before the manifest says that it is complete: who is killed here resumes.
    if (!stays && this.#failure === undefined) log?.remove()
    leave(this.folder, this.#disk)
  }

  #seal(): void {
    if (this.#failure === undefined) {
      const files = Object.fromEntries([...this.#written].map(([file, content]) => [file, content.summary()]))
      this.#manifest = sealed(this.#manifest, files)
    }
    try {
      this.#writeManifest()
    } catch (cause) {
      this.#fail(manifestFile, cause)
    }
  }

  #writeManifest(): void {
    this.#disk.replace(join(this.folder, manifestFile), manifestText(this.#manifest))
  }

  #flush(files: readonly RowFile[]): void {
    for (const file of files) {
      const rows = this.#pending[file]
      if (this.#failure || rows.length === 0) continue
      try {
        const text = rows.join('')
        this.#disk.append(join(this.folder, rowFiles[file]), text)
        this.#of(rowFiles[file]).add(text)
        for (const row of rows) this.#kept[file] += file === 'metrics' ? row.split('\n').length - 1 : 1
        this.#pending[file] = []
      } catch (cause) {
        this.#fail(rowFiles[file], cause)
      }
    }
  }

  #put(file: string, content: string | Uint8Array): void {
    if (this.#failure) return
    try {
      this.#disk.replace(join(this.folder, file), content)
      this.#written.set(file, new Written(content))
    } catch (cause) {
      this.#fail(file, cause)
    }
  }

  #rewrite(file: RowFile, lines: readonly string[]): void {
    this.#put(rowFiles[file], lines.length === 0 ? '' : `${lines.join('\n')}\n`)
    if (this.#failure === undefined) this.#kept[file] = lines.length
  }

  #of(file: string): Written {
    const known = this.#written.get(file)
    if (known !== undefined) return known
    const made = new Written('')
    this.#written.set(file, made)
    return made
  }

  #fail(file: string, cause: unknown): void {
    const kept = (Object.keys(rowFiles) as RowFile[])
      .filter((name) => this.#kept[name] > 0)
      .map((name) => `${rowFiles[name]} (${this.#kept[name].toLocaleString('en')} rows)`)
    const what = kept.length > 0 ? `Kept: ${kept.join(', ')}` : 'Nothing of the run was kept'
    this.#failure ??= new StorageError(
      `Could not write ${join(this.folder, file)}: ${whyOf(cause)}. ${what}. ` +
        'Make room' + (this.#jobs === undefined ? ', or' : ` and go on with \`npx windtunnel resume ${this.folder}\`; or`) +
        ' give another place with --out, and fly it again: the same seed gives the same run.',
      { cause },
    )
  }
}
