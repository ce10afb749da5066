import fs from 'node:fs'

import { makeFolder } from '../documents/make-folder.js'
import { readRegular } from '../documents/regular-file.js'

/** The few things a run does to a file system; an argument everywhere, so that a test can fill the disk. */
export interface Disk {
  exists(path: string): boolean
  list(folder: string): string[]
  makeFolder(folder: string): void
  read(path: string): string
  readBytes(path: string): Uint8Array
  append(path: string, content: string | Uint8Array): void
  /** Bytes that a file has. */
  size(path: string): number
  /** A piece of a file; shorter where the file ends. */
  readPiece(path: string, from: number, bytes: number): Uint8Array
  /** Cuts a file off. */
  truncate(path: string, bytes: number): void
  /** Makes a file that is not there yet; false, and nothing is written, if it is. */
  create(path: string, text: string): boolean
  /** All or nothing: a reader sees the old file or the new one. */
  replace(path: string, content: string | Uint8Array): void
  remove(path: string): void
}

const readPiece = (path: string, from: number, bytes: number): Uint8Array => {
  const file = fs.openSync(path, 'r')
  try {
    const piece = new Uint8Array(Math.min(bytes, Math.max(0, fs.fstatSync(file).size - from)))
    for (let at = 0; at < piece.length; ) {
      const got = fs.readSync(file, piece, at, piece.length - at, from + at)
      if (got === 0) return piece.slice(0, at)
      at += got
    }
    return piece
  } finally {
    fs.closeSync(file)
  }
}

/** The file system of this machine. */
export const realDisk: Disk = {
  exists: (path) => fs.existsSync(path),
  list: (folder) => fs.readdirSync(folder),
  makeFolder,
  read: (path) => readRegular(path).toString('utf8'),
  // A plain array: a Buffer's `slice` would not copy.
  readBytes: (path) => new Uint8Array(readRegular(path)),
  append: (path, content) => fs.appendFileSync(path, content),
  size: (path) => fs.statSync(path).size,
  readPiece,
  truncate: (path, bytes) => fs.truncateSync(path, bytes),
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
