import fs from 'node:fs'

/** The few things a run does to a file system; an argument everywhere, so that a test can fill the disk. */
export interface Disk {
  exists(path: string): boolean
  list(folder: string): string[]
  makeFolder(folder: string): void
  read(path: string): string
  readBytes(path: string): Uint8Array
  append(path: string, text: string): void
  /** Makes a file that is not there yet; false, and nothing is written, if it is. */
  create(path: string, text: string): boolean
  /** All or nothing: a reader sees the old file or the new one. */
  replace(path: string, content: string | Uint8Array): void
  remove(path: string): void
}

/** The file system of this machine. */
export const realDisk: Disk = {
  exists: (path) => fs.existsSync(path),
  list: (folder) => fs.readdirSync(folder),
  makeFolder: (folder) => void fs.mkdirSync(folder, { recursive: true }),
  read: (path) => fs.readFileSync(path, 'utf8'),
  // A plain array: a Buffer's `slice` would not copy.
  readBytes: (path) => new Uint8Array(fs.readFileSync(path)),
  append: (path, text) => fs.appendFileSync(path, text),
  create(path, text) {
    try {
      fs.writeFileSync(path, text, { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  },
  replace(path, content) {
    const next = `${path}.new`
    try {
      const file = fs.openSync(next, 'w')
      try {
        fs.writeFileSync(file, content)
        fs.fsyncSync(file)
      } finally {
        fs.closeSync(file)
      }
      fs.renameSync(next, path)
    } catch (error) {
      fs.rmSync(next, { force: true })
      throw error
    }
  },
  remove: (path) => fs.rmSync(path, { force: true }),
}
