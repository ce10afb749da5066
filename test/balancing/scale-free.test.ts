import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balanceMatrix, dot, joint, marked, near, runSteps, vectorLayout, vectors, weightsOf } from './bench.js'

const length = (v: readonly number[]): number => Math.sqrt(dot(v, v))

describe('IMTL', () => {
  const gradient = { kind: 'imtl', variant: 'gradient' } as const

  it('by hand: weights are the other one’s share of the lengths', () => {
    expect(near(joint(gradient, [3, 0], [0, 4]), [12 / 7, 12 / 7])).toBe(true)
    expect(joint(gradient, [2, 0], [-2, 0])).toEqual([0, 0])
    expect(near(joint(gradient, [1, 0], [3, 0]), [1.5, 0])).toBe(true)
  })

  it('the joint gradient projects equally onto every task’s own, and weights sum to 1', () => {
    fc.assert(
      fc.property(vectors(4), (xs) => {
        const gradients = marked(xs)
        const result = joint(gradient, ...gradients)
        const projections = gradients.map((g) => dot(result, g) / length(g))
        const total = result.slice(-xs.length).reduce((a, b) => a + b, 0)
        return Math.abs(total - 1) < 1e-4 && projections.every((p) => Math.abs(p - projections[0]) < 2e-3)
      }),
      { numRuns: 60 },
    )
  })

  it('loss: e^s / tasks, and s descends e^s L - s', () => {
    const two = { gradients: [[[1, 0]], [[0, 1]]], losses: [3, 1], present: [1, 0] }
    const [first, second] = runSteps({ kind: 'imtl', variant: 'loss', rate: 0.1 }, vectorLayout(2), [two, two])
    expect(first.weights).toEqual([0.5, 0.5])
    expect(near(first.memory.s, [-0.2, 0])).toBe(true)
    expect(near(second.weights!, [Math.exp(-0.2) / 2, 0.5])).toBe(true)
    expect(near(second.memory.s, [-0.2 - 0.1 * (3 * Math.exp(-0.2) - 1), 0])).toBe(true)
  })

  it('hybrid: impartial among the gradients of the scaled losses; segments of one task get e^s times theirs', () => {
    const step = { gradients: [[[3, 0]], [[0, 4]]], losses: [2, 1] }
    const [first, second] = runSteps({ kind: 'imtl', rate: 0.5 }, vectorLayout(2), [step, step])
    expect(near(first.gradients![0], [12 / 7, 12 / 7])).toBe(true)
    const scale = Math.exp(-0.5)
    const [a, b] = [3 * scale, 4]
    expect(near(second.gradients![0], [(a * b) / (a + b), (a * b) / (a + b)])).toBe(true)
    expect(near(second.own!, [scale, 1])).toBe(true)
  })
})

describe('Nash-MTL', () => {
  it('by hand: orthogonal gradients weigh 1 / length; the joint gradient is cut to its longest', () => {
    expect(near(joint({ kind: 'nash-mtl', maxNorm: 9 }, [2, 0], [0, 5]), [1, 1])).toBe(true)
    expect(near(joint({ kind: 'nash-mtl' }, [2, 0], [0, 5]), [Math.SQRT1_2, Math.SQRT1_2])).toBe(true)
    // cos = 0.6: beta = 1 / sqrt(1.6)
    expect(near(joint({ kind: 'nash-mtl', maxNorm: 9 }, [1, 0], [0.6, 0.8]), [1.6, 0.8].map((x) => x / Math.sqrt(1.6)))).toBe(true)
    expect(joint({ kind: 'nash-mtl' }, [2, 0], [0, 0])).toEqual([1, 0])
  })

  it('solves (G G^T) alpha = 1 / alpha', () => {
    fc.assert(
      fc.property(vectors(4), (xs) => {
        const gradients = marked(xs)
        const alpha = weightsOf({ kind: 'nash-mtl', maxNorm: 100, iterations: 12 }, gradients)
        return gradients.every((g, i) => {
          const along = gradients.reduce((sum, other, j) => sum + dot(g, other) * alpha[j], 0)
          return alpha[i] > 0 && Math.abs(along * alpha[i] - 1) < 2e-3
        })
      }),
      { numRuns: 40 },
    )
  })
})

describe('Aligned-MTL', () => {
  it('by hand: orthogonal gradients become as long as the shorter; equal ones stay; opposite ones cancel', () => {
    const aligned = { kind: 'aligned-mtl' } as const
    expect(near(joint(aligned, [1, 0], [0, 2]), [0.5, 0.5])).toBe(true)
    // One direction: l = 2 |g|^2, B = v v^T with v = (1, 1) / sqrt 2, so each column sums to 1.
    expect(near(joint(aligned, [1, 2], [1, 2]), [1, 2], 1e-3)).toBe(true)
    expect(joint(aligned, [1, 0], [-1, 0]).every((x) => Math.abs(x) < 1e-3)).toBe(true)
  })

  it('weighs by the column sums of the balance matrix', () => {
    fc.assert(
      fc.property(vectors(4), (xs) => {
        const gradients = marked(xs)
        const b = balanceMatrix(gradients.map((g) => gradients.map((h) => dot(g, h))))
        const wanted = b.map((_, j) => b.reduce((sum, row) => sum + row[j], 0) / xs.length)
        return near(weightsOf({ kind: 'aligned-mtl' }, gradients), wanted, 3e-3)
      }),
      { numRuns: 40 },
    )
  })
})
