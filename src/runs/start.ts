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

/** The model that a run starts from, as its manifest names it, and the hash of the training rows that it is from. */
interface Origin {
  readonly entry: NonNullable<Manifest['start']>
  readonly ground: string
}

/**
 * Looks at the model that a run starts from; undefined where it starts from none. Throws `DataError` for a file that is not
 * there or no model, `StorageError` for one that is not as its run wrote it.
 */
export const startOf = ({ start }: Pick<Resolved, 'start'>, cwd: string): Origin | undefined => {
  if (start === undefined) return undefined
  const bytes = readStart(start, cwd)
  const { metadata: { run, round, ground } } = decodeStart(start, bytes)
  const file = startFile(start)
  const folder = dirname(absolute(cwd, file))
  demandSound(folder, modelFile(start.model), readManifest(folder, realDisk), realDisk)
  return { entry: { file, sha256: sha256(bytes), run, round: Number(round) }, ground }
}

/** What a reader must know of the data that the model was trained on. */
export const startWarnings = ({ entry: { file }, ground }: Origin, world: World): string[] =>
  ground === groundOf(world)
    ? []
    : [`start.from: ${file} was trained on other training rows than there are here: columns and sizes are the same, but ` +
        'nothing says that ids stand for the same words, and numbers are on the same scale']

/** A run must not take the place of the one that it starts from. */
export const demandApart = ({ start }: Pick<Resolved, 'start'>, out: string | undefined, cwd: string): void => {
  if (start === undefined || out === undefined || absolute(cwd, out) !== absolute(cwd, start.from)) return
  throw new SpecificationError(`The run starts from ${start.from}, and would be written there. Give another --out.`)
}
