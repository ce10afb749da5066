import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** What keeps a path from being read as a file that ends. */
const notRegular = (folder: boolean): Error =>
  Object.assign(new Error(folder ? 'it is a folder' : 'it is no regular file'), { code: folder ? 'EISDIR' : 'ENOTREG' })

/**
 * The bytes of a regular file. A device such as /dev/zero has no end, and a pipe may wait for ever for its writer: both,
 * and folders, are errors at once. Throws what the system says otherwise.
 */
export const readRegular = (path: string): Buffer => {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw notRegular(stat.isDirectory())
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}
