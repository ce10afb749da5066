import { join } from 'node:path'

import { StorageError } from '../errors.js'
import { answersFile } from './answers.js'
import type { Disk } from './disk.js'
import { companions, rowFiles } from './files.js'
import { sha256 } from './hash.js'
import { jobsFile } from './jobs/job-log.js'
import { manifestFile, manifestText, readManifest, type Manifest } from './manifest.js'
import { modelFiles } from './models.js'
import { tableFile, tableNames } from './tables/tables.js'

/** What a manifest says of a file. */
type Written = NonNullable<Manifest['files']>[string]

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
  /** What lies in the folder beside them and is not of the run: nothing reads it. */
  readonly strays: readonly string[]
  readonly broken: readonly Broken[]
  /** Why nobody vouches for it, though nothing is broken: it never ended, or an earlier version wrote it. */
  readonly unsealed: string | undefined
}

/** Compares the files of a run's folder with the hashes in its manifest. Nothing is flown. */
export const examine = (folder: string, disk: Disk): Examined => {
  const manifest = readManifest(folder, disk)
  const { files } = manifest
  if (files === undefined || manifest.sha256 === undefined) {
    const why = manifest.status === 'running' ? 'it was not ended, or is still flown' : 'its manifest holds no hashes'
    return { manifest, sound: [], strays: [], broken: [], unsealed: why }
  }
  const broken: Broken[] = []
  const sound: string[] = []
  const judge = (file: string, why: string | undefined): void => {
    if (why === undefined) sound.push(file)
    else broken.push({ file, why })
  }
  judge(manifestFile, ownChange(manifest) ?? textChange(folder, manifest, disk))
  for (const [file, written] of Object.entries(files)) judge(file, changeOf(join(folder, file), written, disk))
  // A job log vouches for its own records; nothing that is read from a run is in it.
  const others = disk.list(folder).filter((file) => file !== manifestFile && file !== jobsFile && !Object.hasOwn(files, file))
  // A run that failed may have come to no row of a file.
  const demanded = manifest.status === 'complete' ? Object.values(rowFiles) : []
  const unvouched = everyFile.filter((file) => others.includes(file) || (demanded as string[]).includes(file))
  for (const file of unvouched) if (file !== manifestFile && !Object.hasOwn(files, file)) judge(file, 'is not vouched for')
  // What systems leave in folders, such as .DS_Store, says nothing to anybody.
  const strays = others.filter((file) => !everyFile.includes(file) && !file.startsWith('.'))
  return { manifest, sound, strays, broken, unsealed: undefined }
}

/** Every file that a run writes, that anything reads from its folder, or that is put beside them. */
export const everyFile: readonly string[] = [manifestFile, answersFile, ...modelFiles, ...Object.values(rowFiles), ...companions, ...tableNames.map(tableFile), jobsFile]

/** A manifest has one text: two fields of one name, of which the last counts, say two things. */
const textChange = (folder: string, manifest: Manifest, disk: Disk): string | undefined =>
  disk.read(join(folder, manifestFile)) === manifestText(manifest) ? undefined : 'is not written as the run wrote it'

const changeOf = (path: string, { sha256: hash, bytes }: Written, disk: Disk): string | undefined => {
  if (!disk.exists(path)) return 'is missing'
  try {
    const content = disk.readBytes(path)
    return content.length === bytes && sha256(content) === hash ? undefined : 'is not what the run wrote'
  } catch (cause) {
    return `cannot be read (${(cause as { code?: string }).code ?? 'it is too large'})`
  }
}

/** Refuses a file that its manifest vouches for and that has changed: before numbers of it reach a table. */
export const demandSound = (folder: string, file: string, manifest: Manifest, disk: Disk): void => {
  const why = file === manifestFile ? ownChange(manifest) : fileChange(folder, file, manifest, disk)
  if (why === undefined) return
  throw new StorageError(`${join(folder, file)} ${why}. Fly the run again; \`npx windtunnel replay ${folder}\` names what differs.`)
}

const ownChange = (manifest: Manifest): string | undefined =>
  manifest.sha256 === undefined || manifest.sha256 === hashOf(manifest) ? undefined : 'is not what the run wrote'

const fileChange = (folder: string, file: string, { files }: Manifest, disk: Disk): string | undefined => {
  const written = files?.[file]
  return written === undefined ? undefined : changeOf(join(folder, file), written, disk)
}

/** What lies beside the files of a run, in words: undefined where nothing does. */
export const formatStrays = ({ strays }: Examined): string | undefined => {
  if (strays.length === 0) return undefined
  const named = strays.slice(0, 5).join(', ')
  return `${named}${strays.length > 5 ? ` and ${strays.length - 5} more` : ''} ${strays.length === 1 ? 'is' : 'are'} not of the run`
}

/** `metrics.ndjson is not what the run wrote, trainings.ndjson is missing`. */
export const formatBroken = (broken: readonly Broken[]): string => broken.map(({ file, why }) => `${file} ${why}`).join(', ')

/** A folder whose rows are those of the flight may still not be what the run wrote. */
export const demandSeal = (folder: string, { broken }: Examined): void => {
  if (broken.length === 0) return
  throw new StorageError(
    `${folder} is not as the run wrote it: ${formatBroken(broken)}. What was flown again is the same; fly the run anew to ` +
      'have a folder that can be trusted.',
  )
}
