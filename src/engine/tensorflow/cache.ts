import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { makeFolder } from '../../documents/make-folder.js'
import { cacheFolders } from '../../package.js'

const holds = async (folder: string, bytes: Uint8Array): Promise<boolean> => {
  try {
    return (await readFile(join(folder, 'saved_model.pb'))).equals(bytes)
  } catch {
    return false
  }
}

/** Moves a folder to where another process may be moving the same, or where something damaged lies. */
const settle = async (next: string, folder: string, bytes: Uint8Array): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(next, folder)
    } catch (error) {
      if (await holds(folder, bytes)) return
      if (attempt === 2) throw error
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Puts the model under its hash; the folder appears only when it is whole. */
const put = async (cache: string, bytes: Uint8Array): Promise<string> => {
  const parent = join(cache, 'tensorflow')
  const folder = join(parent, createHash('sha256').update(bytes).digest('hex').slice(0, 40))
  if (await holds(folder, bytes)) return folder
  makeFolder(parent)
  const next = await mkdtemp(join(parent, 'new-'))
  try {
    await writeFile(join(next, 'saved_model.pb'), bytes)
    await settle(next, folder, bytes)
  } finally {
    await rm(next, { recursive: true, force: true })
  }
  return folder
}

/** The folder of a SavedModel with these bytes, written if it is not there yet. */
export const savedModel = async (bytes: Uint8Array, folders: readonly string[] = cacheFolders()): Promise<string> => {
  const [first, ...rest] = folders
  try {
    return await put(first, bytes)
  } catch (error) {
    if (rest.length === 0) throw error
    return savedModel(bytes, rest)
  }
}
