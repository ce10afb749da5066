import { describe, expect, it } from 'vitest'
import { buildLayout } from '../../src/models/layout.js'
import { normal, streams } from '../../src/random/streams.js'
import { buildBalancer, balancerSchema, type BalancerInput } from '../../src/balancing/registry.js'
import { near, runSteps, tasksOf, vectorLayout, type PlainStep } from './bench.js'

const layout = vectorLayout(2)
const idle: PlainStep = { gradients: [[[1, 0]], [[0, 1]]] }
const weightsAt = (spec: BalancerInput, ...steps: Partial<PlainStep>[]): number[][] =>
  runSteps(spec, layout, steps.map((step) => ({ ...idle, ...step }))).map(({ weights }) => [...weights!])

describe('weights that need no gradients', () => {
  it('equal: the mean', () => {
    expect(weightsAt({ kind: 'equal' }, {})).toEqual([[0.5, 0.5]])
  })

  it('fixed: as given, in the order of the tasks', () => {
    expect(weightsAt({ kind: 'fixed', weights: { t2: 3, t1: 0.25 } }, {})).toEqual([[0.25, 3]])
  })

  it('decay: w_k,0 gamma_k^t, where t counts finished passes over the rows', () => {
    const spec: BalancerInput = { kind: 'decay', weights: { t1: 2 }, ratios: { t1: 0.5, t2: 2 } }
    const at = (taken: number): Partial<PlainStep> => ({ taken, perEpoch: 3 })
    expect(weightsAt(spec, at(0), at(2), at(3), at(6))).toEqual([[2, 1], [2, 1], [1, 2], [0.5, 4]])
  })

  it('uncertainty: c e^-s / tasks, and s descends the loss that it is part of', () => {
    for (const [form, c] of [['half', 0.5], ['whole', 1]] as const) {
      const spec: BalancerInput = { kind: 'uncertainty', form, initial: 0.3, rate: 0.1 }
      const steps = [{ losses: [2, 0.5], present: [1, 1] }, { losses: [3, 0], present: [1, 0] }, {}]
      const s = [0.3, 0.3]
      const wanted = steps.map(({ losses = [1, 1], present = [1, 1] }) => {
        const weights = s.map((value) => (c * Math.exp(-value)) / 2)
        s.forEach((value, t) => (s[t] = value - 0.1 * present[t] * (0.5 - c * Math.exp(-value) * losses[t])))
        return weights
      })
      weightsAt(spec, ...steps).forEach((got, i) => expect(near(got, wanted[i])).toBe(true))
    }
  })

  it('DWA: equal for two epochs, then by the ratios of the last two epochs’ mean losses', () => {
    const epoch = (e: number, ...losses: number[][]): Partial<PlainStep>[] =>
      losses.map((each, i) => ({ losses: each, taken: e * 2 + i, perEpoch: 2 }))
    const got = weightsAt(
      { kind: 'dwa', temperature: 2 },
      ...epoch(0, [4, 1], [2, 1]), ...epoch(1, [1, 2], [2, 2]), ...epoch(2, [1, 1], [1, 1]),
    )
    for (const early of got.slice(0, 4)) expect(early).toEqual([0.5, 0.5])
    // Means 3, 1 in the first epoch and 1.5, 2 in the second: ratios 0.5 and 2.
    const [a, b] = [Math.exp(0.25), Math.exp(1)]
    for (const late of got.slice(4)) expect(near(late, [a / (a + b), b / (a + b)])).toBe(true)
  })

  it('DWA: a step without a task’s label is none of that task’s steps', () => {
    const got = weightsAt(
      { kind: 'dwa' },
      { losses: [4, 1], taken: 0, perEpoch: 2 }, { losses: [2, 0], present: [1, 0], taken: 1, perEpoch: 2 },
      { losses: [3, 1], taken: 2, perEpoch: 2 }, { losses: [3, 1], taken: 3, perEpoch: 2 },
      { taken: 4, perEpoch: 2 },
    )
    expect(got[4]).toEqual([0.5, 0.5])
  })

  it('GradNorm: as algorithm 1 on plain numbers', () => {
    const losses = [[2, 4], [1, 4], [1, 1]]
    const norms = [[3, 1], [2, 2], [5, 1]]
    const [alpha, rate] = [1.5, 0.01]
    let w = [1, 1]
    const wanted = losses.map((now, step) => {
      const used = w.map((x) => x / 2)
      const ratios = now.map((loss, t) => loss / losses[0][t])
      const r = ratios.map((x) => x / ((ratios[0] + ratios[1]) / 2))
      const g = w.map((x, t) => x * norms[step][t])
      const target = r.map((x) => ((g[0] + g[1]) / 2) * x ** alpha)
      const moved = w.map((x, t) => x - rate * Math.sign(g[t] - target[t]) * norms[step][t])
      w = moved.map((x) => (2 * x) / (moved[0] + moved[1]))
      return used
    })
    const steps = losses.map((now, i) => ({ losses: now, gradients: [[[norms[i][0], 0]], [[0, norms[i][1]]]] }))
    weightsAt({ kind: 'grad-norm', alpha, rate }, ...steps).forEach((got, i) => expect(near(got, wanted[i])).toBe(true))
  })

  it('GradNorm: equal norms at equal rates keep weights equal; they always sum to 1 here', () => {
    const got = weightsAt({ kind: 'grad-norm', rate: 0.2 }, {}, {}, { losses: [2, 1] }, { losses: [2, 1] }, {})
    expect(got.slice(0, 3)).toEqual([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    expect(got[3][0]).toBeGreaterThan(0.5)
    for (const [a, b] of got) expect(a + b).toBeCloseTo(1, 5)
  })

  it('RLW: the softmax of standard normal draws from the step’s own stream', () => {
    const got = weightsAt({ kind: 'rlw' }, {}, {})
    got.forEach((weights, step) => {
      const stream = streams('bench')('draws', step)
      const [a, b] = [Math.exp(normal(stream)), Math.exp(normal(stream))]
      expect(near(weights, [a / (a + b), b / (a + b)])).toBe(true)
    })
    expect(got[0]).not.toEqual(got[1])
  })
})

describe('what cannot be built', () => {
  const build = (spec: BalancerInput) => () => buildBalancer(balancerSchema.parse(spec), layout, tasksOf(2))

  it('names tasks that are not there, and misses those that must be', () => {
    expect(build({ kind: 'fixed', weights: { t1: 1, t3: 1 } })).toThrow("names the task 't3': the tasks are t1, t2")
    expect(build({ kind: 'fixed', weights: { t1: 1 } })).toThrow("no number for the task 't2': give one for t1, t2")
    const nothing = buildLayout([{ ...layout.segments[0], task: 't1' }])
    for (const kind of ['grad-norm', 'meta-balance'] as const) {
      expect(() => buildBalancer(balancerSchema.parse({ kind }), nothing, tasksOf(2))).toThrow('this model shares nothing')
    }
    expect(build({ kind: 'grad-norm', layer: 'nowhere' })).toThrow("'nowhere': the segments that all tasks share are v.weight")
  })
})

it('one task needs no balance', () => {
  const built = buildBalancer(balancerSchema.parse({ kind: 'pcgrad' }), layout, tasksOf(1))
  expect(built.kind).toBe('equal')
})
