import { join } from 'node:path'

import type { Disk } from '../disk.js'
import { manifestFile, manifestText, readManifest, type Manifest } from '../manifest.js'
import { demandSound, sealed } from '../seal.js'

/**
 * Writes another place in a study on a run that is there: levels can be given to a study that was flown without. Refuses a
 * manifest that is not what the run wrote, for which nobody would vouch any more.
 */
export const relabel = (folder: string, study: NonNullable<Manifest['study']>, disk: Disk): void => {
  const manifest = readManifest(folder, disk)
  if (JSON.stringify(manifest.study) === JSON.stringify(study)) return
  demandSound(folder, manifestFile, manifest, disk)
  const told = { ...manifest, study }
  disk.replace(join(folder, manifestFile), manifestText(manifest.files ? sealed(told, manifest.files) : told))
}
