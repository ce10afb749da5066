import type { Disk } from '../../src/runs/disk.js'

/** A disk in memory that is full after `room` characters. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, string>()
  readonly bytes = new Map<string, Uint8Array>()
  readonly folders = new Set<string>()
  room: number

  constructor(room = Infinity) {
    this.room = room
  }

  exists = (path: string): boolean => this.files.has(path) || this.bytes.has(path) || this.folders.has(path)

  list = (folder: string): string[] =>
    [...this.files.keys(), ...this.bytes.keys()].flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : []))

  makeFolder = (folder: string): void => void this.folders.add(folder)

  read(path: string): string {
    const text = this.files.get(path)
    if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return text
  }

  readBytes(path: string): Uint8Array {
    const bytes = this.bytes.get(path) ?? (this.files.has(path) ? new TextEncoder().encode(this.files.get(path)) : undefined)
    if (bytes === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return bytes
  }

  append(path: string, text: string | Uint8Array): void {
    this.#take(text.length)
    if (typeof text === 'string') this.files.set(path, (this.files.get(path) ?? '') + text)
    else this.bytes.set(path, new Uint8Array(Buffer.concat([this.bytes.get(path) ?? new Uint8Array(0), text])))
  }

  size = (path: string): number => this.readBytes(path).length

  readPiece = (path: string, from: number, bytes: number): Uint8Array => this.readBytes(path).slice(from, from + bytes)

  truncate = (path: string, bytes: number): void => void this.bytes.set(path, this.readBytes(path).slice(0, bytes))

  create(path: string, text: string): boolean {
    if (this.exists(path)) return false
    this.append(path, text)
    return true
  }

  replace(path: string, text: string | Uint8Array): void {
    if (typeof text !== 'string') {
      this.#take(text.length)
      this.bytes.set(path, text)
      return
    }
    this.#take(text.length - (this.files.get(path)?.length ?? 0))
    this.files.set(path, text)
  }

  remove = (path: string): void => {
    this.room += this.files.get(path)?.length ?? this.bytes.get(path)?.length ?? 0
    this.files.delete(path)
    this.bytes.delete(path)
  }

  #take(length: number): void {
    if (length > this.room) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    this.room -= length
  }
}
