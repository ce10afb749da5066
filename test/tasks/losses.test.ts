import * as tf from '@tensorflow/tfjs'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { equalWeights } from '../../src/balancing/equal.js'
import { binaryCrossEntropy, lossesOf, lossOf, scoreOf, softmaxCrossEntropy, squaredError } from '../../src/tasks/losses.js'
import { streams } from '../../src/random/streams.js'
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

describe('squared error', () => {
  test('by hand: misses of 2 and -1, the latter of weight 3/4', () => {
    const { value, grad } = evaluate(squaredError, [[3], [-2]], tf.tensor1d([1, -1]), [0.25, 0.75])
    expect(value).toBe(0.25 * 4 + 0.75 * 1)
    expect(grad).toEqual([2 * 2 * 0.25, 2 * -1 * 0.75])
  })

  test('rows of weight 0 count for nothing, and a loss without rows is 0', () => {
    const { value, grad } = evaluate(squaredError, [[3], [50]], tf.tensor1d([1, 0]), [1, 0])
    expect([value, ...grad]).toEqual([4, 4, 0])
    const nothing = evaluate(squaredError, [[3], [50]], tf.tensor1d([0, 0]), [0, 0])
    expect([nothing.value, ...nothing.grad]).toEqual([0, 0, 0])
  })
})

test('losses of tasks of all kinds are those of each alone, with their gradients', () => {
  const one = (name: string, kind: 'binary' | 'regression') => ({ name, kind })
  const tasks: Task[] = [
    one('a', 'regression'), one('b', 'binary'), { name: 'c', kind: 'multiclass', classes: 2 }, one('d', 'regression'),
    one('e', 'binary'), one('f', 'regression'),
  ]
  const draw = streams('losses')('kinds')
  const random = (rows: number, columns: number) => tf.tidy(() => tf.tensor2d(
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => draw() * 4 - 2))))
  const heads = tasks.map(({ kind }) => random(3, kind === 'multiclass' ? 2 : 1))
  const labels = tasks.map(({ kind }) =>
    kind === 'multiclass' ? tf.tensor2d([[1, 0], [0, 1], [0, 1]]) : tf.tensor1d([1, 0, kind === 'binary' ? 1 : -3]))
  const weights = tasks.map((_, t) => tf.tensor1d([0.5, (t + 1) / 10, 0]))
  const scored = (logits: readonly tf.Tensor[]) =>
    tasks.map((task, t) => ({ task, logits: logits[t], labels: labels[t], weight: weights[t] }))
  const together = lossesOf(scored(heads)).map((loss) => loss.dataSync()[0])
  scored(heads).forEach((each, t) => expect(together[t]).toBeCloseTo(lossOf(each).dataSync()[0], 6))
  const sum = (losses: tf.Tensor[]) => losses.reduce((total, loss) => tf.add(total, loss))
  const grads = (f: (...logits: tf.Tensor[]) => tf.Tensor) => tf.grads(f)(heads).map((g) => [...g.dataSync()])
  const apart = grads((...logits) => sum(scored(logits).map(lossOf)))
  grads((...logits) => sum(lossesOf(scored(logits)))).forEach((grad, t) =>
    grad.forEach((g, i) => expect(g).toBeCloseTo(apart[t][i], 6)))
})

test('gradients are those of central differences', () => {
  const weight = [0.5, 0.25, 0.25]
  const cases: [Loss, number[][], tf.Tensor][] = [
    [binaryCrossEntropy, [[0.5], [-1.5], [2]], tf.tensor1d([1, 0, 1])],
    [squaredError, [[0.5], [-1.5], [2]], tf.tensor1d([0.25, 3, -1])],
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

test('a task owns its loss and what it scores by: logits, or numbers', () => {
  const binary: Task = { name: 'ctr', kind: 'binary' }
  const many: Task = { name: 'kind', kind: 'multiclass', classes: 2 }
  const z = tf.tensor2d([[Math.log(3)], [0]])
  expect(scoreOf(binary, z).shape).toEqual([2])
  expect([...scoreOf(binary, z).dataSync()]).toEqual([...z.dataSync()])
  const pair = scoreOf(many, tf.tensor2d([[Math.log(3), 0]]))
  expect([pair.shape, ...pair.dataSync()]).toEqual([[1, 2], Math.fround(Math.log(3)), 0])
  const number = scoreOf({ name: 'watched', kind: 'regression' }, tf.tensor2d([[-3.5], [2]]))
  expect([number.shape, ...number.dataSync()]).toEqual([[2], -3.5, 2])
  const weight = tf.tensor1d([0.5, 0.5])
  const one = lossOf({
    task: many, logits: tf.tensor2d([[0, 0], [0, 0]]), labels: tf.tensor2d([[1, 0], [0, 1]]), weight,
  })
  expect(one.dataSync()[0]).toBeCloseTo(Math.log(2), 6)
  expect(equalWeights([binary, many])).toEqual([0.5, 0.5])
})
