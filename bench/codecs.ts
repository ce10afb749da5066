import { ByteReader } from '../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../src/codecs/coding/byte-writer.js'
import { sizeOf, type Block, type Codec, type Memory, type Shape } from '../src/codecs/codec.js'
import { drawsOf } from '../src/codecs/coding/draws.js'
import { buildCodec, codecEntries, stageSchema } from '../src/codecs/registry.js'
import { cpuSeconds, row } from './measure.js'

/** 10 MB: tables of embeddings, layers, and their biases. */
const shapes: readonly Shape[] = [[100_000, 16], [3_000, 64], [512, 512], [512], [512, 768], [768], [64, 64, 11], [4_272]]

/** Seconds that each direction is measured for, after so many that nobody counts. */
const MEASURED = 1
const WARM = 0.3

const MEGABYTE = 1e6

/**
 * Numbers that look like updates: heavier tails than a normal distribution, each tensor of a scale of its own, and half of the
 * rows of tables untouched.
 */
const updates = (): Block => {
  const values = new Float32Array(sizeOf(shapes))
  const draws = drawsOf([1, 2])
  let at = 0
  for (const [i, shape] of shapes.entries()) {
    const scale = 10 ** (-2 - (i % 4))
    const size = sizeOf([shape])
    const width = shape[shape.length - 1]
    for (let j = 0; j < size; j++, at++) {
      const magnitude = -Math.log(1 - draws.unit()) * scale
      if (i < 2 && Math.floor(j / width) % 2 === 1) continue
      values[at] = draws.unit() < 0.5 ? -magnitude : magnitude
    }
  }
  return { shapes, values }
}

/** Megabytes of input a CPU-second: the fastest of as many as fit in the time, which others on the machine delayed least. */
const speedOf = (bytes: number, once: () => void): number => {
  for (const end = cpuSeconds() + WARM; cpuSeconds() < end; ) once()
  const times: number[] = []
  for (const end = cpuSeconds() + MEASURED; times.length < 3 || cpuSeconds() < end; ) {
    const start = cpuSeconds()
    once()
    times.push(cpuSeconds() - start)
  }
  return Math.round(bytes / MEGABYTE / Math.min(...times))
}

const measured = (codec: Codec, block: Block): { readonly encode: number; readonly decode: number; readonly bytes: number } => {
  const size = block.values.byteLength
  const out = new ByteWriter(codec.most(block.shapes))
  const memory: Memory = new Map()
  const draws = drawsOf([3, 4])
  const encode = speedOf(size, () => {
    out.clear()
    codec.encode(block, out, { draws, memory })
  })
  const into = new Float32Array(block.values.length)
  const decode = speedOf(size, () => {
    codec.decode(new ByteReader(out.written()), block.shapes, into)
  })
  return { encode, decode, bytes: out.length }
}

/** Every codec of the library with its default options, on one core. */
export const run = (): Record<string, { readonly encode: number; readonly decode: number }> => {
  const block = updates()
  console.log(row('MB of float32 a CPU-second', 'encode', 'decode', 'bytes', 'share'))
  return Object.fromEntries(
    codecEntries.map(({ kind }) => {
      const { encode, decode, bytes } = measured(buildCodec([stageSchema.parse({ kind })]), block)
      console.log(row(kind, encode, decode, bytes, (bytes / block.values.byteLength).toFixed(3)))
      return [kind, { encode, decode }]
    }),
  )
}
