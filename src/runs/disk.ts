import fs from 'node:fs'

/** The few things a run does to a file system; an argument everywhere, so that a test can fill the disk. */
export interface Disk {
  exists(path: string): boolean
  list(folder: string): string[]
  makeFolder(folder: string): void
  read(path: string): string
  append(path: string, text: string): void
  /** All or nothing: a reader sees the old file or the new one. */
  replace(path: string, text: string): void
  remove(path: string): void
}

/** The file system of this machine. */
export const realDisk: Disk = {
  exists: (path) => fs.existsSync(path),
  list: (folder) => fs.readdirSync(folder),
  makeFolder: (folder) => void fs.mkdirSync(folder, { recursive: true }),
  read: (path) => fs.readFileSync(path, 'utf8'),
  append: (path, text) => fs.appendFileSync(path, text),
  replace(path, text) {
    const next = `${path}.new`
    try {
      const file = fs.openSync(next, 'w')
      try {
        fs.writeSync(file, text)
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
