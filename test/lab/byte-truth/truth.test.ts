import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { stageSchema } from '../../../src/codecs/registry.js'
import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import type { PartTemplate } from '../../../src/federation/parts.js'
import type { Setup } from '../../../src/flight/setup.js'
import { namedChains } from '../../../src/lab/byte-truth/chains.js'
import { collect, type Sample, type Samples } from '../../../src/lab/byte-truth/collect.js'
import { type Truth, truthOf } from '../../../src/lab/byte-truth/truth.js'
import { safetensorsHeader } from '../../../src/network/safetensors.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { fedAvg, int8, mmoe, sgd, synchronous } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { smallWorld } from '../../federation/small.js'

const shape = [2, 4]
const header = safetensorsHeader([{ name: 'w', shape }])
const body = { length: 8, header, extras: [] }
const segment = { name: 'w', role: 'other', shape, offset: 0, size: 8 }

const specification: Specification = {
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3, select: 2 }),
  evaluate: { every: 100, final: false, start: false },
}

/** As little of a federation as messages ask for: one part of one tensor [2, 4]. */
const setup = {
  resolved: resolve(specification, { seed: 1, engine: 'surrogate' }),
  participants: [],
  layout: { segments: [{ name: 'w' }] },
  parts: [{ name: 'trunk', segments: [segment], length: 8, up: body, down: body } as unknown as PartTemplate],
  carried: [],
} as unknown as Setup

const sample = (client: string, round: number, before: readonly number[], after: readonly number[]): Sample =>
  ({ part: 'trunk', client, round, before: Float32Array.from(before), after: Float32Array.from(after) })

const zeros = [0, 0, 0, 0, 0, 0, 0, 0]
const of = (updates: readonly Sample[], models: readonly Sample[] = []): Samples =>
  ({ setup, updates, models, seen: { updates: updates.length, models: models.length }, rounds: 1, status: 'complete' })

/** One update: a change of 2 and one of 1 in the first row, nothing in the second. */
const one = of([sample('A', 3, zeros, [0, 2, 0, -1, 0, 0, 0, 0])])

interface Link {
  readonly kind: string
  readonly [option: string]: unknown
}

const named = (...chain: readonly Link[]) =>
  ({ name: 'x', chain: chain.map((stage) => stageSchema.parse(stage)) })

describe('a tiny update, by hand', () => {
  // A frame's header, how many tensors and which, what both ends agreed on, no model named; or round and checksum of one.
  const coded = 32 + 1 + 1 + 4 + 1
  const change = coded + 4

  it.each<[string, readonly Link[], Partial<Truth['bytes']> & Partial<Truth['error']>]>([
    ['no codec', [], { formula: 32, packed: 32 + header.length + 32, alone: 0, all: 0 }],
    ['fp32', [{ kind: 'fp32' }], { formula: 32, packed: coded + 32, alone: 0, all: 0 }],
    ['fp16', [{ kind: 'fp16' }], { formula: 16, packed: coded + 16, alone: 0, all: 0 }],
    // A flag for what is not finite, the position of one of 8, the value. |1|^2 of |2|^2 + |1|^2 is missing.
    ['topK', [{ kind: 'topK', count: 1, feedback: false }], { formula: 8, alone: 0.2, all: 0.2 }],
    // One of two rows: how many, which, four floats.
    ['rows', [{ kind: 'rows' }], { formula: 4 + 16, packed: change + 1 + 2 + 16, alone: 0, all: 0 }],
    // A mean magnitude of 3/8, and eight signs. 0 goes up by as much: (2 - .375)^2 + (1 - .375)^2 + 6 * .375^2, of 5.
    ['sign', [{ kind: 'sign', feedback: false }], { formula: 8 + 4, packed: change + 4 + 1, alone: 0.775, all: 0.775 }],
  ])('%s', (_, chain, expected) => {
    const { bytes, error } = truthOf(named(...chain), 'up', one)
    for (const [field, value] of Object.entries(expected)) {
      expect({ ...bytes, ...error }[field as keyof typeof expected], field).toBeCloseTo(value, 6)
    }
  })

  it('an update that changes nothing has no error, and its bytes all the same', () => {
    const { error, bytes } = truthOf(named({ kind: 'fp16' }), 'up', of([sample('A', 1, zeros, zeros)]))
    expect(error).toEqual({ alone: undefined, all: undefined })
    expect(bytes.packed).toBe(coded + 16)
  })

  it('errors are in shares of the change: a codec of the numbers themselves loses it in large numbers', () => {
    const large = [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]
    const moved = [1000.1, ...large.slice(1)]
    const samples = of([sample('A', 1, large, moved)])
    expect(truthOf(named({ kind: 'fp16' }), 'up', samples).error.alone).toBeCloseTo(1, 3)
    expect(truthOf(named({ kind: 'delta' }, { kind: 'fp16' }), 'up', samples).error.alone).toBeLessThan(1e-6)
  })
})

describe('feedback', () => {
  const step = [4, 3, 2, 1, 0, 0, 0, 0]
  const updates = Array.from({ length: 20 }, (_, i) => sample('A', i + 1, zeros, step))

  it('makes good over all messages what each leaves out; without it the same is left out each time', () => {
    const { error } = truthOf(named({ kind: 'topK', count: 1 }), 'up', of(updates))
    expect(error.alone).toBeCloseTo(14 / 30, 6)
    expect(error.all).toBeLessThan(0.01)
    expect(truthOf(named({ kind: 'topK', count: 1, feedback: false }), 'up', of(updates)).error.all).toBeCloseTo(14 / 30, 6)
  })

  it('is each sender’s own', () => {
    const others = updates.map((update, i) => ({ ...update, client: i % 2 === 0 ? 'A' : 'B' }))
    const alone = truthOf(named({ kind: 'topK', count: 1 }), 'up', of(others.filter(({ client }) => client === 'A')))
    expect(truthOf(named({ kind: 'topK', count: 1 }), 'up', of(others)).error.all).toBeCloseTo(alone.error.all!, 12)
  })
})

describe('of a flight', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ engine: 'surrogate' })
  })
  afterAll(() => engine.close())
  const world = smallWorld({ A: 6, B: 12, C: 18 })
  const flown = (changes: Partial<Specification> = {}): Promise<Samples> =>
    collect(resolve({ ...specification, ...changes }, { seed: 1, engine: 'surrogate' }), { world, engine, cwd: '.' })

  it('every update that was folded, against what its client was sent; every model against the one before', async () => {
    const { setup: { parts, initial }, updates, models, seen, rounds } = await flown()
    const travelling = parts.filter(({ length }) => length > 0)
    expect(rounds).toBe(3)
    expect([updates.length, models.length]).toEqual([3 * 2 * travelling.length, 3 * travelling.length])
    expect(seen).toEqual({ updates: updates.length, models: models.length })
    for (const { part, round, before } of updates) {
      const model = models.find((one) => one.part === part && one.round === round)!
      expect(before).toEqual(model.before)
      const last = models.find((one) => one.part === part && one.round === round - 1)
      if (last !== undefined) expect(before).toEqual(last.after)
      else expect([...before].every((value) => initial.includes(value))).toBe(true)
    }
    expect(updates.some(({ before, after }) => after.some((value, i) => value !== before[i]))).toBe(true)
  })

  it('updates are as training made them, whatever codec the specification has', async () => {
    const bare = await flown()
    const coded = await flown({ codec: { up: int8() } })
    expect(coded.updates).toEqual(bare.updates)
  })

  it('every chain of the table codes both directions: bytes of all, no error where nothing is lost', async () => {
    const samples = await flown()
    for (const chain of namedChains()) {
      for (const direction of ['up', 'down'] as const) {
        const { bytes, error, messages, values } = truthOf(chain, direction, samples)
        expect(messages).toBe((direction === 'up' ? samples.updates : samples.models).length)
        expect(values).toBeGreaterThan(0)
        expect(bytes.packed, chain.name).toBeGreaterThan(32 * messages)
        expect(error.alone, chain.name).toBeGreaterThanOrEqual(0)
        if (['none', 'fp32', 'zstd', 'deflate'].includes(chain.name)) expect(error).toEqual({ alone: 0, all: 0 })
      }
    }
  })

  it('speed is floats by the time of a clock that is given', async () => {
    const samples = await flown()
    let ticks = 0
    const { speed, values } = truthOf(namedChains()[0], 'up', samples, { seconds: 1, now: () => ticks++ / 2 })
    // Each pass takes half a second of this clock, and two make one.
    expect(speed).toEqual({ encode: (4 * values * 2) / 1e6, decode: (4 * values * 2) / 1e6 })
  })
})
