import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { buildStrategy, type StrategySpec } from '../../../../src/federation/strategies/registry.js'
import { pfMsmtrec } from '../../../../src/federation/strategies/pf-msmtrec/pf-msmtrec.js'
import type { FoldContext, PartSegment, PartState, Update } from '../../../../src/federation/strategies/strategy.js'
import { asListed } from '../part.js'

const flat = (...values: number[]): Float32Array => Float32Array.from(values)
const sent = (client: string, values: readonly number[], loss = 0): Update => ({
  client, round: 1, examples: client === 'a' ? 30 : 10, steps: 1, values: Float32Array.from(values),
  extras: { loss: flat(loss) },
})
const start = (values: readonly number[]): PartState => ({
  part: 'expert-1', values: Float32Array.from(values), personal: new Map(), memory: {},
})
const segment = (name: string, offset: number, size: number, changes: Partial<PartSegment>): PartSegment => ({
  name, shape: [size], axes: ['out'], role: 'expert', trainable: true, scope: 'scenario', expert: 0, offset, size,
  ...changes,
})
/** An expert's part: two numbers of Wg, then two of Ws. */
const expert: readonly PartSegment[] = [
  segment('w', 0, 2, { scope: 'global', factor: 'global' }), segment('w.scenario', 2, 2, { factor: 'scenario' }),
]
/** The trunk: towers of two tasks [task, 1, 2], out after in, and a gate that is averaged. */
const trunk: readonly PartSegment[] = [
  segment('gate', 0, 1, { role: 'gate', scope: 'global', expert: undefined }),
  segment('tower', 1, 4, { role: 'tower', expert: undefined, shape: [2, 1, 2], axes: ['task', 'in', 'out'] }),
]
const round = (segments: readonly PartSegment[], clients = ['a', 'b'], number = 1): FoldContext => ({
  round: number, order: asListed, clients: clients.map((name) => ({ name, examples: name === 'a' ? 30 : 10 })), segments,
  optimizer: { kind: 'adam', rate: 0.001, momentum: 0 },
})
const folding = (options: Parameters<typeof pfMsmtrec>[0] = {}) => buildStrategy(pfMsmtrec(options) as StrategySpec).fold
const served = (state: PartState, client: string): number[] => [...(state.personal.get(client) ?? state.values)]
const close = (a: ArrayLike<number>, b: readonly number[], digits = 5): void => {
  expect(a.length).toBe(b.length)
  b.forEach((value, i) => expect(a[i]).toBeCloseTo(value, digits))
}

/* Deltas of Ws: a (2, 0), b (0, 2): orthogonal and equally long, so U = 1.4 / 1.16 * (1, 1) = (1.206897, 1.206897). */
const unit = 1.4 / 1.16
const first = [sent('a', [2, 1, 3, 1]), sent('b', [4, 3, 1, 3])]
const begun = start([1, 1, 1, 1])

describe('an expert, two clients, by hand', () => {
  it('Wg is averaged, Ws keeps its own delta and adds alpha U', () => {
    const state = folding()(begun, first, round(expert))
    close(served(state, 'a'), [3, 2, 3 + 0.1 * unit, 1 + 0.1 * unit])
    close(served(state, 'b'), [3, 2, 1 + 0.1 * unit, 3 + 0.1 * unit])
    close(state.values, [3, 2, 2 + 0.1 * unit, 2 + 0.1 * unit])
    close(state.memory.alpha, [0.1, 0.1])
  })

  it('in the next round alpha learns first: a went on along U, b came back', () => {
    const one = folding()(begun, first, round(expert))
    const [a, b] = [served(one, 'a'), served(one, 'b')]
    const next = [sent('a', [3, 2, a[2] + 1, a[3]]), sent('b', [3, 2, b[2], b[3] - 1])]
    const two = folding()(one, next, round(expert, ['a', 'b'], 2))
    // <U, sent - after> = -1.206897 for a, +1.206897 for b; v = that + 1e-4 * .1; alpha = .1 - .01 v.
    const alphas = [0.1 - 0.01 * (-unit + 1e-5), 0.1 - 0.01 * (unit + 1e-5)]
    close(two.memory.alpha, alphas)
    // Deltas (1, 0) and (0, -1): uniform weights again, U = 1.206897 * (.5, -.5).
    const u = [0.5 * unit, -0.5 * unit]
    close(served(two, 'a').slice(2), [a[2] + 1 + alphas[0] * u[0], a[3] + alphas[0] * u[1]])
    close(served(two, 'b').slice(2), [b[2] + alphas[1] * u[0], b[3] - 1 + alphas[1] * u[1]])
  })

  it('the mean for U, without conflict coordination', () => {
    const state = folding({ coordination: 'mean' })(begun, first, round(expert))
    close(served(state, 'a'), [3, 2, 3.1, 1.1])
  })

  it('PCGrad for U: what conflicts goes', () => {
    // Deltas (2, 0) and (-1, 1): (1, 1) and (0, 1), mean (.5, 1).
    const updates = [sent('a', [1, 1, 3, 1]), sent('b', [1, 1, 0, 2])]
    close(served(folding({ coordination: 'pcgrad' })(begun, updates, round(expert)), 'a').slice(2), [3.05, 1.1])
  })

  it('FedFV for U: the client of the larger loss keeps its delta', () => {
    const updates = [sent('a', [1, 1, 3, 1], 0.9), sent('b', [1, 1, 0, 2], 0.1)]
    // keep .5: (2, 0) stays, (-1, 1) becomes (0, 1): mean (1, .5), times sqrt .5 / sqrt 1.25.
    const s = Math.sqrt(0.4)
    const state = folding({ coordination: 'fedfv', keep: 0.5 })(begun, updates, round(expert))
    close(served(state, 'a').slice(2), [3 + 0.1 * s, 1 + 0.05 * s])
  })

  it('not personalised: all get what they were sent + U, and there is one copy', () => {
    const state = folding({ personalised: false })(begun, first, round(expert))
    close(state.values, [3, 2, 1 + unit, 1 + unit])
    expect(state.personal.size).toBe(0)
    const mean = folding({ personalised: false, coordination: 'mean', average: 'samples' })(begun, first, round(expert))
    // Wg weighted 3 : 1. U is the plain mean, and sent + U is uniform FedAvg.
    close(mean.values, [2.5, 1.5, 2, 2])
  })

  it('identical clients: sent + (1 + 1.2069 alpha) D', () => {
    const updates = ['a', 'b', 'c'].map((name) => sent(name, [1, 1, 2, -3]))
    const state = folding()(begun, updates, round(expert, ['a', 'b', 'c']))
    const factor = 1 + 0.1 * unit
    for (const name of ['a', 'b', 'c']) close(served(state, name).slice(2), [1 + factor, 1 - 4 * factor])
  })

  it('opposite clients each keep their own', () => {
    const updates = [sent('a', [1, 1, 2, 3]), sent('b', [1, 1, 0, -1])]
    const state = folding()(begun, updates, round(expert))
    close(served(state, 'a').slice(2), [2, 3], 4)
    close(served(state, 'b').slice(2), [0, -1], 4)
  })

  it('alpha = 0 that does not learn is local training', () => {
    const state = folding({ alpha: 0, hyperRate: 0 })(begun, first, round(expert))
    expect(served(state, 'a').slice(2)).toEqual([3, 1])
    expect(served(state, 'b').slice(2)).toEqual([1, 3])
  })

  it('one client alone: sent + (1 + 1.2069 alpha) D', () => {
    const state = folding()(begun, first.slice(0, 1), round(expert, ['a']))
    close(served(state, 'a'), [2, 1, 1 + 2 * (1 + 0.1 * unit), 1])
  })
})

describe('a client that is missing', () => {
  it('keeps what it was served and its weight, but for what is averaged; then has nothing to learn from', () => {
    const one = folding()(begun, first, round(expert))
    const alone = [sent('a', [5, 6, 4, 4])]
    const two = folding()(one, alone, round(expert, ['a', 'b'], 2))
    close(served(two, 'b'), [5, 6, ...served(one, 'b').slice(2)])
    expect(two.memory.alpha[1]).toBe(one.memory.alpha[1])
    expect(two.memory.alpha[0]).not.toBe(one.memory.alpha[0])
    const three = folding()(two, [sent('b', [5, 6, 0, 0])], round(expert, ['a', 'b'], 3))
    expect(three.memory.alpha[1]).toBe(one.memory.alpha[1])
  })

  it('that never answered is served the mean of those that have', () => {
    const state = folding()(begun, first, round(expert, ['a', 'b', 'c']))
    expect(state.personal.has('c')).toBe(false)
    close(served(state, 'c'), [3, 2, 2 + 0.1 * unit, 2 + 0.1 * unit])
  })
})

describe('towers, two clients, by hand', () => {
  // Task 1: deltas a (1, 0), b (0, 1); task 2: a (0, 2), b (0, 2). The gate is averaged: (2 + 4) / 2.
  const updates = [sent('a', [2, 1, 0, 0, 2]), sent('b', [4, 0, 1, 0, 2])]
  const zero = start([0, 0, 0, 0, 0])
  const share = Math.exp(Math.SQRT1_2) / (Math.exp(Math.SQRT1_2) + 1)

  it('attend to the same task of the other client', () => {
    const state = folding({ shareGates: true })(zero, updates, round(trunk))
    close(served(state, 'a'), [3, 1 + 0.1 * share, 0.1 * (1 - share), 0, 2.2])
    close(served(state, 'b'), [3, 0.1 * (1 - share), 1 + 0.1 * share, 0, 2.2])
    expect(state.memory.beta.length).toBe(4)
  })

  it('attend to the other task too, if told to', () => {
    const state = folding({ shareGates: true, crossTask: true })(zero, updates, round(trunk))
    // a, task 1: q (1, 0) against (1, 0), (0, 1), (0, 2), (0, 2): scores 1 / sqrt 2, 0, 0, 0.
    const own = Math.exp(Math.SQRT1_2) / (Math.exp(Math.SQRT1_2) + 3)
    close(served(state, 'a').slice(1, 3), [1 + 0.1 * own, (0.1 * (1 - own) * 5) / 3])
  })

  it('beta learns per client, task and tensor', () => {
    const one = folding({ shareGates: true })(zero, updates, round(trunk))
    const a = served(one, 'a')
    const moved = sent('a', [3, a[1] + 1, a[2], a[3], a[4] - 1])
    const two = folding({ shareGates: true })(one, [moved], round(trunk, ['a', 'b'], 2))
    // Mixed in: (share, 1 - share) for task 1, (0, 2) for task 2; moves (1, 0) and (0, -1).
    close(two.memory.beta, [0.1 - 0.01 * (-share + 1e-5), 0.1 - 0.01 * (2 + 1e-5), 0.1, 0.1])
  })
})

describe('always', () => {
  const numbers = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 })

  it('does not depend on which client is called what', () => {
    fc.assert(fc.property(fc.array(numbers, { minLength: 3, maxLength: 3 }), (rows) => {
      const names = ['a', 'b', 'c']
      const fold = folding()
      const there = fold(begun, rows.map((row, k) => sent(names[k], row)), round(expert, names))
      const back = fold(begun, rows.toReversed().map((row, k) => sent(names[k], row)), round(expert, names))
      const scale = Math.max(1, ...rows.flat().map(Math.abs))
      rows.forEach((_, k) => {
        const [one, other] = [served(there, names[k]), served(back, names[2 - k])]
        one.forEach((value, i) => expect(Math.abs(value - other[i])).toBeLessThan(1e-4 * scale))
      })
    }))
  })

  it('an expert does not see another: parts fold by themselves, and inputs stay as they were', () => {
    fc.assert(fc.property(numbers, numbers, (a, b) => {
      const updates = [sent('a', a), sent('b', b)]
      const copy = structuredClone({ begun, updates })
      const [one, two] = [1, 2].map(() => folding()(begun, updates, round(expert)))
      expect(one).toEqual(two)
      expect({ begun, updates }).toEqual(copy)
    }), { numRuns: 20 })
  })
})

describe('the template', () => {
  const scopeOf = (options: Parameters<typeof pfMsmtrec>[0], role: PartSegment['role'], factor?: PartSegment['factor']) =>
    buildStrategy(pfMsmtrec(options) as StrategySpec).template({
      name: 'x', shape: [1], axes: ['out'], role, factor, initial: { kind: 'constant', value: 0 }, trainable: true, offset: 0, size: 1,
    })

  it('serves scenario factors and towers personally, averages global factors, and sends no other', () => {
    expect(scopeOf({}, 'expert', 'scenario')).toBe('scenario')
    expect(scopeOf({}, 'expert')).toBe('scenario')
    expect(scopeOf({}, 'expert', 'global')).toBe('global')
    expect(scopeOf({}, 'tower')).toBe('scenario')
    const home: [PartSegment['role'], PartSegment['factor']?][] = [
      ['expert', 'task'], ['batch-norm'], ['gate'], ['embedding'], ['input'], ['other'],
    ]
    for (const [role, factor] of home) expect(scopeOf({}, role, factor), role).toBe('private')
  })

  it('follows the switches', () => {
    expect(scopeOf({ federatedBn: false }, 'batch-norm')).toBe('global')
    expect(scopeOf({ towerStage: false }, 'tower')).toBe('private')
    expect(scopeOf({ shareGates: true }, 'gate')).toBe('global')
    expect(scopeOf({ shareEmbeddings: true }, 'embedding')).toBe('global')
    expect(scopeOf({ shareEmbeddings: true }, 'input')).toBe('global')
  })
})
