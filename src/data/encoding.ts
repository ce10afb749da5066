import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { DataError } from '../errors.js'

/** ISO 8859-1 itself: every byte is a character. To a TextDecoder the same label means windows-1252. */
const isLatin1 = (label: string): boolean => /^(latin-?1|iso-?8859-?1)$/i.test(label)

const isUtf8Label = (label: string): boolean => /^utf-?8$/i.test(label)

/** Whether files can be read in an encoding of this name. */
export const isEncoding = (label: string): boolean => {
  if (isLatin1(label)) return true
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

const lines = (bytes: Uint8Array): number => {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}

/** A stream of bytes in some encoding as one in UTF-8. Bytes that are no text of it are a `DataError` with file and line. */
export async function* inUtf8(
  file: string, chunks: AsyncIterable<Buffer>, encoding: string | undefined,
): AsyncGenerator<Buffer> {
  if (encoding === undefined || isUtf8Label(encoding)) yield* chunks
  else if (isLatin1(encoding)) for await (const chunk of chunks) yield Buffer.from(chunk.toString('latin1'), 'utf8')
  else yield* decoded(file, chunks, encoding)
}

async function* decoded(file: string, chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let line = 1
  const broken = (): DataError => new DataError(
    `${file}: bytes in or after line ${line} are no text in ${encoding}. Give the encoding that the file is written in`,
  )
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true }), 'utf8')
    } catch {
      throw broken()
    }
  }
  for await (const chunk of chunks) {
    // In small pieces, so that a broken byte is found near its line.
    for (let from = 0; from < chunk.length; from += 4096) {
      const piece = decode(chunk.subarray(from, from + 4096))
      line += lines(piece)
      yield piece
    }
  }
  yield decode()
}

/** What is wrong with bytes that are no UTF-8: the line that they begin in, and what they may be. */
export const undecodable = (file: string, bytes: Buffer, line: number): DataError | undefined => {
  if (isUtf8(bytes)) return undefined
  let start = 0
  for (let at = line; ; at++) {
    const end = bytes.indexOf(10, start)
    const row = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (!isUtf8(row) || end < 0) {
      const wide = row.subarray(0, 2).toString('latin1')
      const meant = wide === '\u00ff\u00fe' ? 'utf-16le' : wide === '\u00fe\u00ff' ? 'utf-16be' : 'latin1 or windows-1252'
      return new DataError(`${file}:${at}: bytes that are no UTF-8. Say which \`encoding\` the file is written in, such as ${meant}`)
    }
    start = end + 1
  }
}
