import { z } from 'zod'

import type { Codec, Shape } from './codec.js'
import { drawSeed, drawsOf, type Draws, type Seed } from './coding/draws.js'
import { codecEntry } from './entry.js'
import { withFeedback } from './feedback.js'
import { howMany, howManyFields, partsOf, saidOnce, saidTwice, type HowMany } from './coding/how-many.js'
import { flagBytes, notFiniteIn, readFlags, spoil, writeFlags } from './coding/not-finite.js'
import { gather, joined, newMemory, scatter } from './coding/places.js'

/** A whole number below `end`, each as likely: draws of the last, incomplete run of 2^32 are thrown away. */
const below = (end: number, draws: Draws): number => {
  const runs = 2 ** 32 - (2 ** 32 % end)
  let draw = draws.next()
  while (draw >= runs) draw = draws.next()
  return draw % end
}

/**
 * `count` of `size` positions, rising, each set of them as likely.
 *
 * Source: R. Floyd, in Bentley and Floyd, A sample of brilliance (Communications of the ACM, 1987).
 */
const drawn = (count: number, size: number, draws: Draws): Uint32Array => {
  const set = new Uint32Array(Math.ceil(size / 32))
  const has = (position: number): boolean => ((set[position >>> 5] >>> (position & 31)) & 1) === 1
  for (let last = size - count; last < size; last++) {
    const draw = below(last + 1, draws)
    const position = has(draw) ? last : draw
    set[position >>> 5] |= 1 << (position & 31)
  }
  const positions = new Uint32Array(count)
  let taken = 0
  for (const [i, word] of set.entries()) {
    for (let left = word; left !== 0; left &= left - 1) positions[taken++] = 32 * i + 31 - Math.clz32(left & -left)
  }
  return positions
}

/** Places of what is sent, in a block of these shapes. */
const placesOf = (shapes: readonly Shape[], options: HowMany, seed: Seed): Uint32Array => {
  const draws = drawsOf(seed)
  let start = 0
  return joined(
    partsOf(shapes, options).map((size) => {
      const places = drawn(howMany(size, options), size, draws)
      for (let i = 0; i < places.length; i++) places[i] += start
      start += size
      return places
    }),
  )
}

const drawnShapes = (shapes: readonly Shape[], options: HowMany): Shape[] =>
  partsOf(shapes, options).map((size) => [howMany(size, options)])

const sparse = (options: HowMany & { readonly unbiased: boolean }, inner: Codec): Codec => ({
  encode: ({ shapes, values }, out, { draws }) => {
    const seed = drawSeed(draws)
    for (const half of seed) out.u32(half)
    const flags = notFiniteIn({ shapes, values })
    writeFlags(flags, out)
    const kept = gather(values, placesOf(shapes, options, seed))
    // What the flags tell would only spoil what is sent of other tensors.
    for (let i = 0; i < kept.length; i++) if (!(Math.abs(kept[i]) < Infinity)) kept[i] = 0
    inner.encode({ shapes: drawnShapes(shapes, options), values: kept }, out, { draws, memory: newMemory().behind })
  },
  decode: (bytes, shapes, into) => {
    const seed: Seed = [bytes.u32(), bytes.u32()]
    const flags = readFlags(bytes, shapes.length)
    const sizes = partsOf(shapes, options)
    const places = placesOf(shapes, options, seed)
    const kept = new Float32Array(places.length)
    inner.decode(bytes, drawnShapes(shapes, options), kept)
    if (options.unbiased) {
      let at = 0
      for (const size of sizes) {
        const count = howMany(size, options)
        for (const end = at + count; at < end; at++) kept[at] *= size / count
      }
    }
    into.fill(0)
    scatter(kept, places, into)
    spoil(flags, shapes, into)
  },
  bound: () => undefined,
  most: (shapes) => 8 + flagBytes(shapes) + inner.most(drawnShapes(shapes, options)),
})

/**
 * Numbers at random positions, which both ends draw from a seed of 8 bytes, so that no position travels. All others are 0 to
 * the receiver. Either what it did not get is added to the next message, as with `topK`; or, `unbiased`, the receiver
 * multiplies what it gets by n / k, and nothing is remembered: the expected value of what it decodes is what was encoded.
 *
 * A tensor with a number that is not finite, sent or not, is no numbers to the receiver: a bit for each tensor says so.
 */
export const randomK = codecEntry({
  kind: 'randomK',
  sentence: 'Numbers at random positions, drawn at both ends from a seed that travels: scaled to be unbiased, or with what is left out added to the next message.',
  source: 'Stich, Cordonnier and Jaggi, Sparsified SGD with Memory (NeurIPS 2018), rand_k; unbiased as in Konecny et al., Federated Learning: Strategies for Improving Communication Efficiency (2016), random mask',
  schema: z
    .strictObject({
      kind: z.literal('randomK'),
      ...howManyFields,
      unbiased: z.boolean().default(false).describe('Multiplied by n / k and without memory, instead of with error feedback.'),
    })
    .refine(saidOnce, saidTwice),
  makes: 'choice',
  traits: ({ unbiased }) => ({ unbiased, readsNumbers: false, sums: false, remembers: !unbiased, of: 'changes' }),
  build: (options, inner, place) => (options.unbiased ? sparse(options, inner) : withFeedback(sparse(options, inner), place)),
})
