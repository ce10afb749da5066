import { crc32 } from 'node:zlib'
import { snappyUncompress, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'

type Chunk = NonNullable<FileMetaData['row_groups'][number]['columns'][number]['meta_data']>
type Header = ReturnType<typeof parquetHeader>

/** Writers make pages of about a MiB; none that a reader would have to hold at once is larger. */
export const largestPage = 1 << 28

/** Bytes that a value takes at least, written plainly. */
const leastBytes: Readonly<Record<string, number>> = {
  BOOLEAN: 1 / 8, INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 4,
}

/** The pages of one chunk of a flat column, as far as they have to be known before they are decoded. */
export interface Pages {
  /** Page data by the place of its compressed bytes in the chunk, so that it is decompressed once. */
  readonly plain: ReadonlyMap<number, Uint8Array>
}

/**
 * Walks over the pages of a column chunk and holds what their headers declare against what is there: sizes, numbers of
 * values, the runs of levels and of dictionary ids, checksums where there are any. A reader that takes a header at its word
 * runs for minutes over a run of two thousand million values, and nothing can stop it; one changed byte is enough. Throws
 * an `Error` that says what is wrong.
 */
export const checkPages = (bytes: Uint8Array, { codec, type }: Chunk, rows: number, optional: boolean): Pages => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = { view, offset: 0 }
  const plain = new Map<number, Uint8Array>()
  let values = 0
  while (values < rows) {
    if (reader.offset >= bytes.length - 1) throw new Error(`${values} values in its pages, and its row group has ${rows} rows`)
    const header = parquetHeader(reader)
    const size = header.compressed_page_size
    const start = reader.offset
    if (!(size >= 0 && size <= bytes.length - start)) throw new Error(`a page of ${size} bytes where ${bytes.length - start} are left`)
    if (!(header.uncompressed_page_size >= 0 && header.uncompressed_page_size <= largestPage)) {
      throw new Error(`a page of ${header.uncompressed_page_size} bytes, more than ${largestPage}`)
    }
    const page = bytes.subarray(start, start + size)
    if (header.crc !== undefined && crc32(page) !== header.crc >>> 0) throw new Error('the checksum of a page does not fit')
    reader.offset += size
    values += pageValues(page, header, { codec, type, left: rows - values, optional, keep: (at, data) => plain.set(start + at, data) })
  }
  return { plain }
}

interface About {
  readonly codec: string
  readonly type: string
  readonly left: number
  readonly optional: boolean
  readonly keep: (at: number, data: Uint8Array) => void
}

/** Rows that a page holds. */
const pageValues = (page: Uint8Array, header: Header, about: About): number => {
  const { uncompressed_page_size: size } = header
  if (header.type === 'DICTIONARY_PAGE') {
    const count = header.dictionary_page_header?.num_values ?? 0
    const data = decompressed(page, size, about.codec)
    about.keep(0, data)
    checkPlain(count, data.length, about.type)
    return 0
  }
  if (header.type === 'DATA_PAGE') {
    const { num_values: count = 0, encoding } = header.data_page_header ?? {}
    checkCount(count, about.left)
    const data = decompressed(page, size, about.codec)
    about.keep(0, data)
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    let at = 0
    let there = count
    if (about.optional) {
      const length = view.getUint32(0, true)
      if (length > data.length - 4) throw new Error(`levels of ${length} bytes in a page of ${data.length}`)
      there = runs(data, 4, 4 + length, 1, count)
      at = 4 + length
    }
    checkValues(data, at, there, encoding, about.type, true)
    return count
  }
  if (header.type === 'DATA_PAGE_V2') {
    const about2 = header.data_page_header_v2
    const { num_values: count = 0, num_nulls: nulls = 0, encoding } = about2 ?? {}
    const levels = (about2?.definition_levels_byte_length ?? 0) + (about2?.repetition_levels_byte_length ?? 0)
    checkCount(count, about.left)
    if (!(nulls >= 0 && nulls <= count)) throw new Error(`${nulls} of ${count} values are nothing`)
    if (!(levels >= 0 && levels <= page.length && levels <= size) || about2?.repetition_levels_byte_length !== 0) {
      throw new Error(`levels of ${levels} bytes in a page of ${page.length}`)
    }
    const there = about.optional ? runs(page, 0, levels, 1, count) : count
    if (there !== count - nulls) throw new Error(`${there} of ${count} values are there, and ${nulls} are said to be nothing`)
    const rest = page.subarray(levels)
    const data = about2?.is_compressed === false ? rest : decompressed(rest, size - levels, about.codec)
    if (about2?.is_compressed !== false) about.keep(levels, data)
    checkValues(data, 0, count - nulls, encoding, about.type, false)
    return count
  }
  throw new Error(`a page of the type ${header.type}`)
}

const checkCount = (count: number, left: number): void => {
  if (!(count >= 0 && count <= left)) throw new Error(`a page of ${count} values where ${left} rows are left`)
}

const checkPlain = (count: number, bytes: number, type: string): void => {
  if (!(count >= 0 && count * (leastBytes[type] ?? 0) <= bytes)) {
    throw new Error(`${count} values of the type ${type} in ${bytes} bytes`)
  }
  if (!(type in leastBytes) && count > bytes * 8 + 1) throw new Error(`${count} values in ${bytes} bytes`)
}

const checkValues = (
  data: Uint8Array, at: number, count: number, encoding: string | undefined, type: string, first: boolean,
): void => {
  if (encoding === 'PLAIN' || encoding === 'BYTE_STREAM_SPLIT') checkPlain(count, data.length - at, type)
  else if (encoding === 'RLE' && (type === 'BOOLEAN' || !first)) runs(data, at + 4, data.length, 1, count)
  else if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY' || encoding === 'RLE') {
    if (count === 0) return
    const width = data[at]
    if (!(width <= 32)) throw new Error(`dictionary ids of ${width} bits`)
    // In pages of the first kind, ids of no bits have no runs.
    if (width > 0 || !first) runs(data, at + 1, data.length, width, count)
  }
}

/** Walks over runs of `width` bits until there are `count` values; gives how many of them are 1. */
const runs = (bytes: Uint8Array, from: number, end: number, width: number, count: number): number => {
  let at = from
  let seen = 0
  let ones = 0
  while (seen < count) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Error(`runs of ${seen} values where there are ${count}`)
      const byte = bytes[at++]
      header |= (byte & 127) << shift
      if (byte < 128) break
    }
    const left = count - seen
    const length = (header & 1) === 1 ? (header >>> 1) * 8 : header >>> 1
    // Groups of eight are filled up at the end.
    if (length > left + ((header & 1) === 1 ? 512 : 0)) throw new Error(`a run of ${length} values where ${left} are left`)
    if ((header & 1) === 1) {
      const size = (header >>> 1) * width
      if (at + Math.ceil(Math.min(length, left) * width / 8) > end) throw new Error('a run that is cut off')
      if (width === 1) for (let i = 0; i < Math.min(length, left); i++) ones += (bytes[at + (i >> 3)] >> (i & 7)) & 1
      at += size
    } else {
      const size = Math.ceil(width / 8)
      if (at + size > end) throw new Error('a run that is cut off')
      if (width === 1) ones += (bytes[at] & 1) * length
      at += size
    }
    seen += Math.min(length, left)
  }
  return ones
}

const decompressed = (page: Uint8Array, size: number, codec: string): Uint8Array => {
  if (codec === 'UNCOMPRESSED') return page
  // A page of nothing but nulls: not every decompressor knows what to make of it.
  if (size === 0) return page.subarray(0, 0)
  const own = (compressors as Record<string, ((input: Uint8Array, length: number) => Uint8Array) | undefined>)[codec]
  let data: Uint8Array
  if (own === undefined && codec === 'SNAPPY') snappyUncompress(page, (data = new Uint8Array(size)))
  else if (own === undefined) throw new Error(`compressed with ${codec}, which is not known`)
  else data = own(page, size)
  if (data.length !== size) throw new Error(`a page of ${data.length} bytes that should have ${size}`)
  return data
}
