import { describe, expect, it } from 'vitest'

import { causality, conservation, fates, intact, once, rounds, state, weights } from '../../src/checks/all.js'
import { Violation } from '../../src/checks/check.js'
import { allChecks, watch } from '../../src/checks/watch.js'
import { SafetyError } from '../../src/errors.js'
import type { Told } from '../../src/record/flight-recorder.js'
import type { RoundRow } from '../../src/record/rows.js'
import { folds, overlapping, played } from './played.js'

const caught = (act: () => void): Violation => {
  try {
    act()
  } catch (error) {
    if (error instanceof Violation) return error
    throw error
  }
  throw new Error('nothing was caught')
}

describe('a violation', () => {
  it('holds what it is about as data', () => {
    const flight = played(once)
    const violation = caught(() => flight.tell('aggregator', folds({ round: 4, updates: [['client-a', 3, 0]] }), { at: 2_500_000 }))
    expect(violation).toBeInstanceOf(SafetyError)
    expect(violation).toMatchObject({
      check: 'once', time: 2_500_000, round: 4, actors: ['aggregator', 'client-a'], envelopes: [],
      what: 'round 4 of trunk folds an update for round 3 of client-a',
    })
    expect(violation.message).toBe("check 'once' at 2.500 s: round 4 of trunk folds an update for round 3 of client-a")
  })
})

describe('watching', () => {
  it('gives each flight memories of its own', () => {
    const fold = folds({ updates: [['client-a', 1, 0]] })
    for (let i = 0; i < 2; i++) played(once).tell('aggregator', { ...fold })
  })

  it('refuses two checks of one name', () => {
    expect(() => watch([once, { ...rounds, name: 'once' }], {} as never)).toThrow("checks: two are named 'once'. Rename one.")
  })

  it('has checks with a name and a promise', () => {
    expect(allChecks.map(({ name }) => name).toSorted()).toEqual([
      'causality', 'conservation', 'delivery', 'fates', 'inbox', 'intact', 'masking', 'mixing', 'once', 'privacy', 'progress', 'recovery', 'regions', 'rounds', 'state', 'time', 'weights',
    ])
    for (const { promise } of allChecks) expect(promise).toMatch(/\.$/)
  })
})

describe('intact', () => {
  it('is about what was damaged and carries a checksum', () => {
    const admit: Told = { kind: 'admit', envelope: 0, message: 'update', from: 'client-a', round: 1, part: 'trunk' }
    const arrives = (checksums: boolean, damages = true) => {
      const flight = played(intact, { checksums })
      flight.send(0)
      if (damages) flight.tell('aggregator', { kind: 'damage', envelope: 0, bits: 2 })
      flight.arrive(0)
      return () => flight.tell('aggregator', admit)
    }
    arrives(false)()
    arrives(true, false)()
    expect(caught(arrives(true))).toMatchObject({ check: 'intact', envelopes: [0], what: 'aggregator takes in what was damaged on its way' })
  })

  it('is about notices, which always do', () => {
    const flight = played(intact, { checksums: false })
    flight.send(0, { from: 'aggregator', to: 'expert-1', message: 'close' })
    flight.tell('expert-1', { kind: 'damage', envelope: 0, bits: 1 })
    flight.tell('expert-1', { kind: 'settle', envelope: 0, fate: 'rejected', because: 'checksum' })
    const read = played(intact, { checksums: false })
    read.send(0, { from: 'aggregator', to: 'expert-1', message: 'close' })
    read.tell('expert-1', { kind: 'damage', envelope: 0, bits: 1 })
    expect(caught(() => read.tell('expert-1', { kind: 'settle', envelope: 0, fate: 'control' })).check).toBe('intact')
  })
})

describe('conservation', () => {
  it('holds for copies that are sent, fly, and arrive or drop', () => {
    const flight = played(conservation)
    flight.send(0)
    flight.under++
    flight.send(1, { copy: 1 })
    flight.under++
    flight.arrive(0)
    flight.under--
    flight.drop(1)
    flight.under--
    flight.end()
    expect(flight.ledger.rows.map(({ fate, travelled }) => [fate, travelled])).toEqual([['unresolved', 10], ['lost', 3]])
  })

  it('catches an envelope that the network forgot, one that arrived twice, and one from nowhere', () => {
    const forgotten = played(conservation)
    forgotten.send(0)
    expect(() => forgotten.send(1)).toThrow(/client-a > aggregator update, sent 1 .* in flight 0/)

    const twice = played(conservation)
    twice.send(0)
    twice.under++
    twice.arrive(0)
    twice.under--
    twice.arrive(0)
    expect(twice.end).toThrow(/sent 1 .* delivered 2/)

    const nowhere = played(conservation)
    nowhere.send(0)
    nowhere.under = 2
    expect(() => nowhere.arrive(0)).toThrow(/in flight 2/)
  })

  it('catches what is still in flight at the end', () => {
    const flight = played(conservation)
    flight.send(0)
    flight.under++
    expect(flight.end).toThrow(/sent 1 .* in flight 0/)
  })
})

describe('causality', () => {
  it('catches time that runs back, and an effect before its cause', () => {
    const back = played(causality)
    back.send(0)
    expect(() => back.tell('client-a', { kind: 'checkpoint', round: 1, bytes: 0, until: 0 }, { at: 0 })).toThrow('is at 0, before 1')
    const early = played(causality)
    expect(() => early.tell('client-a', { kind: 'checkpoint', round: 1, bytes: 0, until: 0 }, { cause: 7 })).toThrow('has event 7 for a cause')
  })

  it('catches the dead that act, until they are back; what befalls them is no act', () => {
    const flight = played(causality)
    const life = { kind: 'life', fault: 'x', keeps: 'nothing', back: undefined } as const
    flight.send(0, { from: 'aggregator', to: 'client-a', message: 'model' })
    flight.tell('client-a', { ...life, what: 'crash' })
    flight.drop(0)
    expect(() => flight.send(1)).toThrow('client-a is dead (send)')
    const back = played(causality)
    back.tell('client-a', { ...life, what: 'crash' })
    back.tell('client-a', { ...life, what: 'restart' })
    back.send(0)
  })
})

describe('once', () => {
  it('accepts a set of clients of one round, and catches a repeated client, another round, and one that counted before', () => {
    const flight = played(once)
    flight.tell('aggregator', folds({ round: 2, updates: [['client-a', 2, 0], ['client-b', 2, 0]] }))
    const again = () => flight.tell('aggregator', folds({ round: 2, updates: [['client-a', 2, 0]] }))
    expect(again).toThrow('for round 2 that was folded before, of client-a')
    const twice = () => played(once).tell('aggregator', folds({ round: 2, updates: [['client-a', 2, 0], ['client-a', 2, 0]] }))
    expect(twice).toThrow('two updates for round 2 of client-a')
    expect(() => played(once).tell('aggregator', folds({ round: 2, updates: [['client-a', 1, 0]] }))).toThrow('for round 1')
  })

  it('where rounds overlap catches doubles, the future, what was folded before, and what is too stale', () => {
    const fold = (...updates: readonly (readonly [string, number, number])[]) => {
      const flight = played(once, overlapping)
      flight.tell('aggregator', folds({ round: 3, updates: [['client-a', 3, 0]] }))
      flight.tell('aggregator', folds({ round: 5, updates }))
    }
    fold(['client-a', 4, 1], ['client-a', 5, 0], ['client-b', 3, 2])
    expect(() => fold(['client-b', 4, 1], ['client-b', 4, 1])).toThrow('folds two updates for round 4 of client-b')
    expect(() => fold(['client-b', 6, 0])).toThrow('folds an update for round 6 of client-b')
    expect(() => fold(['client-a', 3, 2])).toThrow('for round 3 that was folded before, of client-a')
    expect(() => fold(['client-b', 1, 3])).toThrow('of staleness 3, above 2, of client-b')
    expect(() => fold(['client-b', 1, NaN])).toThrow(SafetyError)
  })
})

describe('rounds', () => {
  const open = (round: number) => ({ kind: 'round-open', round, selected: [] }) as const
  const close = (round: number) => ({ kind: 'round-close', row: { round } as RoundRow, last: false }) as const
  const ends = (round: number, which: 'round' | 'answered' | 'all' = 'round') =>
    ({ kind: 'part-close', round, part: 'trunk', outcome: 'closed', updates: [], ends: which }) as const
  const admit = (round: number) =>
    ({ kind: 'admit', envelope: 0, message: 'update', from: 'client-a', round, part: 'trunk' }) as const

  it('accepts rounds one after the other, one that nobody could be asked in among them', () => {
    const flight = played(rounds)
    for (const what of [open(1), admit(1), ends(1), folds({}), close(1), close(2), open(3), ends(3), close(3)]) {
      flight.tell('aggregator', { ...what })
    }
  })

  const broken: readonly (readonly [string, readonly Told[]])[] = [
    ['round 2 opens while round 1 is open', [open(1), open(2)]],
    ['round 1 opens after round 1', [open(1), ends(1), close(1), open(1)]],
    ['round 2 closes after round 0', [close(2)]],
    ['round 1 of trunk ends after round 1', [ends(1), ends(1)]],
    ['takes an update of client-a in for round 1, which has ended there', [ends(1), admit(1)]],
    ['round 1 closes, and trunk has not ended it', [open(1), close(1)]],
    ['round 1 of trunk is folded, and has not closed', [open(1), folds({})]],
    ['round 1 of trunk is folded, and has not closed', [open(1), { ...ends(1), outcome: 'aborted' }, folds({})]],
    ['round 2 of trunk is folded, and has not closed', [open(1), ends(1), folds({ round: 2 })]],
  ]
  it.each(broken)('catches: %s', (text, story) => {
    const flight = played(rounds)
    for (const what of story.slice(0, -1)) flight.tell('aggregator', { ...what })
    expect(() => flight.tell('aggregator', { ...story.at(-1)! })).toThrow(text)
  })

  it('where rounds overlap takes updates of old rounds in, until the last', () => {
    const flight = played(rounds, overlapping)
    for (const what of [ends(1, 'answered'), admit(1), ends(2, 'all')]) flight.tell('aggregator', what)
    expect(() => flight.tell('aggregator', admit(2))).toThrow('which has ended there')
  })
})

describe('weights', () => {
  it('accepts a convex combination and catches negative, too many, and NaN', () => {
    const fold = (...of: readonly number[]) => played(weights).tell('aggregator', folds({ weights: Float64Array.from(of) }))
    fold(0.25, 0.75)
    fold(...Array.from({ length: 1000 }, () => 1 / 1000))
    expect(() => fold(1.5, -0.5)).toThrow(SafetyError)
    expect(() => fold(0.5, 0.6)).toThrow('sum to 1.1')
    expect(() => fold(NaN)).toThrow(SafetyError)
  })
})

describe('state', () => {
  it('accepts what fits, and catches lengths and names that do not', () => {
    const good = {
      values: new Float32Array(2), personal: new Map([['client-a', new Float32Array(2)]]),
      memory: { c: new Float32Array(2), 'c/client-b': new Float32Array(2), 'other/thing': new Float32Array(9) },
    }
    const fold = (changes: Partial<typeof good>) => () =>
      played(state).tell('aggregator', folds({ after: { ...good, ...changes } }))
    fold({})()
    expect(fold({ values: new Float32Array(3) })).toThrow('3 values for a part of 2')
    expect(fold({ personal: new Map([['client-a', new Float32Array(1)]]) })).toThrow('client-a 1 values for a part of 2')
    expect(fold({ personal: new Map([['b', new Float32Array(2)]]) })).toThrow("'b', who is no client")
    expect(fold({ memory: { ...good.memory, c: new Float32Array(5) } })).toThrow("'c' 5 numbers where 2 travel")
    expect(fold({ memory: { ...good.memory, 'c/client-b': new Float32Array(5) } })).toThrow("'c/client-b' 5 numbers where 2")
  })
})

describe('fates', () => {
  const ends = (round: number) =>
    ({ kind: 'part-close', round, part: 'trunk', outcome: 'closed', updates: [], ends: 'round' }) as const

  it('accepts what was lost, what was settled, and what waits at an owner that never heard of the end of its round', () => {
    const flight = played(fates)
    flight.send(0)
    flight.arrive(0)
    flight.tell('aggregator', { kind: 'settle', envelope: 0, fate: 'used' })
    flight.send(1)
    flight.drop(1)
    flight.tell('aggregator', ends(1))
    flight.send(2, { round: 2 })
    flight.arrive(2)
    flight.end()
  })

  it('catches a second fate', () => {
    const flight = played(fates)
    flight.send(0)
    flight.arrive(0)
    flight.tell('aggregator', { kind: 'settle', envelope: 0, fate: 'used' })
    const violation = caught(() => flight.tell('aggregator', { kind: 'settle', envelope: 0, fate: 'late' }))
    expect(violation).toMatchObject({ envelopes: [0], what: 'the update of round 1 from client-a to aggregator is used and becomes late' })
  })

  it('catches a second copy of a model that is used', () => {
    const flight = played(fates)
    const model = { from: 'aggregator', to: 'client-a', message: 'model' } as const
    flight.send(0, model)
    flight.send(1, { ...model, copy: 1 })
    for (const id of [0, 1]) flight.arrive(id)
    flight.tell('client-a', { kind: 'settle', envelope: 1, fate: 'used' })
    const second = () => flight.tell('client-a', { kind: 'settle', envelope: 0, fate: 'used' })
    expect(second).toThrow('two copies of the model of round 1 from aggregator to client-a are used')
  })

  it('catches what arrived and was forgotten, in parameters and in control messages', () => {
    for (const message of ['update', 'close'] as const) {
      const flight = played(fates)
      flight.send(0, { message })
      flight.arrive(0)
      flight.tell('aggregator', ends(1))
      expect(caught(flight.end)).toMatchObject({ envelopes: [0], actors: ['client-a', 'aggregator'] })
    }
  })
})
