import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { DataError } from '../errors.js'
import type { Origin } from './world.js'

/** A file as a stream of bytes, unzipped if its name ends in `.gz`, and its origin once it was read to its end. */
export interface ByteFile {
  readonly chunks: AsyncIterable<Buffer>
  /** The hash is of the file as it lies on disk. Throws when the stream was not read to its end. */
  origin(): Origin
}

/** Opens `file` for reading. A file that is not there is a `DataError` that says what lies in its folder instead. */
export const openBytes = (file: string): ByteFile => {
  const hash = createHash('sha256')
  let bytes = 0
  let origin: Origin | undefined

  async function* raw(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
      yield chunk as Buffer
    }
    origin = { file, bytes, sha256: hash.digest('hex') }
  }

  async function* unzipped(): AsyncGenerator<Buffer> {
    const gunzip = createGunzip({ chunkSize: 1 << 20 })
    // A gunzip that was destroyed (its reader stopped early, or the data is broken) never drains.
    const closed = new Promise<void>((done) => gunzip.once('close', done))
    const feeding = (async () => {
      for await (const chunk of raw()) {
        if (gunzip.write(chunk)) continue
        await Promise.race([new Promise<void>((done) => gunzip.once('drain', done)), closed])
        if (gunzip.destroyed) return
      }
      gunzip.end()
    })()
    feeding.catch((error: Error) => gunzip.destroy(error))
    for await (const chunk of gunzip) yield chunk as Buffer
    await feeding
  }

  async function* checked(): AsyncGenerator<Buffer> {
    try {
      yield* file.endsWith('.gz') ? unzipped() : raw()
    } catch (error) {
      throw await explain(file, error as NodeJS.ErrnoException)
    }
  }

  return {
    chunks: checked(),
    origin: () => {
      if (origin === undefined) throw new DataError(`${file} was not read to its end, so it has no hash`)
      return origin
    },
  }
}

/** The first line that is no UTF-8. */
const brokenLine = (bytes: Buffer): number => {
  let line = 1
  for (let at = 0; ; line++) {
    const end = bytes.indexOf(10, at)
    if (end < 0 || !isUtf8(bytes.subarray(at, end))) return line
    at = end + 1
  }
}

/** The origin and the whole text of a small file in UTF-8, such as a schema. */
export const readWhole = async (
  file: string, most = Infinity,
): Promise<{ readonly text: string; readonly origin: Origin }> => {
  const opened = openBytes(file)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of opened.chunks) {
    length += chunk.length
    if (length > most) throw new DataError(`${file} has more than ${most} bytes, which is too long for what it is`)
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  if (!isUtf8(bytes)) throw new DataError(`${file}:${brokenLine(bytes)}: bytes that are no UTF-8: save the file as such`)
  return { text: bytes.toString('utf8').replace(/^\uFEFF/, ''), origin: opened.origin() }
}

/** What a folder holds, in words, for an error that says what was found instead. */
export const listing = async (folder: string): Promise<string> => {
  try {
    const names = (await readdir(folder)).sort()
    if (names.length === 0) return `${resolve(folder)} is empty`
    const shown = names.slice(0, 12).join(', ')
    return `${resolve(folder)} holds ${shown}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`
  } catch {
    return `there is no folder ${resolve(folder)}`
  }
}

const explain = async (file: string, error: NodeJS.ErrnoException): Promise<Error> => {
  if (error instanceof DataError) return error
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return new DataError(`no file ${basename(file)}: ${await listing(dirname(file))}. Check the path, or --data`)
  }
  if (error.code?.startsWith('Z_')) {
    return new DataError(`${file}: not a complete gzip file (${error.message}). Download it again, or rename it` +
      ' if it is not zipped')
  }
  if (error.code === 'EISDIR') return new DataError(`${file} is a folder where a file was expected`)
  if (error.code === 'EACCES') return new DataError(`${file} may not be read by this user: change its permissions`)
  // What else a system says of a file, such as a circle of links.
  if (typeof error.code === 'string' && error.syscall !== undefined) return new DataError(`${file} cannot be read (${error.code})`)
  return error
}
