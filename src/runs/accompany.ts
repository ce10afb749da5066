import { join } from 'node:path'

import type { Disk } from './disk.js'
import { sha256 } from './hash.js'
import { manifestFile, manifestText, readManifest } from './manifest.js'
import { sealed } from './seal.js'

/** Puts files beside those that a run wrote, and has its manifest vouch for them. */
export const accompany = (folder: string, files: Readonly<Record<string, string | Uint8Array>>, disk: Disk): void => {
  const manifest = readManifest(folder, disk)
  const hashes = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, { sha256: sha256(content), bytes: Buffer.byteLength(content) }]))
  for (const [name, content] of Object.entries(files)) disk.replace(join(folder, name), content)
  disk.replace(join(folder, manifestFile), manifestText(sealed(manifest, { ...manifest.files, ...hashes })))
}
