import { join } from 'node:path'

import type { JobStore } from '../../engine/recalling/job-store.js'
import type { Disk } from '../disk.js'
import type { Maker } from './maker.js'
import { decodeHead, encodeRecord, headBytes, isWhole, type RecordHead } from './record.js'

/** Finished jobs of a run, while it flies, and afterwards where they are kept. */
export const jobsFile = 'jobs.log'

/** The first record says who made the others. */
const makerKey = '0'.repeat(64)

/** Bytes that are read at once where records are small. */
const windowBytes = 1 << 23

/** From this size on what waits is written at once. */
const burstBytes = 1 << 23

/** A log grows no larger: 4 GiB. What does not fit is trained again by whoever resumes. */
const mostBytes = 2 ** 32

interface Place {
  readonly at: number
  readonly head: RecordHead
}

interface Read {
  readonly maker: Maker | undefined
  readonly places: ReadonlyMap<string, Place>
  /** Up to where records are whole. */
  readonly end: number
}

/** Pieces of a file, read in large windows. */
const reader = (path: string, disk: Disk): ((at: number, bytes: number) => Uint8Array) => {
  let from = 0
  let window = new Uint8Array(0)
  return (at, bytes) => {
    if (at < from || at + bytes > from + window.length) {
      from = at
      window = disk.readPiece(path, at, Math.max(bytes, windowBytes)) as Uint8Array<ArrayBuffer>
    }
    return window.subarray(at - from, at - from + bytes)
  }
}

/** Reads a log up to the first record that is not whole. */
const readLog = (path: string, disk: Disk): Read => {
  const places = new Map<string, Place>()
  if (!disk.exists(path)) return { maker: undefined, places, end: 0 }
  const piece = reader(path, disk)
  const left = disk.size(path)
  let maker: Maker | undefined
  let end = 0
  for (;;) {
    const head = decodeHead(piece(end, headBytes))
    // A length that goes beyond the file must not be asked memory for.
    if (head === undefined || end + headBytes + head.bytes > left) break
    const value = piece(end + headBytes, head.bytes)
    if (!isWhole(head, value)) break
    if (head.key === makerKey) maker = JSON.parse(Buffer.from(value).toString()) as Maker
    else places.set(head.key, { at: end + headBytes, head })
    end += headBytes + head.bytes
  }
  return { maker, places, end }
}

/** Who made the results that a folder's log holds; undefined where it has no log, or none that got as far. */
export const makerOfLog = (folder: string, disk: Disk): Maker | undefined => {
  const path = join(folder, jobsFile)
  if (!disk.exists(path)) return undefined
  const head = decodeHead(disk.readPiece(path, 0, headBytes))
  if (head?.key !== makerKey) return undefined
  const value = disk.readPiece(path, headBytes, head.bytes)
  return isWhole(head, value) ? (JSON.parse(Buffer.from(value).toString()) as Maker) : undefined
}

export interface JobLogOptions {
  /** Is only read. */
  readonly frozen?: boolean
  readonly mostBytes?: number
}

/**
 * The log of finished jobs in a run's folder: whoever flies again reads them instead of training. It only grows, a record
 * after the other; what a process left that was killed in the middle of one is cut off.
 *
 * Jobs that end together are written together, and before anything else happens. A log is a help and no result: where it
 * cannot be written, it gives way, with the room that it took, and the flight goes on.
 */
export class JobLog implements JobStore {
  readonly path: string
  /** Jobs that were read from it in this flight. */
  recalled = 0
  /** Jobs that were not in it and had to be done. */
  done = 0
  readonly #disk: Disk
  readonly #most: number
  readonly #frozen: boolean
  readonly #places: Map<string, Place>
  readonly #added = new Set<string>()
  #bytes: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #gaveWay: unknown

  private constructor(path: string, disk: Disk, read: Read, { frozen = false, mostBytes: most = mostBytes }: JobLogOptions) {
    this.path = path
    this.#disk = disk
    this.#places = new Map(read.places)
    this.#bytes = read.end
    this.#frozen = frozen
    this.#most = most
  }

  /** Opens the log of a folder, or begins one. What is there must be of the same maker: `makerOfLog`. */
  static open(folder: string, maker: Maker, disk: Disk, options: JobLogOptions = {}): JobLog {
    const path = join(folder, jobsFile)
    const read = readLog(path, disk)
    const log = new JobLog(path, disk, read.maker === undefined ? { ...read, places: new Map(), end: 0 } : read, options)
    if (options.frozen) return log
    if (disk.exists(path) && disk.size(path) > log.#bytes) disk.truncate(path, log.#bytes)
    if (log.#bytes === 0) {
      log.#wait(encodeRecord(makerKey, Buffer.from(JSON.stringify(maker))))
      log.flush()
    }
    return log
  }

  /** Jobs that it holds, and its length. */
  get size(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.#places.size + this.#added.size, bytes: this.#bytes }
  }

  /** Why it is not written any more, where it is not. */
  get gaveWay(): unknown {
    return this.#gaveWay
  }

  get(key: string): Uint8Array | undefined {
    const place = this.#places.get(key)
    const value = place && this.#read(place)
    if (value === undefined) this.done++
    else this.recalled++
    return value
  }

  put(key: string, value: Uint8Array): void {
    if (this.#frozen || this.#gaveWay !== undefined || this.#places.has(key) || this.#added.has(key)) return
    if (this.#bytes + this.#waitingBytes + headBytes + value.length > this.#most) return
    this.#added.add(key)
    this.#wait(encodeRecord(key, value))
    if (this.#waitingBytes >= burstBytes) this.flush()
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return
    try {
      this.#disk.append(this.path, this.#waiting.length === 1 ? this.#waiting[0] : Buffer.concat(this.#waiting))
      this.#bytes += this.#waitingBytes
    } catch (cause) {
      this.remove()
      this.#gaveWay = cause
    }
    this.#waiting = []
    this.#waitingBytes = 0
  }

  /** Takes it away: it is of no use any more. */
  remove(): void {
    this.#places.clear()
    this.#added.clear()
    this.#bytes = 0
    try {
      this.#disk.remove(this.path)
    } catch {
      // It stays, and holds nothing that is wrong.
    }
  }

  #wait(record: Uint8Array): void {
    // After those that end in the same moment, and before anything that comes of them.
    if (this.#waiting.length === 0) queueMicrotask(() => this.flush())
    this.#waiting.push(record)
    this.#waitingBytes += record.length
  }

  #read({ at, head }: Place): Uint8Array | undefined {
    try {
      const value = this.#disk.readPiece(this.path, at, head.bytes)
      return isWhole(head, value) ? value : undefined
    } catch {
      return undefined
    }
  }
}
