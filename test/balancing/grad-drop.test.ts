import fc from 'fast-check'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { dropped } from '../../src/balancing/grad-drop.js'
import { buildBalancer, balancerSchema, type BalancerInput } from '../../src/balancing/registry.js'
import { streams, uniformFloat } from '../../src/random/streams.js'
import { joint, layoutOf, near, runSteps, tasksOf, vectorLayout } from './bench.js'

/** The joint gradient of plain numbers under given draws. */
const given = (gradients: readonly number[][], draws: readonly number[], leaks: readonly number[]): number[] => {
  void tf.setBackend('cpu')
  return [...tf.tidy(() => dropped(gradients.map((own) => tf.tensor1d(own)), tf.tensor1d([...draws]), leaks)).dataSync()]
}

/** Algorithm 1 on plain numbers: purity, a mask for each task, and the masked gradients' mean. */
const slowly = (gradients: readonly (readonly number[])[], draws: readonly number[], leaks: readonly number[]): number[] =>
  draws.map((u, at) => {
    const own = gradients.map((gradient) => gradient[at])
    const gross = own.reduce((sum, g) => sum + Math.abs(g), 0)
    const purity = gross === 0 ? 0.5 : 0.5 * (1 + own.reduce((sum, g) => sum + g, 0) / gross)
    const masked = own.map((g, t) => {
      const mask = (purity > u && g > 0) || (purity <= u && g < 0) ? 1 : 0
      return (leaks[t] + (1 - leaks[t]) * mask) * g
    })
    return masked.reduce((sum, g) => sum + g, 0) / gradients.length
  })

/** What the bench's step of that number draws for a segment. */
const drawn = (name: string, size: number, step = 0): number[] => {
  const stream = streams('bench')(name, step)
  return Array.from({ length: size }, () => Math.fround(uniformFloat(stream)))
}

const gradDrop = { kind: 'grad-drop' } as const

describe('GradDrop', () => {
  it('by hand: one sign of an element is kept, what agrees is kept whole', () => {
    // Purities: (1 + 4/4)/2 = 1; (1 - 2/4)/2 = 1/4; none; (1 + 0/4)/2 = 1/2; (1 - 4/4)/2 = 0.
    const gradients = [[1, -3, 0, 2, -1], [3, 1, 0, -2, -3]]
    expect(given(gradients, [0.9, 0.2, 0.5, 0.4, 0], [0, 0])).toEqual([2, 0.5, 0, 1, -2])
    expect(given(gradients, [0.9, 0.3, 0.5, 0.6, 0], [0, 0])).toEqual([2, -1.5, 0, -1, -2])
    // A quarter of each leaks: -3 kept, 1/4 of 1; 2 kept, 1/4 of -2.
    expect(given(gradients, [0.9, 0.3, 0.5, 0.4, 0], [0.25, 0.25])).toEqual([2, -1.375, 0, 0.75, -2])
    // All of the second task leaks: with -3 dropped that is 1, and 2 dropped is -2.
    expect(given(gradients, [0.9, 0.2, 0.5, 0.6, 0], [0, 1])).toEqual([2, 0.5, 0, -1, -2])
  })

  it('is the algorithm on plain numbers, with two to five tasks and any leaks', () => {
    const number = fc.integer({ min: -8, max: 8 })
    const tasks = fc.integer({ min: 2, max: 5 }).chain((count) => fc.record({
      gradients: fc.array(fc.array(number, { minLength: 6, maxLength: 6 }), { minLength: count, maxLength: count }),
      leaks: fc.array(fc.constantFrom(0, 0.1, 0.5, 1), { minLength: count, maxLength: count }),
      draws: fc.array(fc.integer({ min: 0, max: 1023 }).map((n) => (n + 0.5) / 1024), { minLength: 6, maxLength: 6 }),
    }))
    fc.assert(fc.property(tasks, ({ gradients, leaks, draws }) =>
      near(given(gradients, draws, leaks), slowly(gradients, draws, leaks))), { numRuns: 200 })
  })

  it('draws anew for every element, segment and step, from streams of those names', () => {
    const layout = layoutOf(['a.weight', [2, 40]], ['b.weight', [1, 40]])
    const flat = (size: number, value: number): number[] => Array.from({ length: size }, () => value)
    const step = { gradients: [[flat(80, 1), flat(40, 1)], [flat(80, -3), flat(40, -3)]] }
    const results = runSteps(gradDrop, layout, [step, step])
    results.forEach(({ gradients }, ordinal) => {
      for (const [i, { name, size }] of layout.segments.entries()) {
        // The purity is 1/4.
        expect(gradients![i]).toEqual(drawn(name, size, ordinal).map((u) => (u < 0.25 ? 0.5 : -1.5)))
      }
    })
    expect(new Set([results[0].gradients![0].slice(0, 40), results[0].gradients![1], results[1].gradients![1]].map(String)).size).toBe(3)
    expect(runSteps(gradDrop, layout, [step, step])).toEqual(results)
  })

  it('keeps the sign of the larger pull as often as it is the larger: 3 of 4', () => {
    const size = 20_000
    const one = Array.from({ length: size }, () => 3)
    const result = joint(gradDrop, one, one.map(() => -1))
    const share = result.filter((g) => g === 1.5).length / size
    expect(result.every((g) => g === 1.5 || g === -0.5)).toBe(true)
    // Five standard deviations.
    expect(Math.abs(share - 0.75)).toBeLessThan(5 * Math.sqrt(0.1875 / size))
  })

  it('loses nothing where all agree, whatever is drawn and however small it is', () => {
    fc.assert(fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }), fc.constantFrom(1, -1), fc.integer({ min: -30, max: 30 }),
      (sizes, sign, exponent) => {
        const scale = sign * 10 ** exponent
        const gradients = sizes.map((n) => [n * scale])
        const mean = sizes.reduce((sum, n) => sum + n, 0) / 3
        return [0, 0.5, 1 - 2 ** -24].every((u) => near(given(gradients, [u], [0, 0, 0]).map((g) => g / scale), [mean]))
      },
    ))
  })

  it('with a leak of 1 is the mean, and a task\'s own leak goes before the common one', () => {
    const gradients = [[1, -3, 2], [3, 1, -2]]
    expect(near(joint({ ...gradDrop, leak: 1 }, ...gradients), [2, -1, 0])).toBe(true)
    const draws = drawn('v.weight', 3)
    expect(near(joint({ ...gradDrop, leak: 0.5, leaks: { t2: 0 } }, ...gradients), slowly(gradients, draws, [0.5, 0]))).toBe(true)
  })

  it('says what is wrong with its options', () => {
    const build = (spec: BalancerInput) => () => buildBalancer(balancerSchema.parse(spec), vectorLayout(2), tasksOf(2))
    expect(build({ ...gradDrop, leaks: { t3: 0.5 } })).toThrow("local.balance.leaks names the task 't3': the tasks are t1, t2")
    expect(build({ ...gradDrop, leak: 1.5 })).toThrow()
    expect(() => buildBalancer(balancerSchema.parse(gradDrop), { ...vectorLayout(2), segments: [] }, tasksOf(2)))
      .toThrow('this model shares nothing')
  })
})
