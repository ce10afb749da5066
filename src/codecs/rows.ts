import { z } from 'zod'

import { rowsOf, sizeOf, type Block, type Codec, type Shape } from './codec.js'
import { codecEntry } from './entry.js'
import { mostOfPositions, readPositions, writePositions } from './coding/golomb-rice.js'
import { gather, joined, memoryAt, scatter } from './coding/places.js'

/** Whether a tensor's rows are looked at: it has two axes or more. The others travel whole. */
const hasRows = (shape: Shape): boolean => shape.length > 1

/** Rows with a number that is not 0, rising. */
const touchedOf = (values: Float32Array, shape: Shape): Uint32Array => {
  const { rows, width } = rowsOf(shape)
  const touched = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * width
    let at = row * width
    while (at < end && values[at] === 0) at++
    if (at < end) touched[count++] = row
  }
  return touched.slice(0, count)
}

/** The touched rows of each tensor; undefined: it travels whole. */
type Touched = readonly (Uint32Array | undefined)[]

const touchedIn = ({ shapes, values }: Block): Touched => {
  let start = 0
  return shapes.map((shape) => {
    const end = start + sizeOf([shape])
    const touched = hasRows(shape) ? touchedOf(values.subarray(start, end), shape) : undefined
    start = end
    return touched
  })
}

const sentShapes = (shapes: readonly Shape[], touched: Touched): Shape[] =>
  shapes.map((shape, i) => {
    const rows = touched[i]
    return rows === undefined ? shape : [rows.length, rowsOf(shape).width]
  })

/** Places in the block of what travels. */
const placesOf = (shapes: readonly Shape[], touched: Touched): Uint32Array => {
  let start = 0
  return joined(
    shapes.map((shape, i) => {
      const { rows, width } = rowsOf(shape)
      const sent = touched[i]
      const places = new Uint32Array((sent?.length ?? rows) * width)
      for (let row = 0, at = 0; at < places.length; row++) {
        const from = start + (sent?.[row] ?? row) * width
        for (let column = 0; column < width; column++) places[at++] = from + column
      }
      start += rows * width
      return places
    }),
  )
}

const sparse = (inner: Codec, place: string): Codec => ({
  encode: (block, out, { draws, memory }) => {
    const { shapes, values } = block
    const touched = touchedIn(block)
    for (const [i, rows] of touched.entries()) {
      if (rows === undefined) continue
      out.varint(rows.length)
      writePositions(rows, rowsOf(shapes[i]).rows, out)
    }
    const places = placesOf(shapes, touched)
    const { behind, done } = memoryAt(memory, place, places, values.length)
    inner.encode({ shapes: sentShapes(shapes, touched), values: gather(values, places) }, out, { draws, memory: behind })
    done()
  },
  decode: (bytes, shapes, into) => {
    const touched = shapes.map((shape) => {
      if (!hasRows(shape)) return undefined
      const { rows } = rowsOf(shape)
      return readPositions(bytes, bytes.varint(rows), rows)
    })
    const places = placesOf(shapes, touched)
    const sent = new Float32Array(places.length)
    inner.decode(bytes, sentShapes(shapes, touched), sent)
    into.fill(0)
    scatter(sent, places, into)
  },
  bound: (block) => {
    const touched = touchedIn(block)
    const places = placesOf(block.shapes, touched)
    const bounds = inner.bound({ shapes: sentShapes(block.shapes, touched), values: gather(block.values, places) })
    if (bounds === undefined) return undefined
    const all = new Float64Array(block.values.length)
    for (let i = 0; i < places.length; i++) all[places[i]] = bounds[i]
    return all
  },
  most: (shapes) =>
    // A count is at most 5 bytes: rows are fewer than 2^32.
    shapes.filter(hasRows).reduce((sum, shape) => sum + 5 + mostOfPositions(rowsOf(shape).rows, rowsOf(shape).rows), inner.most(shapes)),
})

/**
 * Rows of embedding tables that have changed: only those that are not all 0 travel, and which they are, in gaps between their
 * numbers (golomb-rice.ts). Tensors of fewer than two axes travel whole. The next codec of the chain is given a tensor
 * [touched rows, width] for each table; what it remembers of a row waits until the row is touched again.
 */
export const rows = codecEntry({
  kind: 'rows',
  sentence: 'Only the rows of tables that are not all 0, with their numbers in Golomb-Rice coded gaps: changes of embeddings.',
  source: 'Niu et al., Billion-Scale Federated Learning on Mobile Clients (MobiCom 2020): submodels; sparse gradients as in TensorFlow, IndexedSlices',
  schema: z.strictObject({ kind: z.literal('rows') }),
  makes: 'choice',
  traits: () => ({ unbiased: true, readsNumbers: true, sums: false, remembers: false, of: 'changes' }),
  build: (_, inner, place) => sparse(inner, place),
})
