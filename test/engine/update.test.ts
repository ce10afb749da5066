import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Optimizer } from '../../src/engine/program/optimizer.js'
import { adagrad, adam, sgd } from '../../src/engine/program/optimizer.js'
import { scalarsOf, slotsOf, update } from '../../src/engine/program/update.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Takes a step per gradient, from zero slots; gives the parameter and slots after each. */
const walk = (optimizer: Optimizer, start: number[], gradients: number[][]) =>
  tf.tidy(() => {
    let parameter: tf.Tensor = tf.tensor1d(start)
    let slots: Readonly<Record<string, tf.Tensor>> = Object.fromEntries(
      slotsOf(optimizer).map((slot) => [slot, tf.zerosLike(parameter)]),
    )
    return gradients.map((gradient, i) => {
      const scalars = Object.entries(scalarsOf(optimizer, i + 1)).map(([name, v]) => [name, tf.scalar(v)] as const)
      const updated = update(optimizer, parameter, tf.tensor1d(gradient), slots, Object.fromEntries(scalars))
      parameter = updated.parameter
      slots = updated.slots
      const seen = Object.entries({ p: parameter, ...slots }).map(([name, t]) => [name, [...t.dataSync()]] as const)
      return Object.fromEntries(seen) as Record<string, number[]>
    })
  })

describe('sgd', () => {
  test('without momentum is parameter - rate * gradient, to the bit, and keeps nothing', () => {
    const [p, g, rate] = [0.1, 0.7, 0.05].map(Math.fround)
    expect(walk(sgd(0.05), [0.1], [[0.7]])).toEqual([{ p: [Math.fround(p - Math.fround(g * rate))] }])
    expect(slotsOf(sgd(0.05))).toEqual([])
  })

  test("with momentum follows PyTorch's recurrence: 1, 1.5, 1.75 of velocity", () => {
    const trace = walk(sgd(0.5, { momentum: 0.5 }), [2], [[1], [1], [1]])
    expect(trace.map(({ p }) => p)).toEqual([[1.5], [0.75], [-0.125]])
    expect(trace.map(({ velocity }) => velocity)).toEqual([[1], [1.5], [1.75]])
  })
})

describe('adam', () => {
  test('by hand, two steps: betas of 1/2, gradients 2 and 4', () => {
    const optimizer = adam(0.1, { beta1: 0.5, beta2: 0.5, epsilon: 1 })
    // m = 1, v = 2: m / (1 - 1/2) = 2, v / (1 - 1/2) = 4, so p = 1 - .1 * 2 / (2 + 1)
    // m = 2.5, v = 9: / (1 - 1/4) = 10/3 and 12, so p -= .1 * (10/3) / (sqrt(12) + 1)
    const first = 1 - 0.2 / 3
    const [one, two] = walk(optimizer, [1], [[2], [4]])
    expect(one.p[0]).toBeCloseTo(first, 6)
    expect(two.p[0]).toBeCloseTo(first - 0.1 * (10 / 3) / (Math.sqrt(12) + 1), 6)
    expect(two).toMatchObject({ m: [2.5 / 0.5], v: [9 / 0.5] })
  })

  test('the first step is rate * sign of the gradient, however small the gradient', () => {
    const [{ p }] = walk(adam(0.01, { epsilon: 1e-8 }), [0, 0, 0], [[1e-4, -3, 200]])
    for (const [i, expected] of [-0.01, 0.01, -0.01].entries()) expect(p[i]).toBeCloseTo(expected, 5)
  })

  test('a gradient of 0 from the start moves nothing', () => {
    expect(walk(adam(0.01), [0.5], [[0], [0]]).map(({ p }) => p)).toEqual([[0.5], [0.5]])
  })

  test('with weight decay is AdamW: rate times the share is taken away beside the step', () => {
    const free = walk(adam(0.1, { beta1: 0.5, beta2: 0.5, epsilon: 1 }), [1], [[2]])[0].p[0]
    const [{ p }, next] = walk(adam(0.1, { beta1: 0.5, beta2: 0.5, epsilon: 1, weightDecay: 0.2 }), [1], [[2], [0]])
    expect(p[0]).toBeCloseTo(free - 0.1 * 0.2 * 1, 6)
    // m = .5, v = 1: m / (1 - 1/4) = 2/3, v / (1 - 1/4) = 4/3.
    expect(next.p[0]).toBeCloseTo(p[0] * (1 - 0.02) - 0.1 * (2 / 3) / (Math.sqrt(4 / 3) + 1), 6)
  })

  test('is what the textbook form gives after a hundred steps', () => {
    const gradients = Array.from({ length: 100 }, (_, t) => [Math.sin(t), 0.01 * Math.cos(3 * t) + 0.02])
    const seen = walk(adam(0.01), [0.3, -0.3], gradients).at(-1)!.p
    const expected = [0.3, -0.3].map((start, i) => {
      let [p, m, v] = [start, 0, 0]
      gradients.forEach((g, t) => {
        m = 0.9 * m + 0.1 * g[i]
        v = 0.999 * v + 0.001 * g[i] ** 2
        p -= (0.01 * (m / (1 - 0.9 ** (t + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
      })
      return p
    })
    seen.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5))
  })
})

describe('adagrad', () => {
  test('by hand: rates fall by the squares that a parameter has seen', () => {
    const [one, two] = walk(adagrad(0.5, { epsilon: 1 }), [1, 1], [[3, 0], [4, -2]])
    expect(one.p[0]).toBeCloseTo(1 - (0.5 * 3) / (3 + 1), 6)
    expect(one.p[1]).toBe(1)
    expect(two.p[0]).toBeCloseTo(1 - 1.5 / 4 - (0.5 * 4) / (5 + 1), 6)
    expect(two.p[1]).toBeCloseTo(1 + 1 / 3, 6)
    expect(two.sum).toEqual([25, 4])
  })
})

test.each([sgd(0.2), adam(0.2, { weightDecay: 0.5 }), adagrad(0.2)])('a factor of the rate is another rate: $kind', (optimizer) => {
  expect(scalarsOf(optimizer, 3, 0.25)).toEqual(scalarsOf({ ...optimizer, rate: 0.05 }, 3))
})
