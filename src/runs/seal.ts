import { join } from 'node:path'

import { StorageError } from '../errors.js'
import type { Disk } from './disk.js'
import { sha256 } from './hash.js'
import { manifestFile, readManifest, type Manifest } from './manifest.js'

/** The hash that a manifest says of itself: that of its text without it. */
const hashOf = (manifest: Manifest): string => sha256(JSON.stringify({ ...manifest, sha256: undefined }))

/** A manifest that vouches for the files of its run, and for itself. */
export const sealed = (manifest: Manifest, files: NonNullable<Manifest['files']>): Manifest => {
  const { sha256: _, ...about } = { ...manifest, files }
  return { ...about, sha256: hashOf(about) }
}

/** What is wrong with a run's folder, by file: `why` completes a sentence about it. */
export interface Broken {
  readonly file: string
  readonly why: string
}

export interface Examined {
  readonly manifest: Manifest
  /** Files that are as they were written. */
  readonly sound: readonly string[]
  readonly broken: readonly Broken[]
  /** Why nobody vouches for it, though nothing is broken: it never ended, or an earlier version wrote it. */
  readonly unsealed: string | undefined
}

/** Compares the files of a run's folder with the hashes in its manifest. Nothing is flown. */
export const examine = (folder: string, disk: Disk): Examined => {
  const manifest = readManifest(folder, disk)
  const { files, sha256: own } = manifest
  if (files === undefined || own === undefined) {
    const why = manifest.status === 'running' ? 'it was not ended, or is still flown' : 'its manifest holds no hashes'
    return { manifest, sound: [], broken: [], unsealed: why }
  }
  const broken: Broken[] = []
  const sound: string[] = []
  const judge = (file: string, why: string | undefined): void => {
    if (why === undefined) sound.push(file)
    else broken.push({ file, why })
  }
  judge(manifestFile, own === hashOf(manifest) ? undefined : 'is not what the run wrote')
  for (const [file, { sha256: hash }] of Object.entries(files)) judge(file, changeOf(join(folder, file), hash, disk))
  return { manifest, sound, broken, unsealed: undefined }
}

const changeOf = (path: string, hash: string, disk: Disk): string | undefined => {
  if (!disk.exists(path)) return 'is missing'
  return sha256(disk.readBytes(path)) === hash ? undefined : 'is not what the run wrote'
}

/** Refuses a file that its manifest vouches for and that has changed: before numbers of it reach a table. */
export const demandSound = (folder: string, file: string, { files }: Manifest, disk: Disk): void => {
  const hash = files?.[file]?.sha256
  const why = hash === undefined ? undefined : changeOf(join(folder, file), hash, disk)
  if (why === undefined) return
  throw new StorageError(`${join(folder, file)} ${why}. Fly the run again; \`windtunnel replay ${folder}\` names what differs.`)
}

/** `metrics.ndjson is not what the run wrote, trainings.ndjson is missing`. */
export const formatBroken = (broken: readonly Broken[]): string => broken.map(({ file, why }) => `${file} ${why}`).join(', ')
