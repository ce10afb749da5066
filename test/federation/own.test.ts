import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { exitCodes } from '../../src/errors.js'
import type { CustomLink, Envelope, RoundRow } from '../../src/index.js'
import { simulate, type Run } from '../../src/runs/simulate.js'
import {
  buffered, crash, defineStrategy, deadline, fedAvg, mlp, ms, roundMachine, seconds, sgd, synchronous, type Specification,
} from '../../src/simulation/script.js'

const plain = {
  world: storefronts({ scenarios: 3, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [3], embedding: 2 }),
  local: { batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 4 }),
  network: { latency: ms(20) },
  evaluate: { start: false, final: true, every: 100 },
} satisfies Specification

const fly = (changes: Partial<Specification>): Promise<Run> => simulate({ ...plain, ...changes }, { seed: 3, engine: 'tfjs', workers: 1 })

/** What cannot be: writes as a script in JavaScript makes them. */
const rough = (value: unknown): Record<string, unknown> => value as Record<string, unknown>

describe('a strategy of the researcher’s', () => {
  /** Twice what moved, and half of what was received. */
  const pure = defineStrategy({
    name: 'mine',
    finish: ({ made, received }) => ({ sent: made.train.map((value, i) => 2 * value - received[i]) }),
    fold: (state, updates) => {
      const values = state.values.slice()
      const own = updates.map((update) => update.values.map((value) => value / updates.length))
      for (let i = 0; i < values.length; i++) values[i] = own.reduce((sum, update) => Math.fround(sum + update[i]), 0)
      return { ...state, values, memory: { last: state.values } }
    },
  })
  const inPlace = defineStrategy({
    name: 'mine',
    finish: ({ made, received, kept }) => {
      made.train.forEach((value, i) => (made.train[i] = 2 * value - received[i]))
      received.fill(NaN)
      Object.assign(kept, { junk: received })
      return { sent: made.train }
    },
    fold: (state, updates, { clients, segments }) => {
      const last = state.values.slice()
      for (const { values } of updates) values.forEach((value, i) => (values[i] = value / updates.length))
      for (let i = 0; i < last.length; i++) state.values[i] = updates.reduce((sum, { values }) => Math.fround(sum + values[i]), 0)
      ;(state.personal as Map<string, Float32Array>).clear()
      for (const update of updates) rough(update).client = 'client-nobody'
      Object.assign(state.memory, { last })
      ;(clients as unknown[]).length = 0
      rough(segments[0]).offset = 99
      return state
    },
  })

  it.each<readonly [string, Partial<Specification>]>([
    ['rounds that wait for all', {}],
    ['rounds that overlap', { rounds: buffered({ count: 6, buffer: 2, timeout: seconds(1) }) }],
    ['a server that dies', {
      rounds: deadline({ count: 5, after: seconds(5) }), delivery: { acknowledge: true }, faults: [crash('aggregator', { at: ms(150), restartAfter: ms(60), keeps: 'checkpoint' })],
    }],
  ])('that works in place is one that does not, in %s', async (_, changes) => {
    const one = await fly({ ...changes, strategy: pure })
    const other = await fly({ ...changes, strategy: inPlace })
    expect(one.rounds.some(({ outcome }) => outcome === 'closed')).toBe(true)
    expect(other.digest).toBe(one.digest)
  })
})

describe('what a strategy of the researcher’s gives back', () => {
  const wrong: Readonly<Record<string, readonly [() => object, RegExp]>> = {
    'a promise of a fold': [() => ({ fold: async (state: unknown) => state }), /fold gives a promise: it must answer at once/],
    'no fold': [() => ({ fold: () => undefined }), /fold gives undefined, expected \{ part, values/],
    'a list of numbers': [() => ({ fold: (state: object) => ({ ...state, values: [1, 2] }) }), /`values` of fold gives Array of 2, expected a Float32Array of \d+/],
    'nobody’s values': [() => ({ fold: (state: object) => ({ ...state, personal: {} }) }), /`personal` of fold gives \{ {2}\}, expected a Map/],
    'no memory': [() => ({ fold: (state: object) => ({ ...state, memory: undefined }) }), /`memory` of fold gives undefined/],
    'nothing to send': [() => ({ finish: () => undefined }), /finish gives undefined, expected \{ sent \}/],
    'too little to send': [() => ({ finish: () => ({ sent: new Float32Array(1) }) }), /`sent` of finish gives Float32Array of 1, expected a Float32Array of \d+/],
    'weights that are promised': [() => ({ weights: async () => new Float64Array(3) }), /weights gives a promise/],
    'a weight too few': [() => ({ weights: () => new Float64Array(1) }), /weights gives Float64Array of 1, expected a Float64Array of 3/],
    'a scope that there is not': [() => ({ template: () => 'globall' }), /template gives 'globall' for .*, expected one of global, scenario, task, private/],
    'no federation': [() => ({ arrange: () => undefined }), /arrange gives undefined, expected \{ features, members \}/],
    'no legs': [() => ({ legs: [] }), /legs gives Array of 0, expected a list of at least one/],
    'a short start': [() => ({ legs: [{ name: 'train', start: () => new Float32Array(2) }] }), /start of leg 'train' gives Float32Array of 2, expected/],
  }
  it.each(Object.entries(wrong))('is refused by the name of the function: %s', async (_, [make, message]) => {
    const flown = fly({ strategy: defineStrategy({ name: 'mine', ...make() }) })
    await expect(flown).rejects.toMatchObject({ exitCode: exitCodes.specification, message: expect.stringMatching(/strategy 'mine': /) })
    await expect(flown).rejects.toThrow(message)
  })
})

describe('rounds and a choice of the researcher’s', () => {
  const spoil = (past: readonly RoundRow[]): void => {
    if (past.length > 0) rough(past[0]).round = 7
  }
  const push = (past: readonly RoundRow[]): void => void (past as RoundRow[]).push(past[0])
  const sort = (past: readonly RoundRow[]): void => void (past[0]?.selected as string[] | undefined)?.push('client-nobody')
  const machine = (write: (past: readonly RoundRow[]) => void): Partial<Specification> => ({
    rounds: roundMachine((_, { kind }, { past, clients, answers, round }) => {
      write(past)
      if (kind === 'begin') return { state: null, ask: { clients } }
      return answers === clients ? { state: null, close: { outcome: 'closed', reason: 'all', after: 'late' }, done: round === 3 } : { state: null }
    }),
  })

  it.each([['a row', spoil], ['the list', push], ['the list of a row', sort]])('end the flight where they write to %s of the past, by name', async (_, write) => {
    const policy = (_round: number, past: readonly RoundRow[]) => (write(past), synchronous({ count: 3 }))
    const names = { exitCode: exitCodes.specification }
    await expect(fly({ rounds: policy })).rejects.toMatchObject({ ...names, message: expect.stringMatching(/rounds: in round [12] it writes to what it is given: Cannot .*Change a copy/) })
    await expect(fly(machine(write))).rejects.toMatchObject({ ...names, message: expect.stringMatching(/rounds: in round [12] it writes/) })
    const choose = fly({ choose: (candidates, { past }) => (write(past), candidates.map(({ name }) => name)) })
    await expect(choose).rejects.toMatchObject({ ...names, message: expect.stringMatching(/choose: in round [12] it writes/) })
  })

  it('do not get at the aggregator’s state, and read what they read', async () => {
    const keys = new Set<string>()
    const seen: unknown[] = []
    const { rounds } = await fly({
      rounds: roundMachine((_, { kind }, situation) => {
        for (const key of Object.keys(situation)) keys.add(key)
        if (kind === 'begin') {
          seen.push([situation.round, situation.past.length, situation.stalest, situation.nextReturn])
          return { state: null, ask: { clients: situation.clients } }
        }
        const { answers, clients, round } = situation
        return answers === clients ? { state: null, close: { outcome: 'closed', reason: 'all', after: 'late' }, done: round === 2 } : { state: null }
      }),
    })
    expect(rounds).toHaveLength(2)
    expect(keys).not.toContain('state')
    expect(seen).toEqual([[1, 0, undefined, undefined], [2, 1, undefined, undefined]])
  })

  it('a choice that writes to what is known of a client is named', async () => {
    const choose = fly({ choose: (candidates) => {
      for (const { last } of candidates) if (last) rough(last).round = 0
      return candidates.map(({ name }) => name)
    } })
    await expect(choose).rejects.toThrow(/choose: in round 2 it writes to what it is given/)
  })
})

describe('a link of the researcher’s', () => {
  const isHit = ({ to, kind, round }: Envelope): boolean => to === 'client-store-2' && kind === 'model' && round === 2
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 64 : byte))
  /** Emits copies, behind the usual link. */
  const copies: CustomLink = (envelopes$, { usual }) => usual(envelopes$).pipe(map((envelope) => (isHit(envelope) ? { ...envelope, bytes: flipped(envelope.bytes) } : envelope)))
  const before: CustomLink = (envelopes$, { usual }) => usual(envelopes$.pipe(map((envelope) => (isHit(envelope) ? { ...envelope, bytes: flipped(envelope.bytes) } : envelope))))
  const inPlace: CustomLink = (envelopes$, { usual }) => usual(envelopes$).pipe(map((envelope) => {
    if (isHit(envelope)) envelope.bytes.set(flipped(envelope.bytes))
    return envelope
  }))
  const rounds = deadline({ count: 4, after: seconds(1), quorum: 1 })
  const unharmed: CustomLink = (envelopes$, { usual }) => usual(envelopes$)

  it('changes the one message whose bytes it changes: in place, before the usual link or behind it', async () => {
    const [whole, one, other, third] = [await fly({ rounds, link: unharmed }), await fly({ rounds, link: copies }), await fly({ rounds, link: inPlace }), await fly({ rounds, link: before })]
    const fates = (run: Run): number => run.ledger.filter(({ fate }) => fate === 'rejected').length
    expect([whole, one, other, third].map(fates)).toEqual([0, 1, 1, 1])
    expect(other.digest).toBe(one.digest)
    expect(third.digest).toBe(one.digest)
  })

  it.each(['from', 'to', 'kind', 'round', 'part', 'sent'] as const)('may not change %s of a message, be it in place or before the usual link', async (field) => {
    const given = { ...plain.rounds, value: field === 'round' || field === 'sent' ? 9 : 'client-store-3' }.value
    const emits: CustomLink = (envelopes$, { usual }) => usual(envelopes$.pipe(map((envelope) => ({ ...envelope, [field]: given }))))
    await expect(fly({ link: emits })).rejects.toThrow(new RegExp(`link changed '${field}' of a message from .* to ${given}: only .bytes. may change`))
    const writes: CustomLink = (envelopes$, { usual }) => usual(envelopes$.pipe(map((envelope) => ((rough(envelope)[field] = given), envelope))))
    await expect(fly({ link: writes })).rejects.toThrow(/link writes to an envelope: Cannot assign .*Emit a copy/)
  })
})
