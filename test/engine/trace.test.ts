import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Body, Sink } from '../../src/engine/program/body.js'
import { TraceError } from '../../src/engine/trace/trace-error.js'
import { trace } from '../../src/engine/trace/trace.js'
import { between, compile, distance, eagerly, fly, listing } from './traced.js'

const constantOf = tf.fill

const score = (task: string): Sink => ({ kind: 'score', task })
const x = { kind: 'numeric', step: 0 } as const
const rate = { kind: 'scalar', name: 'rate', step: 0 } as const
const weights = { kind: 'parameter', segment: 'w' } as const

/** The graph of one output that is a function of x [3, 4]. */
const graphOf = (f: (x: Tensor) => Tensor) =>
  trace((inputs) => [{ sink: score('y'), tensor: f(inputs.read(x, [3, 4])) }])

beforeEach(() => {
  void tf.setBackend('cpu')
})

describe('trace', () => {
  it('records kernels, shapes and where inputs come from', () => {
    const graph = trace((inputs) => {
      const product = tf.matMul(inputs.read(x, [3, 4]) as never, inputs.read(weights, [4, 2]) as never)
      return [{ sink: score('ctr'), tensor: tf.sigmoid(product) }]
    })
    expect(listing(graph)).toEqual(
      ['0 Input() [3,4]', '1 Input() [4,2]', '2 BatchMatMul(0,1) [3,2]', '3 Sigmoid(2) [3,2]'],
    )
    expect(graph.nodes.map(({ source }) => source)).toEqual([x, weights, undefined, undefined])
    expect(graph.outputs).toEqual([{ sink: score('ctr'), node: 3 }])
  })

  it('gives the same tensor for the same source, and refuses another shape', () => {
    expect(listing(trace((inputs) => [
      { sink: score('y'), tensor: tf.add(inputs.read(x, [2]), inputs.read(x, [2])) },
    ]))).toEqual(['0 Input() [2]', '1 Add(0,0) [2]'])
    expect(() => trace((inputs) => {
      inputs.read(x, [2])
      return [{ sink: score('y'), tensor: inputs.read(x, [3]) }]
    })).toThrow(/'numeric\/0' was read as float32\[3\] after float32\[2\].*trace\.test\.ts:\d+/)
  })

  it('keeps an input alive that was first read in an inner scope', () => {
    const graph = trace((inputs) => {
      const inner = tf.tidy(() => tf.neg(inputs.read(x, [2])))
      return [{ sink: score('y'), tensor: tf.add(inner, inputs.read(x, [2])) }]
    })
    expect(listing(graph)).toEqual(['0 Input() [2]', '1 Sub(0,0) [2]'])
  })

  it('leaves the backend and the number of tensors as they were, whatever happens', () => {
    const outer = tf.scalar(2)
    const body: Body = (inputs) => [{ sink: score('y'), tensor: tf.mul(inputs.read(x, [2]), outer) }]
    const before = tf.memory().numTensors
    tf.tidy(() => void trace(body))
    trace(body)
    expect(() => trace((inputs) => {
      tf.square(inputs.read(x, [2]))
      throw new Error('in the model')
    })).toThrow('in the model')
    expect(tf.getBackend()).toBe('cpu')
    expect(tf.memory().numTensors).toBe(before)
    expect(Array.from(outer.dataSync())).toEqual([2])
    outer.dispose()
  })

  it('may be called while a gradient is being computed, and while recording', () => {
    const body: Body = (inputs) => [{ sink: score('y'), tensor: tf.square(inputs.read(x, [2])) }]
    const plain = listing(trace(body))
    let [inGradient, inTrace]: string[][] = [[], []]
    const [slope] = tf.grads((a) => {
      inGradient = listing(trace(body))
      return tf.square(a) as never
    })([tf.scalar(3)])
    const outer = trace((inputs) => {
      const y = tf.neg(inputs.read(x, [2]))
      inTrace = listing(trace(body))
      return [{ sink: score('y'), tensor: tf.exp(y) }]
    })
    expect([inGradient, inTrace]).toEqual([plain, plain])
    expect(slope.dataSync()[0]).toBe(6)
    expect(listing(outer)).toEqual(['0 Input() [2]', '1 Neg(0) [2]', '2 Exp(1) [2]'])
  })

  it('takes values of tensors from outside as constants', () => {
    const table = tf.tensor1d([1, 2, 3])
    const graph = trace((inputs) => [{ sink: score('y'), tensor: tf.add(inputs.read(x, [3]), table) }])
    expect(Array.from(graph.nodes.find(({ op }) => op === 'Constant')!.values!)).toEqual([1, 2, 3])
    expect(Array.from(table.dataSync())).toEqual([1, 2, 3])
    table.dispose()
  })

  it('names the line of a model that reads a value', () => {
    const read = (): unknown => graphOf((a) => (a.dataSync()[0] > 0 ? a : tf.neg(a)))
    expect(read).toThrow(TraceError)
    expect(read).toThrow(/value was read.*test\/engine\/trace\.test\.ts:\d+:\d+/s)
  })

  it('fails the promise of a model that awaits a value', async () => {
    let values: Promise<unknown> | undefined
    graphOf((a) => {
      values = a.data()
      return a
    })
    await expect(values).rejects.toThrow(/value was read/)
  })

  it('names the operation and the line that cannot be recorded', () => {
    expect(() => graphOf((a) => tf.topk(a, 2).values)).toThrow(
      /'TopK' cannot be recorded \(at .*trace\.test\.ts:\d+:\d+\)/,
    )
  })

  it('refuses a tensor of another recording', () => {
    let stolen: Tensor | undefined
    trace((inputs) => {
      stolen = tf.keep(tf.neg(inputs.read(x, [2])))
      return [{ sink: score('y'), tensor: stolen }]
    })
    expect(() => trace(() => [{ sink: score('y'), tensor: tf.neg(stolen!) }])).toThrow(/another recording/)
    stolen!.dispose()
  })
})

describe('simplification', () => {
  const ops = (f: (x: Tensor) => Tensor): string[] =>
    graphOf(f).nodes.map(({ op }) => op).filter((op) => op !== 'Input')

  it.each<[string, (x: Tensor) => Tensor, string[]]>([
    ['an identity', (a) => tf.clone(tf.neg(a)), ['Neg']],
    ['a product with ones', (a) => tf.mul(tf.neg(a), tf.ones([3, 4])), ['Neg']],
    ['nothing added or taken away', (a) => tf.sub(tf.add(tf.neg(a), 0), tf.zeros([4])), ['Neg']],
    ['views of views', (a) => tf.exp(tf.reshape(tf.reshape(tf.expandDims(a, 0), [12]), [2, 6])), ['Reshape', 'Exp']],
    ['a view and back', (a) => tf.exp(tf.reshape(tf.reshape(a, [12]), [3, 4])), ['Exp']],
    ['two transpositions', (a) => tf.exp(tf.transpose(tf.transpose(a))), ['Exp']],
    ['a transposition in a product', (a) => tf.matMul(a, tf.transpose(a)), ['BatchMatMul']],
    ['the same twice', (a) => tf.mul(tf.exp(a), tf.exp(a)), ['Exp', 'Multiply']],
    ['constants among themselves', (a) => tf.add(a, tf.mul(tf.sqrt(tf.scalar(4)), tf.scalar(3))), ['Constant', 'Add']],
    ['constant factors', (a) => tf.div(tf.mul(tf.mul(a, 2), 3), 4), ['Constant', 'Multiply']],
    ['a negative factor', (a) => tf.neg(tf.mul(a, 2)), ['Constant', 'Multiply']],
    ['a negation in a sum', (a) => tf.add(tf.neg(a), tf.exp(a)), ['Exp', 'Sub']],
    ['what nobody reads', (a) => (tf.exp(a), tf.neg(a)), ['Neg']],
    ['a constant power', (a) => tf.pow(a, 2), ['Square']],
    ['the sign of an activation', (a) => tf.sign(tf.relu(a)), ['Relu', 'Step']],
    ['a sum over an axis of one', (a) => tf.exp(tf.sum(tf.reshape(a, [12, 1]), 1)), ['Reshape', 'Exp']],
    ['a whole slice', (a) => tf.exp(tf.slice(a, [0, 0], [3, 4])), ['Exp']],
    [
      'a broadcast before an elementwise operation', (a) => tf.add(a, tf.tile(tf.slice(a, [0, 0], [1, 4]), [3, 1])),
      ['Slice', 'Add'],
    ],
  ])('leaves out %s', (_, f, expected) => {
    expect(ops(f).sort()).toEqual(expected.sort())
  })

  it('does not leave out a reversal, which keeps the shape', () => {
    expect(ops((a) => tf.stridedSlice(a, [2, 0], [0, 4], [-1, 1], 0, 1))).toEqual(['Slice'])
  })

  it('gathers scalar factors on the small side', () => {
    const graph = trace((inputs) => {
      const scaled = tf.mul(
        tf.mul(inputs.read(x, [3, 4]), inputs.read(rate, [])), inputs.read({ ...rate, name: 'mu' }, []),
      )
      return [{ sink: score('y'), tensor: scaled }]
    })
    expect(listing(graph).slice(3)).toEqual(['3 Multiply(1,2) []', '4 Multiply(0,3) [3,4]'])
  })

  it('takes relu\'s mask from its output, and sums of broadcast gradients without ones', () => {
    const graph = trace((inputs) => {
      const a = inputs.read(x, [3, 4]) as never
      const [gradient] = tf.grads((b) => tf.sum(tf.relu(b)) as never)([a])
      return [{ sink: score('y'), tensor: tf.relu(a) }, { sink: score('g'), tensor: gradient }]
    })
    expect(listing(graph)).toEqual(['0 Input() [3,4]', '1 Relu(0) [3,4]', '2 Step(1) [3,4]'])
  })

  it('never changes a value', async () => {
    const leaf = fc.constantFrom<(x: Tensor) => Tensor>(
      (a) => a, (a) => tf.neg(a), () => tf.ones([3, 4]), () => tf.scalar(1), () => tf.scalar(-2), () => tf.zeros([4]),
      (a) => tf.slice(a, [1, 0], [1, 4]), (a) => tf.tile(tf.slice(a, [0, 1], [3, 1]), [1, 4]),
      () => constantOf([3, 1], 0.5),
    )
    const step = fc.constantFrom<(a: Tensor, b: Tensor) => Tensor>(
      tf.add, tf.sub, tf.mul, (a, b) => tf.neg(tf.mul(a, b)), (a, b) => tf.add(tf.neg(a), b),
      (a, b) => tf.sub(a, tf.neg(b)),
      (a, b) => tf.mul(tf.mul(a, 3), b), (a, b) => tf.sum(
        tf.stack([tf.broadcastTo(a, [3, 4]), tf.broadcastTo(b, [3, 4])]), 0,
      ),
      (a, b) => tf.maximum(a, tf.square(b)), (a, b) => tf.div(tf.add(a, b), 4),
    )
    const leavesDrawn = fc.array(leaf, { minLength: 2, maxLength: 5 })
    const stepsDrawn = fc.array(step, { minLength: 4, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(leavesDrawn, stepsDrawn, async (leaves, steps) => {
        const body: Body = (inputs) => {
          const a = inputs.read(x, [3, 4])
          const y = leaves.map((f) => f(a)).reduce((left, right, i) => steps[(i - 1) % 4](left, right))
          return [{ sink: score('y'), tensor: tf.add(y, tf.mul(a, 0.5)) }]
        }
        const fill = between(-2, 2)
        const flown = await fly(compile(body), fill, [0, 1])
        for (const client of [0, 1]) {
          expect(distance(flown[client]['score/y'], eagerly(body, fill, client)['score/y'])).toBeLessThan(1e-5)
        }
      }),
      { numRuns: 60 },
    )
  })
})
