import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { roundEntries } from '../../../src/federation/rounds/registry.js'
import { takePart } from '../../../src/federation/parts.js'
import { flyUnder } from '../../../src/flight/fly.js'
import { type Setup, setUp } from '../../../src/flight/setup.js'
import { streams } from '../../../src/random/streams.js'
import type { PartValues } from '../../../src/record/event.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, ditto, fedAvg, mmoe, ms, pfMsmtrec, quorum, scaffold, semiAsynchronous, sgd, synchronous, tiers,
  type Specification,
} from '../../../src/simulation/script.js'
import { calm, clear } from '../calm.js'
import { smallWorld } from '../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 8, B: 8, C: 16, D: 24 })

const machines = {
  synchronous: synchronous({ count: 5 }),
  deadline: deadline({ count: 5, after: ms(3), quorum: 3 }),
  quorum: quorum({ count: 5, quorum: 3, after: ms(4) }),
  tiers: tiers({ count: 5, tiers: 2, quorum: 2, after: ms(3) }),
  'semi-asynchronous': semiAsynchronous({ count: 6, quorum: 3, after: ms(2) }),
  asynchronous: asynchronous({ count: 8, timeout: ms(4) }),
  buffered: buffered({ count: 6, buffer: 3, timeout: ms(4) }),
} satisfies Record<string, Specification['rounds']>

const strategies = [fedAvg(), scaffold(), ditto(), pfMsmtrec()]

const setups = new Map<string, Promise<Setup>>()
const setupOf = (kind: keyof typeof machines, which: number): Promise<Setup> => {
  const key = `${kind} ${which}`
  const made = setups.get(key) ?? setUp(resolve(
    {
      world: { kind: 'storefronts' }, model: mmoe({ embedding: 1, experts: 2, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 8, optimizer: sgd(0.1) }, strategy: strategies[which], rounds: machines[kind],
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'surrogate' },
  ), world, engine)
  setups.set(key, made)
  return made
}

const hex = ({ buffer, byteOffset, byteLength }: Float32Array): string => Buffer.from(buffer, byteOffset, byteLength).toString('hex')

/** A part as bits: common values, every client's own, and what the strategy remembers. */
const bits = ({ values, personal, memory }: PartValues): string =>
  [...[...personal].sort(([a], [b]) => (a < b ? -1 : 1)), ...Object.entries(memory).sort(([a], [b]) => (a < b ? -1 : 1))]
    .map(([name, vector]) => `${name} ${hex(vector)}`).concat(hex(values)).join('\n')

it('are all machines', () => {
  expect(Object.keys(machines).toSorted()).toEqual(roundEntries.map(({ kind }) => kind))
})

it.each(Object.keys(machines) as (keyof typeof machines)[])('%s rounds that abort leave the model bitwise unchanged', async (kind) => {
  let aborted = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(10_000), fc.nat(strategies.length - 1), fc.constantFrom(0.1, 0.5, 1), async (salt, which, loss) => {
      const setup = await setupOf(kind, which)
      /** The bits of each part after its last fold, and the parts that were folded since the last round closed. */
      const parts = new Map<string, string>()
      const folds: { readonly round: number; readonly part: string }[] = []
      const coin = (...key: (string | number)[]): number => streams(String(salt))(...key)()
      const weather = calm({
        // In a synchronous round nothing may be lost for good: nobody is there instead.
        available: (_, __, round) => kind !== 'synchronous' || coin('there', round) >= loss,
        judge: ({ from, to, kind: of, round, part }) => {
          if (kind === 'synchronous' || of !== 'update') return clear
          return coin(from, to, round, part) < loss ? { ...clear, lost: { travelled: 0, fault: 'test' } } : clear
        },
        readers: [{ kinds: ['fold'], see: (event) => {
          if (event.kind !== 'fold') return
          const before = parts.get(event.part)
          if (before !== undefined) expect(bits(event.before)).toBe(before)
          else expect(hex(event.before.values)).toBe(firstOf(setup, event.part))
          parts.set(event.part, bits(event.after))
          folds.push({ round: event.round, part: event.part })
        } }],
      })
      const flight = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
      const outcomes = new Map(flight.rounds.map(({ round, outcome }) => [round, outcome]))
      for (const { round, part } of folds) expect(outcomes.get(round), `${part} in round ${round}`).toBe('closed')
      for (const [name, state] of Object.entries(flight.states)) {
        const after = parts.get(name)
        if (after !== undefined) expect(bits(state)).toBe(after)
        else expect(hex(state.values)).toBe(firstOf(setup, name))
      }
      aborted += flight.rounds.filter(({ outcome }) => outcome === 'aborted').length
    }),
    { numRuns: 15 },
  )
  expect(aborted).toBeGreaterThan(5)
})

/** What a part begins with. */
const firstOf = ({ parts, initial }: Setup, name: string): string => hex(takePart(initial, parts.find((part) => part.name === name)!))
