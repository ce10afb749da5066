import { z } from 'zod'

import * as all from './all.js'
import type { Codec, Traits } from './codec.js'
import type { CodecEntry } from './entry.js'
import { exact } from './fp32.js'

type Entry = (typeof all)[keyof typeof all]

/** Every codec of the library, in the order of their kinds. */
export const codecEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** A codec as data, by its kind. */
export const stageSchema = z.discriminatedUnion('kind', codecEntries.map(({ schema }) => schema) as unknown as Schemas)

export type Stage = z.output<typeof stageSchema>
export type StageInput = z.input<typeof stageSchema>

export const codecEntryOf = ({ kind }: Pick<Stage, 'kind'>): CodecEntry => {
  const entry = codecEntries.find((one) => one.kind === kind)
  if (entry === undefined) throw new TypeError(`there is no codec of kind '${kind}'`)
  return entry as unknown as CodecEntry
}

/** What is wrong with a chain of codecs, if anything: numbers end it once, and only `bytes` come after. */
export const chainProblem = (stages: readonly Stage[]): string | undefined => {
  let bytes = false
  for (const [i, stage] of stages.entries()) {
    const { makes, kind } = codecEntryOf(stage)
    if (bytes && makes !== 'bytes') return `'${kind}' codes numbers, and ${codecEntryOf(stages[i - 1]).kind} before it has made them bytes`
    if (makes !== 'choice') bytes = true
  }
  return undefined
}

/** The codec, with what it writes counted as its kind's; what it leaves to others they count. */
const counted = (codec: Codec, kind: string): Codec => ({
  ...codec,
  encode: (block, out, sending) => {
    const before = out.by(kind)
    codec.encode(block, out, sending)
    out.by(before)
  },
})

/** One codec of a chain: the first is given the numbers, each that follows what the one before it leaves to it. `prefix`: what its names in memory begin with. */
export const buildCodec = (stages: readonly Stage[], prefix = ''): Codec => {
  const placed = stages.map((stage, i) => ({ stage, place: `${prefix}${i}`, entry: codecEntryOf(stage) }))
  const numbers = placed.find(({ entry }) => entry.makes === 'numbers')
  let codec = numbers === undefined ? counted(exact, 'fp32') : counted(numbers.entry.build(numbers.stage, exact, numbers.place), numbers.stage.kind)
  for (const { stage, place, entry } of placed.toReversed()) if (entry.makes === 'choice') codec = counted(entry.build(stage, codec, place), stage.kind)
  // What codes bytes is laid around all that has made them.
  for (const { stage, place, entry } of placed) if (entry.makes === 'bytes') codec = counted(entry.build(stage, codec, place), stage.kind)
  return codec
}

/** What is true of a chain: unbiased, summable if all are; the rest if one is. */
export const traitsOf = (stages: readonly Stage[]): Traits => {
  const traits = stages.map((stage) => codecEntryOf(stage).traits(stage))
  return {
    unbiased: traits.every(({ unbiased }) => unbiased),
    sums: traits.every(({ sums }) => sums),
    readsNumbers: traits.some(({ readsNumbers }) => readsNumbers),
    remembers: traits.some(({ remembers }) => remembers),
    of: traits.some(({ of }) => of === 'changes') ? 'changes' : 'values',
  }
}
