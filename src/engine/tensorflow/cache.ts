import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where SavedModels lie: `WINDTUNNEL_CACHE`, or `windtunnel` in the user's cache folder (`XDG_CACHE_HOME`, `~/.cache`),
 * or `windtunnel-cache` among the temporary files where neither can be written.
 */
const cacheFolders = (): string[] => {
  const { WINDTUNNEL_CACHE: own, XDG_CACHE_HOME: xdg } = process.env
  if (own) return [own]
  return [join(xdg || join(homedir(), '.cache'), 'windtunnel'), join(tmpdir(), 'windtunnel-cache')]
}

const holds = async (folder: string, bytes: Uint8Array): Promise<boolean> => {
  try {
    return (await readFile(join(folder, 'saved_model.pb'))).equals(bytes)
  } catch {
    return false
  }
}

/** Puts the model under its hash; the folder appears only when it is whole, whoever else does the same meanwhile. */
const put = async (cache: string, bytes: Uint8Array): Promise<string> => {
  const parent = join(cache, 'tensorflow')
  const folder = join(parent, createHash('sha256').update(bytes).digest('hex').slice(0, 40))
  if (await holds(folder, bytes)) return folder
  await mkdir(parent, { recursive: true })
  const next = await mkdtemp(join(parent, 'new-'))
  try {
    await writeFile(join(next, 'saved_model.pb'), bytes)
    try {
      await rename(next, folder)
    } catch (error) {
      // Another process was first, or what is there has been damaged.
      if (await holds(folder, bytes)) return folder
      await rm(folder, { recursive: true, force: true })
      await rename(next, folder)
    }
    return folder
  } finally {
    await rm(next, { recursive: true, force: true })
  }
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
