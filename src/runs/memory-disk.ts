import { dirname } from 'node:path'

import type { Disk } from './disk.js'

const missing = (path: string): Error => Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' })

/** A file system that is nowhere: what is written to it is gone with it. Folders are there when they are asked for. */
export const memoryDisk = (): Disk => {
  const files = new Map<string, Uint8Array[]>()
  const contentOf = (path: string): Buffer => {
    const pieces = files.get(path)
    if (pieces === undefined) throw missing(path)
    const whole = Buffer.concat(pieces)
    files.set(path, [whole])
    return whole
  }
  const put = (path: string, content: string | Uint8Array): void => void files.set(path, [Buffer.from(content)])
  return {
    exists: (path) => files.has(path) || [...files.keys()].some((file) => dirname(file) === path),
    list: (folder) => [...files.keys()].filter((file) => dirname(file) === folder).map((file) => file.slice(folder.length + 1)),
    makeFolder: () => {},
    read: (path) => contentOf(path).toString('utf8'),
    readBytes: (path) => new Uint8Array(contentOf(path)),
    append: (path, content) => {
      const pieces = files.get(path)
      if (pieces === undefined) put(path, content)
      else pieces.push(Buffer.from(content))
    },
    size: (path) => contentOf(path).length,
    readPiece: (path, from, bytes) => new Uint8Array(contentOf(path).subarray(from, from + bytes)),
    truncate: (path, bytes) => put(path, contentOf(path).subarray(0, bytes)),
    create: (path, text) => {
      if (files.has(path)) return false
      put(path, text)
      return true
    },
    replace: put,
    remove: (path) => void files.delete(path),
  }
}
