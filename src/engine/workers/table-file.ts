import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import type { Table } from '../../data/table.js'

/** A table that lies in a file: what workers read that share no memory with the caller. Lengths in elements. */
export interface TableFile {
  readonly handle: string
  readonly file: string
  readonly rows: number
  readonly categorical: number
  readonly numeric: number
  readonly labels: number
  /** 0 where all rows count alike. */
  readonly weights: number
}

/** Writes what workers need of a table: its columns one after the other, as they lie in memory. */
export const writeTable = (handle: string, file: string, table: Table): TableFile => {
  const { rows, categorical, numeric, labels, weights = new Float32Array(0) } = table
  const descriptor = openSync(file, 'wx')
  try {
    for (const { buffer, byteOffset, byteLength } of [categorical, numeric, labels, weights]) {
      writeFileSync(descriptor, new Uint8Array(buffer, byteOffset, byteLength))
    }
  } finally {
    closeSync(descriptor)
  }
  return {
    handle, file, rows,
    categorical: categorical.length, numeric: numeric.length, labels: labels.length, weights: weights.length,
  }
}

const fill = (descriptor: number, into: Float32Array | Int32Array): void => {
  const bytes = new Uint8Array(into.buffer)
  for (let at = 0; at < bytes.length; ) {
    const got = readSync(descriptor, bytes, at, bytes.length - at, null)
    if (got === 0) throw new RangeError(`a table's file ended ${bytes.length - at} bytes early`)
    at += got
  }
}

/** Reads a table into memory of its own. */
export const readTable = (about: TableFile): Table => {
  const categorical = new Int32Array(about.categorical)
  const numeric = new Float32Array(about.numeric)
  const labels = new Float32Array(about.labels)
  const weights = new Float32Array(about.weights)
  const descriptor = openSync(about.file, 'r')
  try {
    for (const column of [categorical, numeric, labels, weights]) fill(descriptor, column)
  } finally {
    closeSync(descriptor)
  }
  return { rows: about.rows, categorical, numeric, labels, ...(weights.length > 0 && { weights }) }
}
