import fc from 'fast-check'
import { expect, it } from 'vitest'
import { permutation, streams } from '../../src/random/streams.js'
import { dot, joint, near } from './bench.js'

const pcgrad = { kind: 'pcgrad' } as const

it('by hand: what conflicts is projected, the mean is taken', () => {
  // <a, b> = -1: a' = (1, 0) + 1/2 (-1, 1) = (1/2, 1/2); b' = (-1, 1) + 1 (1, 0) = (0, 1)
  expect(joint(pcgrad, [1, 0], [-1, 1])).toEqual([0.25, 0.75])
  expect(joint(pcgrad, [1, 0], [-1, 0])).toEqual([0, 0])
  expect(joint(pcgrad, [2, 0], [0, 4])).toEqual([1, 2])
  expect(joint(pcgrad, [1, 1], [3, 1])).toEqual([2, 1])
  expect(joint(pcgrad, [0, 0], [3, 1])).toEqual([1.5, 0.5])
})

/** Algorithm 1 on plain vectors, one subtraction after the other. */
const slowly = (gradients: readonly number[][], orders: readonly number[][]): number[] => {
  const surgered = gradients.map((gradient, i) => {
    let own = [...gradient]
    for (const j of orders[i]) {
      const conflict = dot(own, gradients[j])
      if (conflict >= 0) continue
      const share = conflict / dot(gradients[j], gradients[j])
      own = own.map((x, at) => x - share * gradients[j][at])
    }
    return own
  })
  return surgered[0].map((_, at) => surgered.reduce((sum, own) => sum + own[at], 0) / gradients.length)
}

/** The orders that the bench's first step draws: task by task from one stream. */
const drawn = (tasks: number): number[][] => {
  const stream = streams('bench')('orders', 0)
  return Array.from({ length: tasks }, (_, i) => {
    const others = Array.from({ length: tasks }, (_gone, j) => j).filter((j) => j !== i)
    return [...permutation(tasks - 1, stream)].map((place) => others[place])
  })
}

const vector = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 5, maxLength: 5 })

it('two to four tasks: as the algorithm on plain vectors, in the orders that were drawn', () => {
  fc.assert(
    fc.property(fc.array(vector.filter((v) => v.some((x) => x !== 0)), { minLength: 2, maxLength: 4 }), (gradients) => {
      const orders = gradients.length === 2 ? [[1], [0]] : drawn(gradients.length)
      return near(joint(pcgrad, ...gradients), slowly(gradients, orders), 1e-4)
    }),
    { numRuns: 60 },
  )
})
