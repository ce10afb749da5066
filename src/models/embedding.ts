import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../errors.js'
import type { CategoricalColumn, Features } from './model.js'
import { lookup } from '../tensors/ops.js'

/** A field of the model: neighbouring columns of the batch that become one vector. */
interface Group {
  readonly from: number
  readonly count: number
  readonly pooled: boolean
}

/** How the categorical columns of a world look up one table, and which of them are one field. */
export interface Embedding {
  /** Rows of the common table. */
  readonly rows: number
  /** Rows of each table of words in it, in their order. */
  readonly tables: readonly number[]
  /** Fields that the columns become: a sequence is one. */
  readonly fields: number
  /** Ids [batch, columns] and the table [rows, width] to [batch, fields * width]. */
  apply(table: Tensor, ids: Tensor, width: number): Tensor
}

/**
 * Every column looks up rows of its own in one common table, those after the rows of the columns before it; a column
 * with `table` looks up the rows of that one. A plain column is a field. The columns of a `sequence` together are one,
 * the mean of the embeddings of their known ids (Covington, Adams and Sargin, RecSys 2016, section 3.2):
 *
 *     v_i = E[id_i]                                  [batch, length, width]
 *     m_i = 1 where id_i > 0, else 0                 [batch, length]
 *     x   = sum_i m_i v_i / max(1, sum_i m_i)        [batch, width]
 *
 * A sequence without any known id is a vector of zeros. Sums are products with ones, as everywhere (see `ops.ts`).
 */
export const embeddingOf = ({ categorical }: Features): Embedding => {
  const { tables, rows, offsets } = tableOf(categorical)
  const groups = groupsOf(categorical)
  const plain = groups.every(({ pooled }) => !pooled)
  return {
    rows,
    tables,
    fields: groups.length,
    apply(table, ids, width) {
      const columns = categorical.length
      const places = tf.add(ids, tf.tensor2d([offsets], [1, columns], 'int32'))
      const vectors = tf.reshape(lookup(table, places.as1D()), [-1, columns * width])
      if (plain) return vectors
      const fields = groups.map(({ from, count, pooled }) => {
        const own = tf.slice(vectors, [0, from * width], [-1, count * width])
        return pooled ? pool(own, tf.slice(ids, [0, from], [-1, count]), width) : own
      })
      return fields.length === 1 ? fields[0] : tf.concat(fields, 1)
    },
  }
}

/** Vectors [batch, length * width] and ids [batch, length] to the mean [batch, width] over ids that are not 0. */
const pool = (vectors: Tensor, ids: Tensor, width: number): Tensor => {
  const length = ids.shape[1] as number
  const known = tf.sign(tf.cast(ids, 'float32'))
  const count = tf.maximum(tf.matMul(known, tf.ones([length, 1])), 1)
  // Each id's share for all coordinates of its vector, [batch, length * width]; then sums over ids.
  const spread = ones(length, length * width, (id, at) => Math.floor(at / width) === id)
  const shares = tf.matMul(tf.div(known, count), spread)
  return addFields(tf.mul(vectors, shares), width)
}

/** Neighbouring vectors [batch, fields * width] to their sum [batch, width]. */
export const addFields = (vectors: Tensor, width: number): Tensor =>
  tf.matMul(vectors, ones(vectors.shape[1] as number, width, (at, k) => at % width === k))

/** A matrix of 1 where `here` says so, else 0. */
const ones = (rows: number, columns: number, here: (row: number, column: number) => boolean): Tensor =>
  tf.tensor2d(Float32Array.from({ length: rows * columns }, (_, i) =>
    Number(here(Math.floor(i / columns), i % columns))), [rows, columns])

const tableOf = (
  columns: readonly CategoricalColumn[],
): { readonly rows: number; readonly tables: number[]; readonly offsets: number[] } => {
  const starts = new Map<string, { at: number; size: number }>()
  let rows = 0
  const own = (name: string, size: number): number => {
    const known = starts.get(name)
    if (known === undefined) {
      starts.set(name, { at: rows, size })
      return (rows += size) - size
    }
    if (known.size === size) return known.at
    throw new SpecificationError(
      `Columns that share the embedding table '${name}' have ${known.size} and ${size} ids: give them one vocabulary.`,
    )
  }
  const offsets = columns.map(({ name, size, table }) => own(table ?? name, size))
  return { rows, tables: Array.from(starts.values(), ({ size }) => size), offsets }
}

const groupsOf = (columns: readonly CategoricalColumn[]): Group[] => {
  const groups: Group[] = []
  const seen = new Set<string>()
  for (let from = 0; from < columns.length; ) {
    const { sequence } = columns[from]
    let to = from + 1
    if (sequence !== undefined) {
      while (to < columns.length && columns[to].sequence === sequence) to++
      if (seen.has(sequence)) {
        throw new SpecificationError(`The columns of sequence '${sequence}' must stand side by side.`)
      }
      seen.add(sequence)
    }
    groups.push({ from, count: to - from, pooled: sequence !== undefined })
    from = to
  }
  return groups
}
