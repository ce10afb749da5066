import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

import { StorageError } from '../errors.js'
import type { Disk } from './disk.js'
import { differenceOf } from './identity.js'
import { isAlive, startOfProcess } from './alive.js'
import { jobsFile } from './jobs/job-log.js'
import { manifestFile, type Manifest, readManifest } from './manifest.js'
import { everyFile } from './seal.js'

/** Whoever writes a run has its folder for itself: the file says which process that is. */
export const lockFile = 'run.lock'

/**
 * What is done where the folder holds the run of another flight (another seed, another setting): the run is refused, takes
 * its place, or goes to the next free name (`NAME-2`). The run of the same flight is always replaced; other files never.
 * `resume`: it is the same flight, which is flown on from the jobs that it left.
 */
export type IfTaken = 'refuse' | 'replace' | 'next' | 'resume'

/** A folder that is this process's to write a run into. */
export interface Place {
  readonly folder: string
  /** What stood in the way and what was done about it, for people; undefined if there was nothing. */
  readonly note: string | undefined
}

/** Why a run may not go into a folder. */
interface Obstacle {
  readonly why: string
  readonly advice: string
}

/** Files that were being written when their process was killed. */
const unfinished: readonly string[] = everyFile.map((file) => `${file}.new`)

/** Names that are tried. Whoever has as many runs of one name and seed wants another name. */
const mostNames = 10_000

/** Finds the folder and takes its lock; undone by `leave`. What it holds of another run stays until `clear`. */
export const take = (wanted: string, manifest: Manifest, ifTaken: IfTaken, disk: Disk): Place => {
  let first: Obstacle | undefined
  for (let number = 1; ; number++) {
    const folder = number === 1 ? wanted : `${wanted}-${number}`
    const found = tryFolder(folder, manifest, ifTaken, disk)
    if ('note' in found) {
      const elsewhere = first && `${wanted} ${first.why}: this run goes to ${folder}`
      return { folder, note: elsewhere && found.note ? `${elsewhere}, and ${found.note}` : (elsewhere ?? found.note) }
    }
    first ??= found
    if (ifTaken !== 'next' || number === mostNames) throw new StorageError(`${folder} ${found.why}. ${found.advice}`)
  }
}

const tryFolder = (folder: string, manifest: Manifest, ifTaken: IfTaken, disk: Disk): Obstacle | { readonly note: string | undefined } => {
  const seen = look(folder, manifest, ifTaken, disk)
  if ('why' in seen) return seen
  disk.makeFolder(folder)
  const writer = lock(folder, disk)
  if (writer !== undefined) return writer
  // Somebody else may have ended a run there meanwhile.
  const found = look(folder, manifest, ifTaken, disk)
  if ('why' in found) leave(folder, disk)
  return found
}

/**
 * Empties a folder of the run that was in it, but for the manifest: that of the new run has taken its place, so that at
 * every moment the folder is that of a run, and never of one that is complete and has no rows.
 */
export const clear = (folder: string, ifTaken: IfTaken, disk: Disk): void => {
  const stay = ifTaken === 'resume' ? [manifestFile, jobsFile] : [manifestFile]
  for (const file of [...everyFile, ...unfinished]) if (!stay.includes(file)) disk.remove(join(folder, file))
}

const look = (folder: string, manifest: Manifest, ifTaken: IfTaken, disk: Disk): Obstacle | { readonly note: string | undefined } => {
  const contents = contentsOf(folder, disk)
  if ('why' in contents) return contents
  const { run } = contents
  if (run === undefined) return { note: undefined }
  const difference = differenceOf(run, manifest)
  if (ifTaken === 'resume') return { note: `goes on with the ${run.status} run that was in ${folder}` }
  if (difference !== undefined && ifTaken !== 'replace') {
    const advice = 'Give another --out, or --force to replace it.'
    return { why: `holds another flight (${difference})`, advice }
  }
  const flight = difference === undefined ? 'the same flight' : `another flight: ${difference}`
  return { note: `replaces the ${run.status} run that was in ${folder} (${flight})` }
}

/** What says nothing about whose folder it is: a lock, and what was never finished. */
const passing: ReadonlySet<string> = new Set([lockFile, ...unfinished])

const contentsOf = (folder: string, disk: Disk): Obstacle | { readonly run: Manifest | undefined } => {
  const found = disk.exists(folder) ? disk.list(folder).filter((file) => !passing.has(file)) : []
  if (found.length === 0) return { run: undefined }
  const advice = 'Give another --out.'
  if (!found.includes(manifestFile)) {
    return { why: `holds files that are not of a run (${found.slice(0, 3).join(', ')})`, advice }
  }
  try {
    return { run: readManifest(folder, disk) }
  } catch {
    return { why: `holds a ${manifestFile} that is not of a run`, advice }
  }
}

interface Writer {
  readonly process: number
  readonly host: string
  /** `startOfProcess`; earlier versions do not say. */
  readonly started?: string | undefined
}

const me = (): Writer => ({ process: process.pid, host: hostname(), started: startOfProcess(process.pid) })

/** A writer is gone where its number is no process's, or one's that was started at another time. */
const isGone = ({ process: number, host, started }: Writer): boolean => {
  if (host !== hostname()) return false
  return !isAlive(number) || (started !== undefined && started !== startOfProcess(number))
}

const beingWritten = ({ process: number, host }: Writer, path: string): Obstacle => ({
  why: `is being written by process ${number}${host === hostname() ? '' : ` on ${host}`}`,
  advice: `Wait for it, or give another --out. If that process is gone, remove ${path}.`,
})

/** Who writes into a folder. */
const presentWriter = (folder: string, disk: Disk): Writer | undefined => {
  const path = join(folder, lockFile)
  const writer = disk.exists(path) ? writerOf(path, disk) : undefined
  return writer === undefined || isGone(writer) ? undefined : writer
}

/** Is the run in this folder still flown? */
export const isFlown = (folder: string, disk: Disk): boolean => presentWriter(folder, disk) !== undefined

/** Refuses a folder that somebody writes into. */
export const demandFree = (folder: string, disk: Disk): void => {
  const writer = presentWriter(folder, disk)
  if (writer === undefined) return
  const { why, advice } = beingWritten(writer, join(folder, lockFile))
  throw new StorageError(`${folder} ${why}. ${advice}`)
}

/** Takes the lock; of a writer that is gone too. Says who has it if somebody does. */
const lock = (folder: string, disk: Disk): Obstacle | undefined => {
  const path = join(folder, lockFile)
  for (let tries = 0; tries < 3; tries++) {
    if (disk.create(path, `${JSON.stringify(me())}\n`)) return undefined
    const writer = writerOf(path, disk)
    if (writer !== undefined && !isGone(writer)) return beingWritten(writer, path)
    disk.remove(path)
  }
  return { why: `has a ${lockFile} that cannot be removed`, advice: 'Give another --out.' }
}

const writerOf = (path: string, disk: Disk): Writer | undefined => {
  try {
    const { process, host, started } = JSON.parse(disk.read(path)) as Partial<Writer>
    return Number.isSafeInteger(process) && typeof host === 'string' ? { process: process!, host, started } : undefined
  } catch {
    return undefined
  }
}

/** Whether one may write into a folder that is there; throws what the system says where not. */
const tryWriting = (folder: string, disk: Disk): void => {
  const path = join(folder, `.windtunnel-${process.pid}`)
  disk.create(path, '')
  disk.remove(path)
}

/**
 * Refuses a folder that a run which is not known yet cannot be written into: somebody writes there, it holds other files, or
 * a run that may not be replaced, or nothing can be written. Leaves no trace. What is to be flown first is not flown in vain.
 */
export const demandRoom = (folder: string, mayReplace: (run: Manifest, files: readonly string[]) => boolean, disk: Disk): void => {
  if (!disk.exists(folder)) {
    let above = dirname(folder)
    while (!disk.exists(above) && above !== dirname(above)) above = dirname(above)
    return tryWriting(above, disk)
  }
  demandFree(folder, disk)
  const found = contentsOf(folder, disk)
  if ('why' in found) throw new StorageError(`${folder} ${found.why}. ${found.advice}`)
  if (found.run !== undefined && !mayReplace(found.run, disk.list(folder))) {
    throw new StorageError(`${folder} holds another run (${found.run.name}, seed ${found.run.seed}). Give another --out, or --force to replace it.`)
  }
  tryWriting(folder, disk)
}

/** Gives the folder to whoever wants it next. */
export const leave = (folder: string, disk: Disk): void => disk.remove(join(folder, lockFile))
