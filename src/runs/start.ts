import { dirname, resolve as absolute } from 'node:path'

import type { World } from '../data/world.js'
import { SpecificationError } from '../errors.js'
import { decodeStart, modelFile, readStart, startFile } from '../flight/start.js'
import { groundOf } from '../flight/trained-model.js'
import type { Resolved } from '../simulation/specification.js'
import { realDisk } from './disk.js'
import { sha256 } from './hash.js'
import { readManifest, type Manifest } from './manifest.js'
import { demandSound } from './seal.js'

/**
 * The model that a run starts from, for its manifest; undefined where it starts from none. Throws `DataError` for a file
 * that is not there or no model, `StorageError` for one that is not as its run wrote it.
 */
export const startOf = ({ start }: Pick<Resolved, 'start'>, cwd: string): Manifest['start'] => {
  if (start === undefined) return undefined
  const bytes = readStart(start, cwd)
  const { metadata: { run, round } } = decodeStart(start, bytes)
  const file = startFile(start)
  const folder = dirname(absolute(cwd, file))
  demandSound(folder, modelFile(start.model), readManifest(folder, realDisk), realDisk)
  return { file, sha256: sha256(bytes), run, round: Number(round) }
}

/** What a reader must know of the data that the model was trained on. */
export const startWarnings = (resolved: Resolved, { origins }: World, cwd: string): string[] => {
  const { start } = resolved
  if (start === undefined) return []
  const { metadata: { ground } } = decodeStart(start, readStart(start, cwd))
  if (ground === groundOf(resolved, origins)) return []
  return [
    `start.from: ${startFile(start)} was trained on other data (another world, seed of it, or other files): columns and sizes ` +
      'are the same, but nothing says that ids stand for the same words, and numbers are on the same scale',
  ]
}

/** A run must not take the place of the one that it starts from. */
export const demandApart = ({ start }: Pick<Resolved, 'start'>, out: string | undefined, cwd: string): void => {
  if (start === undefined || out === undefined || absolute(cwd, out) !== absolute(cwd, start.from)) return
  throw new SpecificationError(`The run starts from ${start.from}, and would be written there. Give another --out.`)
}
