import { z } from 'zod'

import { type Block, type Codec, type Shape } from './codec.js'
import { codecEntry } from './entry.js'
import { withFeedback } from './feedback.js'
import { mostOfPositions, readPositions, writePositions } from './coding/golomb-rice.js'
import { howMany, howManyFields, partsOf, saidOnce, saidTwice, type HowMany } from './coding/how-many.js'
import { largest } from './coding/largest.js'
import { flagBytes, notFiniteIn, readFlags, spoil, writeFlags } from './coding/not-finite.js'
import { gather, joined, memoryAt, newMemory, scatter } from './coding/places.js'

/** What the next codec of the chain is given: the numbers chosen of each part. */
const chosenShapes = (shapes: readonly Shape[], options: HowMany): Shape[] =>
  partsOf(shapes, options).map((size) => [howMany(size, options)])

/** Places of what is chosen, in the whole block. */
const chosen = ({ shapes, values }: Block, options: HowMany): Uint32Array => {
  let start = 0
  return joined(
    partsOf(shapes, options).map((size) => {
      const places = largest(values.subarray(start, start + size), howMany(size, options))
      for (let i = 0; i < places.length; i++) places[i] += start
      start += size
      return places
    }),
  )
}

/** Tensors with a number that is not finite and was not chosen: there are none unless all that is chosen of a part is so. */
const leftOut = (block: Block, places: Uint32Array, kept: Float32Array): boolean[] => {
  if (kept.every((value) => Math.abs(value) < Infinity)) return block.shapes.map(() => false)
  const rest = block.values.slice()
  for (const place of places) rest[place] = 0
  return notFiniteIn({ shapes: block.shapes, values: rest })
}

const sparse = (options: HowMany & { readonly feedback: boolean }, inner: Codec, place: string): Codec => ({
  encode: (block, out, sending) => {
    const places = chosen(block, options)
    let start = 0
    let at = 0
    for (const size of partsOf(block.shapes, options)) {
      const count = howMany(size, options)
      const origin = start
      writePositions(places.subarray(at, at + count).map((whole) => whole - origin), size, out)
      at += count
      start += size
    }
    const kept = gather(block.values, places)
    writeFlags(leftOut(block, places, kept), out)
    const memory = options.feedback ? newMemory() : memoryAt(sending.memory, place, places, block.values.length)
    inner.encode({ shapes: chosenShapes(block.shapes, options), values: kept }, out, { draws: sending.draws, memory: memory.behind })
    memory.done()
  },
  decode: (bytes, shapes, into) => {
    let start = 0
    const places = joined(
      partsOf(shapes, options).map((size) => {
        const origin = start
        start += size
        return readPositions(bytes, howMany(size, options), size).map((position) => position + origin)
      }),
    )
    const flags = readFlags(bytes, shapes.length)
    const kept = new Float32Array(places.length)
    inner.decode(bytes, chosenShapes(shapes, options), kept)
    into.fill(0)
    scatter(kept, places, into)
    spoil(flags, shapes, into)
  },
  bound: (block) => {
    const places = chosen(block, options)
    const values = gather(block.values, places)
    const bounds = inner.bound({ shapes: chosenShapes(block.shapes, options), values })
    if (bounds === undefined) return undefined
    const all = Float64Array.from(block.values, Math.abs)
    for (let i = 0; i < places.length; i++) all[places[i]] = bounds[i]
    return all
  },
  most: (shapes) =>
    partsOf(shapes, options).reduce((sum, size) => sum + mostOfPositions(howMany(size, options), size), flagBytes(shapes)) +
    inner.most(chosenShapes(shapes, options)),
})

/**
 * The numbers of greatest magnitude, and where they stand: gaps between their positions (golomb-rice.ts), then the numbers as
 * the next codec codes them. All others are 0 to the receiver; with feedback, what it did not get is added to the next message:
 *
 *   p_t = g_t + e_t,  sent: top_k(p_t),  e_(t+1) = p_t - what the receiver decodes
 *
 * The selection is exact. A number that is not finite counts as the greatest, and where there are more of those than are
 * sent, their tensors are no numbers to the receiver.
 */
export const topK = codecEntry({
  kind: 'topK',
  sentence: 'Only the numbers of greatest magnitude, with their positions in Golomb-Rice coded gaps; what is left out is added to the next message.',
  source: 'Stich, Cordonnier and Jaggi, Sparsified SGD with Memory (NeurIPS 2018), Mem-SGD; positions after Sattler et al., Sparse Binary Compression (IJCNN 2019)',
  schema: z
    .strictObject({
      kind: z.literal('topK'),
      ...howManyFields,
      feedback: z.boolean().default(true).describe('Whether what the receiver did not get is added to the next message.'),
    })
    .refine(saidOnce, saidTwice),
  makes: 'choice',
  traits: ({ feedback }) => ({ unbiased: false, readsNumbers: true, sums: false, remembers: feedback, of: 'changes' }),
  build: (options, inner, place) => (options.feedback ? withFeedback(sparse(options, inner, place), place) : sparse(options, inner, place)),
})
