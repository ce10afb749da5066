import fc from 'fast-check'
import { expect, it } from 'vitest'
import { permutation, streams } from '../../src/random/streams.js'
import { dot, marked, near, runSteps, vectorLayout, vectors } from './bench.js'

/** Equation 5 on plain vectors, one pair after the other; `rho` is changed in place. */
const slowly = (
  gradients: readonly number[][], orders: readonly number[][], rho: number[][], beta: number,
): number[] => {
  const length = (v: readonly number[]): number => Math.sqrt(dot(v, v))
  const turned = gradients.map((gradient, i) => {
    let own = [...gradient]
    for (const j of orders[i]) {
      const other = gradients[j]
      const [cos, goal] = [dot(own, other) / (length(own) * length(other)), rho[i][j]]
      if (cos < goal) {
        const [up, down] = [Math.sqrt(1 - cos * cos), Math.sqrt(1 - goal * goal)]
        const share = (length(own) * (goal * up - cos * down)) / (length(other) * down)
        own = own.map((x, at) => x + share * other[at])
      }
      rho[i][j] = (1 - beta) * goal + beta * cos
    }
    return own
  })
  return turned[0].map((_, at) => turned.reduce((sum, own) => sum + own[at], 0) / gradients.length)
}

const drawn = (tasks: number, step: number): number[][] => {
  const stream = streams('bench')('orders', step)
  return Array.from({ length: tasks }, (_, i) => {
    const others = Array.from({ length: tasks }, (_gone, j) => j).filter((j) => j !== i)
    return [...permutation(tasks - 1, stream)].map((place) => others[place])
  })
}

it('by hand: the first goal is 0, so conflict is taken out; then the goal is what was seen', () => {
  const apart = { gradients: [[[1, 0]], [[-1, 1]]] }
  const close = { gradients: [[[1, 0]], [[1, 0]]] }
  const [first, second] = runSteps({ kind: 'grad-vac' }, vectorLayout(2), [apart, close])
  expect(near(first.gradients![0], [0.25, 0.75])).toBe(true)
  expect(near(first.memory.rho, [0, -Math.SQRT1_2 / 2, -Math.SQRT1_2 / 2, 0])).toBe(true)
  expect(near(second.gradients![0], [1, 0])).toBe(true)
  expect(near(second.memory.rho, [0, 0.5 - Math.SQRT1_2 / 4, 0.5 - Math.SQRT1_2 / 4, 0])).toBe(true)
})

it('two to four tasks over three steps: as the equation on plain vectors', () => {
  fc.assert(
    fc.property(vectors(4).chain((first) => fc.tuple(fc.constant(first), vectors(first.length, first.length))), (sets) => {
      const steps = [...sets, sets[0]].map(marked)
      const tasks = steps[0].length
      const rho = steps[0].map(() => steps[0].map(() => 0))
      const wanted = steps.map((gradients, step) =>
        slowly(gradients, tasks === 2 ? [[1], [0]] : drawn(tasks, step), rho, 0.3))
      const got = runSteps({ kind: 'grad-vac', beta: 0.3 }, vectorLayout(steps[0][0].length), steps.map((gradients) => (
        { gradients: gradients.map((own) => [own]) })))
      return got.every((result, i) => near(result.gradients![0], wanted[i], 1e-3))
    }),
    { numRuns: 40 },
  )
})
