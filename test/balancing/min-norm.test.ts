import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dot, joint, marked, near, runSteps, vectorLayout, vectors, weightsOf } from './bench.js'

const squared = (v: readonly number[]): number => dot(v, v)
const mix = (weights: readonly number[], gradients: readonly (readonly number[])[]): number[] =>
  gradients[0].map((_, at) => weights.reduce((sum, w, t) => sum + w * gradients[t][at], 0))

/** All weights of two or three tasks on a grid. */
const grid = (tasks: number, steps: number): number[][] =>
  Array.from({ length: steps + 1 }, (_, i) => i / steps).flatMap((x) =>
    tasks === 2
      ? [[x, 1 - x]]
      : Array.from({ length: Math.round((1 - x) * steps) + 1 }, (_, j) => [x, j / steps, Math.max(0, 1 - x - j / steps)]))

const mean = (gradients: readonly (readonly number[])[]): number[] =>
  mix(gradients.map(() => 1 / gradients.length), gradients)

describe('MGDA', () => {
  const mgda = { kind: 'mgda' } as const

  it('by hand', () => {
    expect(joint(mgda, [2, 0], [0, 2])).toEqual([1, 1])
    // The shorter of two that agree: <g2 - g1, g2> = -2 < 0, so all weight to g1... and the same the other way round.
    expect(joint(mgda, [1, 0], [3, 0])).toEqual([1, 0])
    expect(joint(mgda, [1, 0], [-3, 0]).map(Math.abs).every((x) => x < 1e-6)).toBe(true)
    // |g1| = 1, |g2| = 3, orthogonal: w1 = 9 / 10
    expect(near(joint(mgda, [1, 0], [0, 3]), [0.9, 0.3])).toBe(true)
    expect(near(joint(mgda, [1, 2], [1, 2]), [1, 2])).toBe(true)
  })

  it('finds weights as short as any on a dense grid', () => {
    fc.assert(
      fc.property(vectors(3), (xs) => {
        const gradients = marked(xs)
        const weights = weightsOf(mgda, gradients)
        const best = Math.min(...grid(xs.length, 80).map((w) => squared(mix(w, gradients))))
        const sums = Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-5 && weights.every((w) => w >= -1e-6)
        return sums && squared(mix(weights, gradients)) <= best * 1.001 + 1e-6
      }),
      { numRuns: 40 },
    )
  })

  it('normalises while it seeks weights, which then go to the gradients as they are', () => {
    // Unit lengths: equal weights. Lengths times losses, 1 * 3 and 3 * 1, too.
    expect(near(joint({ kind: 'mgda', normalise: 'l2' }, [1, 0], [0, 3]), [0.5, 1.5])).toBe(true)
    const [step] = runSteps({ kind: 'mgda', normalise: 'loss' }, vectorLayout(2), [
      { gradients: [[[1, 0]], [[0, 3]]], losses: [1, 3] },
    ])
    expect(near(step.gradients![0], [0.5, 1.5])).toBe(true)
    const [both] = runSteps({ kind: 'mgda', normalise: 'loss+' }, vectorLayout(2), [
      { gradients: [[[1, 0]], [[0, 3]]], losses: [2, 1] },
    ])
    // Divided by 2 and 3: squared lengths 1/4 and 1, w1 = 1 / (5/4)
    expect(near(both.gradients![0], [0.8, 0.6])).toBe(true)
  })
})

describe('CAGrad', () => {
  const cagrad = { kind: 'cagrad', c: 0.4 } as const
  const objective = (w: readonly number[], gradients: readonly (readonly number[])[], c: number): number => {
    const [g, g0] = [mix(w, gradients), mean(gradients)]
    return dot(g, g0) + c * Math.sqrt(squared(g0)) * Math.sqrt(squared(g))
  }

  it('by hand: equal gradients, orthogonal ones of one length, opposite ones', () => {
    // U = g0 (1 + c) / (1 + c^2) = 1.2069 g0
    const factor = 1.4 / 1.16
    expect(near(joint(cagrad, [1, 2], [1, 2]), [factor, 2 * factor])).toBe(true)
    expect(near(joint(cagrad, [2, 0], [0, 2]), [factor, factor])).toBe(true)
    expect(near(joint(cagrad, [2, 0, 0], [0, 2, 0], [0, 0, 2]), [2, 2, 2].map((x) => (x * factor) / 3))).toBe(true)
    expect(joint(cagrad, [1, 0], [-1, 0]).every((x) => Math.abs(x) < 1e-3)).toBe(true)
  })

  it('is g0 + c |g0| g_w / |g_w| over 1 + c^2 with the best w of a dense grid', () => {
    fc.assert(
      fc.property(vectors(3), (xs) => {
        const gradients = marked(xs)
        const tasks = xs.length
        // What is beyond the mean is lambda w.
        const beyond = weightsOf({ ...cagrad }, gradients).map((w) => w * 1.16 - 1 / tasks)
        const lambda = beyond.reduce((a, b) => a + b, 0)
        const w = beyond.map((x) => x / lambda)
        const best = Math.min(...grid(tasks, 80).map((point) => objective(point, gradients, 0.4)))
        const length = Math.sqrt(squared(mix(w, gradients)))
        const radius = 0.4 * Math.sqrt(squared(mean(gradients)))
        const scale = Math.max(1, Math.abs(best))
        return objective(w, gradients, 0.4) <= best + 2e-3 * scale && Math.abs(lambda * length - radius) < 1e-3 * scale
      }),
      { numRuns: 40 },
    )
  })

  it('the task served worst fares no worse than under the mean gradient', () => {
    fc.assert(
      fc.property(vectors(3), (xs) => {
        const gradients = marked(xs)
        const u = joint(cagrad, ...gradients).map((x) => x * 1.16)
        const worst = (v: readonly number[]): number => Math.min(...gradients.map((g) => dot(g, v)))
        return worst(u) >= worst(mean(gradients)) - 2e-3 * Math.max(...gradients.map(squared))
      }),
      { numRuns: 40 },
    )
  })
})
