import { describe, expect, it } from 'vitest'
import { balancers, type BalancerInput } from '../../src/balancing/registry.js'
import { near, runSteps, vectorLayout, type PlainStep } from './bench.js'

/* A batch may hold no labelled row of a task: its loss and its gradient are 0 then. */

const needed: Readonly<Record<string, object>> = {
  fixed: { weights: { t1: 1, t2: 1, t3: 1 } }, decay: { ratios: {} },
}
const specOf = (kind: string): BalancerInput => ({ kind, ...needed[kind] }) as BalancerInput
const kinds = balancers.map(({ kind }) => kind)

const stepOf = (gradients: number[][], present: number[]): PlainStep => ({
  gradients: gradients.map((own) => [own]), losses: present.map((there) => there * 0.7), present,
})

describe.each(kinds)('%s', (kind) => {
  it.each([
    ['one of three', [[1, -2, 0], [0, 0, 0], [-1, 0.5, 3]], [1, 0, 1]],
    ['two of three', [[0, 0, 0], [0, 0, 0], [-1, 0.5, 3]], [0, 0, 1]],
    ['all', [[0, 0, 0], [0, 0, 0], [0, 0, 0]], [0, 0, 0]],
  ])('stays finite when %s are absent, first and later', (_, gradients, present) => {
    const full = stepOf([[1, -2, 0], [2, 2, 1], [-1, 0.5, 3]], [1, 1, 1])
    const lacking = stepOf(gradients, present)
    for (const result of runSteps(specOf(kind), vectorLayout(3), [lacking, full, lacking, full])) {
      const numbers = [...(result.weights ?? []), ...(result.gradients?.flat() ?? []), ...Object.values(result.memory).flat()]
      expect(numbers.every(Number.isFinite)).toBe(true)
    }
  })
})

it('what two tasks agree on does not change because a third is absent', () => {
  const of = (kind: string): readonly number[] =>
    runSteps(specOf(kind), vectorLayout(2), [stepOf([[1, 0], [0, 0], [0, 1]], [1, 0, 1])])[0].gradients![0]
  expect(near(of('pcgrad'), [1 / 3, 1 / 3])).toBe(true)
  expect(near(of('aligned-mtl'), [1 / 3, 1 / 3])).toBe(true)
  expect(near(of('nash-mtl'), [Math.SQRT1_2, Math.SQRT1_2])).toBe(true)
  // The shortest convex combination with a zero vector is that vector: MGDA stands still, and so does IMTL.
  expect(of('mgda')).toEqual([0, 0])
  expect(near(of('imtl'), [0, 0])).toBe(true)
  // The mean, which hurts nobody; over 1 + c^2.
  expect(near(of('cagrad'), [1 / 3.75, 1 / 3.75])).toBe(true)
})

/** Rules that weigh losses: the backward pass of all of them shows what is no number by itself. */
const lossRules = new Set(['equal', 'fixed', 'decay', 'uncertainty', 'dwa', 'grad-norm', 'rlw'])

describe.each(kinds.filter((kind) => !lossRules.has(kind)))('%s', (kind) => {
  it.each([NaN, Infinity])('shows a gradient of %s where one should be', (value) => {
    const wrong = stepOf([[1, -2, 0], [2, value, 1], [-1, 0.5, 3]], [1, 1, 1])
    const [{ gradients }] = runSteps(specOf(kind), vectorLayout(3), [wrong])
    expect(gradients![0].every(Number.isFinite)).toBe(false)
  })
})
