import { describe, expect, it } from 'vitest'
import { layoutOf, near, runSteps, vectorLayout } from './bench.js'

describe('MetaBalance', () => {
  it('moves auxiliary gradients towards the main one’s length, with running norms, per segment', () => {
    const layout = layoutOf(['a.weight', [1, 2]], ['b.weight', [1, 1]])
    const steps = [
      { gradients: [[[3, 4], [2]], [[0, 10], [0]]] },
      { gradients: [[[3, 4], [2]], [[0, 20], [8]]] },
    ]
    const [first, second] = runSteps({ kind: 'meta-balance', relax: 0.5, beta: 0.9 }, layout, steps)
    // Norms 5 and 10: the factor is 0.5 * 5 / 10 + 0.5 = 0.75. In b the auxiliary task has no gradient.
    expect(near(first.gradients![0], [1.5, (4 + 7.5) / 2])).toBe(true)
    expect(first.gradients![1]).toEqual([1])
    // Running: main 0.5 then 0.95; auxiliary 1 then 2.9. In b: 0.2, 0.38; 0, 0.8.
    expect(near(second.gradients![0], [1.5, (4 + 20 * (0.5 * (0.95 / 2.9) + 0.5)) / 2])).toBe(true)
    expect(near(second.gradients![1], [(2 + 8 * (0.5 * (0.38 / 0.8) + 0.5)) / 2])).toBe(true)
  })

  it('takes the main task by name', () => {
    const [step] = runSteps({ kind: 'meta-balance', main: 't2', relax: 1 }, vectorLayout(2), [
      { gradients: [[[3, 4]], [[0, 10]]] },
    ])
    expect(near(step.gradients![0], [3, 9])).toBe(true)
    expect(() => runSteps({ kind: 'meta-balance', main: 'none' }, vectorLayout(1), [{ gradients: [[[1]], [[1]]] }]))
      .toThrow("names the task 'none'")
  })
})
