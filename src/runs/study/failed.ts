import { join } from 'node:path'

import { StorageError, type ExitCode } from '../../errors.js'
import type { Disk } from '../disk.js'
import type { Cell } from './cell.js'
import type { Shard } from './shard.js'

/** A run of a study that failed, and why. */
export interface Failed extends Cell {
  /** What the command ends with. */
  readonly code: ExitCode
  readonly why: string
}

/** Which file of a study's folder says what failed; a shard has one of its own, since others may be flown meanwhile. */
export const failedFile = (shard?: Shard): string => (shard === undefined ? 'failed.json' : `failed-${shard.number}-of-${shard.of}.json`)

const ofAny = /^failed(-\d+-of-\d+)?\.json$/

/** What earlier calls noted goes: who flies all of a study tries what failed in any part of it again. */
export const clearFailed = (folder: string, shard: Shard | undefined, disk: Disk): void => {
  const files = disk.exists(folder) ? disk.list(folder).filter((name) => (shard === undefined ? ofAny.test(name) : name === failedFile(shard))) : []
  for (const name of files) disk.remove(join(folder, name))
}

/** Says what failed. */
export const writeFailed = (folder: string, failed: readonly Failed[], shard: Shard | undefined, disk: Disk): void => {
  const file = join(folder, failedFile(shard))
  try {
    disk.makeFolder(folder)
    disk.replace(file, `${JSON.stringify({ format: 'windtunnel-failed', version: 1, failed }, null, 2)}\n`)
  } catch (cause) {
    throw new StorageError(`Cannot write ${file}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}. Make room, and fly the study again.`, { cause })
  }
}

/** Runs that any call noted as failed in this folder. A file that is not what a study writes says nothing. */
export const readFailed = (folder: string, disk: Disk): readonly Failed[] => {
  const files = disk.exists(folder) ? disk.list(folder).filter((name) => ofAny.test(name)) : []
  return files.sort().flatMap((name) => {
    try {
      const { failed } = JSON.parse(disk.read(join(folder, name))) as { readonly failed?: readonly Failed[] }
      return Array.isArray(failed) ? failed : []
    } catch {
      return []
    }
  })
}
