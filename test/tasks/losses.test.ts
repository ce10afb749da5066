import * as tf from '@tensorflow/tfjs'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { equalWeights } from '../../src/tasks/balance.js'
import { binaryCrossEntropy, lossOf, probabilities, softmaxCrossEntropy } from '../../src/tasks/losses.js'
import type { Task } from '../../src/tasks/task.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

type Loss = typeof binaryCrossEntropy

/** Value and gradient with respect to the logits. */
const evaluate = (loss: Loss, logits: number[][], labels: tf.Tensor, weight: number[], factor = 1) =>
  tf.tidy(() => {
    const f = (z: tf.Tensor) => tf.mul(loss(z, labels, tf.tensor1d(weight)), factor)
    const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(logits))
    return { value: value.dataSync()[0], grad: [...grad.dataSync()] }
  })

describe('binary cross-entropy', () => {
  test('by hand: z = 0 and z = ln 3', () => {
    // -log(1/2) and -log(1 - 3/4); slopes 1/2 - 1 and 3/4 - 0, halved by the weights
    const { value, grad } = evaluate(binaryCrossEntropy, [[0], [Math.log(3)]], tf.tensor1d([1, 0]), [0.5, 0.5])
    expect(value).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 6)
    expect(grad).toEqual([expect.closeTo(-0.25, 6), expect.closeTo(0.375, 6)])
  })

  test('rows of weight 0 count for nothing, and a loss without rows is 0', () => {
    const { value, grad } = evaluate(binaryCrossEntropy, [[1], [50]], tf.tensor1d([1, 0]), [1, 0])
    expect(value).toBeCloseTo(Math.log(1 + Math.exp(-1)), 6)
    expect(grad[1]).toBe(0)
    const nothing = evaluate(binaryCrossEntropy, [[1], [50]], tf.tensor1d([0, 0]), [0, 0])
    expect([nothing.value, ...nothing.grad]).toEqual([0, 0, 0])
  })

  test('stays finite for any logit, and its gradient too', () => {
    const { value, grad } = evaluate(binaryCrossEntropy, [[200], [-200]], tf.tensor1d([0, 1]), [0.5, 0.5])
    expect(value).toBeCloseTo(200, 4)
    expect(grad).toEqual([0.5, -0.5])
  })

  test('a factor on the loss is a factor on the gradient', () => {
    const of = (factor: number) => evaluate(binaryCrossEntropy, [[0.3], [2]], tf.tensor1d([1, 0]), [0.5, 0.5], factor)
    expect(of(4).grad).toEqual(of(1).grad.map((g) => 4 * g))
  })
})

describe('softmax cross-entropy', () => {
  test('by hand: two rows of two classes', () => {
    const labels = tf.tensor2d([[1, 0], [0, 1]])
    const { value, grad } = evaluate(softmaxCrossEntropy, [[0, 0], [Math.log(3), 0]], labels, [0.5, 0.5])
    expect(value).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 6)
    for (const [i, expected] of [-0.25, 0.25, 0.375, -0.375].entries()) expect(grad[i]).toBeCloseTo(expected, 6)
  })

  test('stays finite for any logits; padding counts for nothing', () => {
    const labels = tf.tensor2d([[1, 0, 0], [0, 0, 0]])
    const { value, grad } = evaluate(softmaxCrossEntropy, [[-300, 300, 0], [1, 2, 3]], labels, [1, 0])
    expect(value).toBeCloseTo(600, 3)
    expect(grad).toEqual([-1, 1, 0, 0, 0, 0])
  })

  test('with two classes is binary cross-entropy of the difference of logits', () => {
    const z = fc.float({ min: -8, max: 8, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(z, z, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 6 }), (rows) => {
        const weight = rows.map(() => 1 / rows.length)
        const labels = tf.tensor2d(rows.map(([, , y]) => [1 - y, y]))
        const two = evaluate(softmaxCrossEntropy, rows.map(([a, b]) => [a, b]), labels, weight)
        const clicks = tf.tensor1d(rows.map(([, , y]) => y))
        const one = evaluate(binaryCrossEntropy, rows.map(([a, b]) => [b - a]), clicks, weight)
        expect(two.value).toBeCloseTo(one.value, 5)
        rows.forEach((_, r) => expect(two.grad[2 * r + 1]).toBeCloseTo(one.grad[r], 5))
      }),
      { numRuns: 30 },
    )
  })
})

test('gradients are those of central differences', () => {
  const weight = [0.5, 0.25, 0.25]
  const cases: [Loss, number[][], tf.Tensor][] = [
    [binaryCrossEntropy, [[0.5], [-1.5], [2]], tf.tensor1d([1, 0, 1])],
    [softmaxCrossEntropy, [[0.5, 1], [-1.5, 0], [2, 3]], tf.tensor2d([[1, 0], [0, 1], [1, 0]])],
  ]
  for (const [loss, logits, labels] of cases) {
    const { grad } = evaluate(loss, logits, labels, weight)
    const at = (i: number, h: number) => {
      const moved = logits.map((row, r) => row.map((v, c) => (r * row.length + c === i ? v + h : v)))
      return evaluate(loss, moved, labels, weight).value
    }
    grad.forEach((g, i) => expect(g).toBeCloseTo((at(i, 0.01) - at(i, -0.01)) / 0.02, 3))
  }
})

test('a task owns its loss and its probabilities', () => {
  const binary: Task = { name: 'ctr', kind: 'binary' }
  const many: Task = { name: 'kind', kind: 'multiclass', classes: 2 }
  const z = tf.tensor2d([[Math.log(3)], [0]])
  expect(probabilities(binary, z).shape).toEqual([2])
  expect([...probabilities(binary, z).dataSync()]).toEqual([expect.closeTo(0.75, 6), 0.5])
  expect([...probabilities(many, tf.tensor2d([[Math.log(3), 0]])).dataSync()]).toEqual([
    expect.closeTo(0.75, 6), expect.closeTo(0.25, 6),
  ])
  const weight = tf.tensor1d([0.5, 0.5])
  const one = lossOf({
    task: many, logits: tf.tensor2d([[0, 0], [0, 0]]), labels: tf.tensor2d([[1, 0], [0, 1]]), weight,
  })
  expect(one.dataSync()[0]).toBeCloseTo(Math.log(2), 6)
  expect(equalWeights([binary, many])).toEqual([0.5, 0.5])
})
