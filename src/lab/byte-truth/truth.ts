import type { Memory } from '../../codecs/codec.js'
import { type Stage, stageSchema, traitsOf } from '../../codecs/registry.js'
import type { Routes } from '../../codecs/routes.js'
import type { PartTemplate } from '../../federation/parts.js'
import { type Setup, wireOf } from '../../flight/setup.js'
import type { ModelHead, UpdateHead } from '../../network/frame.js'
import type { Version } from '../../network/thread.js'
import type { Sender, Wire } from '../../network/wire.js'
import type { NamedChain } from './chains.js'
import type { Sample, Samples } from './collect.js'
import { bitsByFormula } from './formulas.js'

/** What one codec makes of the messages of a flight. */
export interface Truth {
  readonly name: string
  readonly chain: readonly Stage[]
  readonly messages: number
  /** Floats in them. */
  readonly values: number
  /** Whole frames, in bytes, all messages together. */
  readonly bytes: {
    /** By the published formula, numbers alone, no frame; undefined: nobody has one. */
    readonly formula: number | undefined
    readonly packed: number
    /** With zstd around what the codec makes; undefined where the chain ends in a codec of bytes. */
    readonly lossless: number | undefined
  }
  /**
   * vNMSE, |x - x'|^2 / |x|^2 where x is by how much the sender wanted its receiver's numbers to move, and x' by how much they
   * did; undefined where nothing moved. `alone`: the mean over messages, each as if it were the first. `all`: of the sums of
   * all that a sender sent of a part, with its memory kept: where feedback makes up for what is left out; the mean over those.
   */
  readonly error: { readonly alone: number | undefined; readonly all: number | undefined }
  /** Megabytes of floats a CPU-second, framing included; undefined where they were not measured. */
  readonly speed?: { readonly encode: number; readonly decode: number }
}

const MEGABYTE = 1e6

type Direction = 'up' | 'down'

/** Parts without the strategy's further tensors: these are its own matter, and no codec's of parameters. */
const bare = (part: PartTemplate): PartTemplate => {
  const body = { ...part.up, length: part.length, extras: [] }
  return { ...part, up: body, down: { ...part.down, length: part.length, extras: [] } }
}

/** Every part that messages are about: those of servers, and those that clients are sent. */
const partsOf = ({ parts, carried }: Setup): readonly PartTemplate[] =>
  [...new Map([...parts, ...carried].map((part) => [part.name, part])).values()]

/** Messages as they travel under a chain, in one direction. */
class Carrier {
  readonly #wire: Wire
  readonly #parts: ReadonlyMap<string, PartTemplate>
  readonly #direction: Direction

  constructor(setup: Setup, chain: readonly Stage[], direction: Direction) {
    const codec: Routes | undefined = chain.length === 0 ? undefined : { [direction]: { all: [...chain] } }
    const { codec: _, ...plain } = setup.resolved
    this.#wire = wireOf({ ...setup, resolved: { ...plain, ...(codec && { codec }) } }, false)
    this.#parts = new Map(partsOf(setup).map((part) => [part.name, bare(part)]))
    this.#direction = direction
  }

  encode({ part, client, round, before, after }: Sample, memory: Memory): Uint8Array {
    const head: UpdateHead | ModelHead = this.#direction === 'up'
      ? { kind: 'update', round, examples: 1, steps: 1 }
      : { kind: 'model', round, patience: undefined, missing: 'last', deadline: undefined }
    const sending: Sender = { memory, reference: { round, values: before }, common: client === '' }
    return this.#wire.encode(this.#parts.get(part)!, head, after, client, false, sending)
  }

  decode({ part, client, round, before }: Sample, bytes: Uint8Array): Float32Array {
    const versions: readonly Version[] = [{ round, values: before }]
    const kind = this.#direction === 'up' ? 'update' : 'model'
    const read = this.#wire.decode(this.#parts.get(part)!, kind, bytes, client, versions)
    if (!read.ok) throw new Error(`a message that was just encoded cannot be read: ${read.why}`)
    return read.body
  }
}

const none = (): Memory => new Map()

/** Sums over the messages of a sender about a part. */
interface Thread {
  readonly memory: Memory
  readonly wanted: Float64Array
  readonly missed: Float64Array
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)
const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length

/** |x - x'|^2 / |x|^2 of one message; undefined where x is 0. */
const errorOf = ({ before, after }: Sample, read: Float32Array): number | undefined => {
  let wanted = 0
  let missed = 0
  for (let i = 0; i < after.length; i++) {
    wanted += (after[i] - before[i]) ** 2
    missed += (after[i] - read[i]) ** 2
  }
  return wanted === 0 ? undefined : missed / wanted
}

/** What a sender moves its receiver by, all messages together: each is a change of what was sent before it. */
const add = ({ before, after }: Sample, read: Float32Array, { wanted, missed }: Thread): void => {
  for (let i = 0; i < after.length; i++) {
    wanted[i] += after[i] - before[i]
    missed[i] += after[i] - read[i]
  }
}

const errorsOf = (carrier: Carrier, samples: readonly Sample[]): { packed: number; error: Truth['error'] } => {
  const threads = new Map<string, Thread>()
  const alone: number[] = []
  let packed = 0
  for (const sample of samples) {
    const { part, client, after } = sample
    const bytes = carrier.encode(sample, none())
    packed += bytes.length
    const error = errorOf(sample, carrier.decode(sample, bytes))
    if (error !== undefined) alone.push(error)
    const key = `${part} ${client}`
    let thread = threads.get(key)
    if (thread === undefined) {
      thread = { memory: none(), wanted: new Float64Array(after.length), missed: new Float64Array(after.length) }
      threads.set(key, thread)
    }
    add(sample, carrier.decode(sample, carrier.encode(sample, thread.memory)), thread)
  }
  const all = [...threads.values()].flatMap(({ wanted, missed }) => {
    const length = squares(wanted)
    return length === 0 ? [] : [squares(missed) / length]
  })
  return { packed, error: { alone: mean(alone), all: mean(all) } }
}

/** CPU seconds of this process so far. */
export type Stopwatch = () => number

const speedOf = (carrier: Carrier, samples: readonly Sample[], seconds: number, now: Stopwatch): Truth['speed'] => {
  const size = samples.reduce((sum, { after }) => sum + after.byteLength, 0)
  // Bytes of updates are lent by the wire, and not to be kept.
  const frames = samples.map((sample) => carrier.encode(sample, none()).slice())
  const rate = (once: () => void): number => {
    const start = now()
    let [times, spent] = [0, 0]
    do {
      once()
      times++
      spent = now() - start
    } while (spent < seconds)
    return (size * times) / MEGABYTE / spent
  }
  return {
    encode: rate(() => {
      for (const sample of samples) carrier.encode(sample, none())
    }),
    decode: rate(() => {
      for (const [i, sample] of samples.entries()) carrier.decode(sample, frames[i])
    }),
  }
}

const zstd = stageSchema.parse({ kind: 'zstd' })
const lossless = new Set(['zstd', 'deflate'])

/** Bits of all messages by formula: of changes where the chain is of changes. */
const formulaOf = ({ chain, formula }: NamedChain, samples: readonly Sample[], parts: readonly PartTemplate[]): number | undefined => {
  const shapes = new Map(parts.map(({ name, segments }) => [name, segments.map(({ shape }) => shape)]))
  const ofChanges = chain.length > 0 && traitsOf(chain).of === 'changes'
  let sum = 0
  for (const { part, before, after } of samples) {
    const values = ofChanges ? after.map((value, i) => value - before[i]) : after
    const block = { shapes: shapes.get(part)!, values }
    const bits = formula?.bits(block, chain[0] ?? {}, () => NaN) ?? bitsByFormula(chain, block)
    if (bits === undefined) return undefined
    sum += bits
  }
  return sum / 8
}

/** How fast is measured, and by what clock. */
export interface Timing {
  /** CPU seconds for each direction, at least. */
  readonly seconds: number
  readonly now: Stopwatch
}

/** What a chain makes of what a flight sent in one direction: every message is encoded by the wire, and decoded. */
export const truthOf = (named: NamedChain, direction: Direction, { setup, updates, models }: Samples, timing?: Timing): Truth => {
  const { name, chain } = named
  const samples = direction === 'up' ? updates : models
  const carrier = new Carrier(setup, chain, direction)
  const { packed, error } = errorsOf(carrier, samples)
  const around = chain.some(({ kind }) => lossless.has(kind)) ? undefined : new Carrier(setup, [...chain, zstd], direction)
  return {
    name, chain, error,
    messages: samples.length,
    values: samples.reduce((sum, { after }) => sum + after.length, 0),
    bytes: {
      packed,
      formula: formulaOf(named, samples, partsOf(setup)),
      lossless: around && samples.reduce((sum, sample) => sum + around.encode(sample, none()).length, 0),
    },
    ...(timing && { speed: speedOf(carrier, samples, timing.seconds, timing.now) }),
  }
}
