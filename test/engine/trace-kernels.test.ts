import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import type { Body, Source } from '../../src/engine/program/body.js'
import { kernels } from '../../src/engine/trace/kernels.js'
import { operations } from '../../src/engine/graph/operations.js'
import { runtimes } from './runtimes.js'
import { between, distance, eagerly, fly, type Fill } from './traced.js'

const constantOf = tf.fill

/** A use of one kernel: the shapes of its float inputs, drawn from a range, and what to compute. */
interface Case {
  readonly shapes: readonly (readonly number[])[]
  readonly range?: readonly [number, number]
  /** Largest ids of int32 inputs, which come after the others: [batch] ids in [0, n). */
  readonly ids?: readonly { readonly shape: readonly number[]; readonly below: number }[]
  readonly use: (...tensors: Tensor[]) => Tensor
  /** Whether gradients exist; they are compared too then. Default true. */
  readonly smooth?: boolean
}

const pair = (use: Case['use'], more: Partial<Case> = {}): Case => ({ shapes: [[3, 4], [4]], use, ...more })
const one = (use: Case['use'], more: Partial<Case> = {}): Case => ({ shapes: [[3, 5]], use, ...more })

/** Steps of 0.5, so that equal elements occur. */
const coarse = (x: Tensor): Tensor => tf.mul(tf.floor(tf.mul(x, 2)), 0.5)
const compared = (use: (a: Tensor, b: Tensor) => Tensor): Case =>
  pair((a, b) => tf.cast(use(coarse(a), coarse(b)), 'float32'), { smooth: false })
const positive = { range: [0.1, 3] } as const

const cases: Readonly<Record<string, readonly Case[]>> = {
  Add: [pair(tf.add), pair(tf.add, { shapes: [[2, 1, 4], [3, 1]] }), pair(tf.add, { shapes: [[], [3]] })],
  Sub: [pair(tf.sub), pair(tf.sub, { shapes: [[4], [3, 4]] })],
  Multiply: [pair(tf.mul), pair((a, b) => tf.mul(tf.mul(a, b), 0.5))],
  RealDiv: [pair(tf.div, positive), one((x) => tf.div(x, 3))],
  Maximum: [pair(tf.maximum, { shapes: [[3, 4], [3, 4]] }), pair(tf.maximum, { smooth: false })],
  Minimum: [pair(tf.minimum, { shapes: [[3, 4], [3, 4]] }), pair(tf.minimum, { smooth: false })],
  Pow: [
    pair(tf.pow, positive), one((x) => tf.pow(x, 3)), one((x) => tf.pow(x, 1.5), positive), one((x) => tf.pow(x, 2)),
  ],
  SquaredDifference: [
    pair(tf.squaredDifference, { shapes: [[3, 4], [3, 4]] }), pair(tf.squaredDifference, { smooth: false }),
  ],
  Greater: [compared(tf.greater)],
  GreaterEqual: [compared(tf.greaterEqual)],
  Less: [compared(tf.less)],
  LessEqual: [compared(tf.lessEqual)],
  Equal: [compared(tf.equal)],
  NotEqual: [compared(tf.notEqual)],
  LogicalAnd: [compared((a, b) => tf.logicalAnd(tf.greater(a, 0), tf.less(b, 0)))],
  LogicalOr: [compared((a, b) => tf.logicalOr(tf.greater(a, 0), tf.less(b, 0)))],
  LogicalNot: [compared((a) => tf.logicalNot(tf.greater(a, 0)))],
  Select: [
    pair(
      (a, b, ids) => tf.where(tf.greater(ids, 1), a, tf.mul(a, b)),
      { shapes: [[3, 4], [3, 4]], ids: [{ shape: [3, 4], below: 4 }] },
    ),
    one((a, ids) => tf.where(tf.greater(ids, 1), a, tf.neg(a)), { ids: [{ shape: [5], below: 4 }] }),
  ],
  Relu: [one(tf.relu)],
  LeakyRelu: [one((x) => tf.leakyRelu(x, 0.1))],
  Relu6: [one(tf.relu6, { range: [-4, 10] })],
  Elu: [one(tf.elu)],
  EluGrad: [one((x) => tf.elu(tf.mul(x, 2)))],
  Selu: [one(tf.selu)],
  Sigmoid: [one(tf.sigmoid, { range: [-8, 8] }), { shapes: [[4, 8]], use: tf.sigmoid }],
  Tanh: [one(tf.tanh)],
  Exp: [one(tf.exp)],
  Expm1: [one(tf.expm1)],
  Log: [one(tf.log, positive)],
  Log1p: [one(tf.log1p, positive)],
  Sqrt: [one(tf.sqrt, positive)],
  Rsqrt: [one(tf.rsqrt, positive)],
  Square: [one(tf.square)],
  Neg: [one(tf.neg)],
  Abs: [one(tf.abs)],
  Sign: [one((x) => tf.sign(coarse(x)), { smooth: false })],
  Step: [one((x) => tf.step(x)), one((x) => tf.step(coarse(x), -0.5), { smooth: false })],
  Softplus: [one(tf.softplus, { range: [-30, 30] })],
  Reciprocal: [one(tf.reciprocal, positive)],
  ClipByValue: [one((x) => tf.clipByValue(x, -0.5, 1))],
  Erf: [one(tf.erf)],
  Sin: [one(tf.sin)],
  Cos: [one(tf.cos)],
  Floor: [one(tf.floor)],
  Ceil: [one(tf.ceil)],
  AddN: [pair((a, b) => tf.addN([a, b, a]), { shapes: [[3, 4], [3, 4]] })],
  Cast: [
    one((x) => tf.cast(tf.cast(x, 'int32'), 'float32'), { smooth: false }), 
    one((x, ids) => tf.mul(x, tf.cast(tf.greater(ids, 1), 'float32')), { ids: [{ shape: [5], below: 4 }] }),
  ],
  Identity: [one((x) => tf.clone(x))],
  OnesLike: [one((x) => tf.add(tf.onesLike(x), x))],
  ZerosLike: [one((x) => tf.add(tf.zerosLike(x), x)), one((x) => tf.zerosLike(x), { smooth: false })],
  Range: [one((x) => tf.mul(x, tf.range(1, 6))), one((x) => tf.mul(x, tf.range(9, -1, -2)))],
  LinSpace: [one((x) => tf.mul(x, tf.linspace(1, 2, 5)))],
  Fill: [one((x) => tf.mul(x, constantOf([3, 5], 2.5)))],
  Reshape: [one((x) => tf.reshape(x, [5, -1])), one((x) => tf.reshape(tf.reshape(x, [15]), [3, 5]))],
  ExpandDims: [one((x) => tf.mul(tf.expandDims(x, 1), tf.expandDims(x, -1)))],
  Transpose: [
    { shapes: [[2, 3, 4]], use: (x) => tf.transpose(x, [2, 0, 1]) },
    { shapes: [[2, 1, 4]], use: (x) => tf.transpose(tf.transpose(x, [1, 0, 2]), [2, 1, 0]) },
  ],
  Concat: [
    pair((a, b) => tf.concat([a, b], 1), { shapes: [[3, 4], [3, 2]] }),
    one((x) => tf.concat([x, tf.ones([2, 5])], 0)),
  ],
  Pack: [pair((a, b) => tf.stack([a, b], 1), { shapes: [[3, 4], [3, 4]] })],
  Unpack: [one((x) => tf.sub(...(tf.unstack(x, 0).slice(0, 2) as [Tensor, Tensor])))],
  SplitV: [one((x) => tf.mul(...(tf.split(x, [2, 2, 1], 1).slice(0, 2) as [Tensor, Tensor])))],
  Slice: [one((x) => tf.slice(x, [1, 2], [2, 3]))],
  StridedSlice: [
    one((x) => tf.stridedSlice(x, [0, 4], [3, 0], [2, -2]), { smooth: false }),
    one((x) => tf.stridedSlice(x, [0, 4], [3, 1], [1, -1], 0, 2, 0, 0, 0), { smooth: false }),
  ],
  PadV2: [one((x) => tf.pad(x, [[1, 0], [0, 2]], 0.5))],
  Tile: [one((x) => tf.tile(x, [2, 3])), { shapes: [[3, 1]], use: (x) => tf.tile(x, [1, 4]) }],
  Sum: [
    one((x) => tf.sum(x)), one((x) => tf.sum(x, 0)), one((x) => tf.sum(x, 1, true)),
    { shapes: [[2, 3, 4, 5]], use: (x) => tf.sum(x, [0, 2]) }, { shapes: [[2, 3, 4]], use: (x) => tf.sum(x, 1) },
    { shapes: [[32, 40]], use: (x) => tf.sum(x) },
  ],
  Mean: [
    one((x) => tf.mean(x)), one((x) => tf.mean(x, 1)), { shapes: [[2, 3, 4]], use: (x) => tf.mean(x, [1, 2], true) },
  ],
  Max: [one((x) => tf.max(x, 1)), one((x) => tf.max(x, 0, true)), one((x) => tf.max(x))],
  Min: [one((x) => tf.min(x, 1)), one((x) => tf.min(x, 0, true))],
  Softmax: [
    one((x) => tf.softmax(x)), one((x) => tf.logSoftmax(x)), { shapes: [[2, 4, 3]], use: (x) => tf.softmax(x) },
  ],
  BatchMatMul: [
    pair((a, b) => tf.matMul(a, b), { shapes: [[3, 4], [4, 5]] }),
    pair((a, b) => tf.matMul(a, b, true), { shapes: [[4, 3], [4, 5]] }),
    pair((a, b) => tf.matMul(a, b, false, true), { shapes: [[2, 3, 4], [2, 5, 4]] }),
    pair((a, b) => tf.matMul(a, b, true, true), { shapes: [[2, 4, 3], [2, 5, 4]] }),
    pair((a, b) => tf.matMul(a, b), { shapes: [[2, 3, 4], [1, 4, 5]], smooth: false }),
    pair((a, b) => tf.matMul(tf.transpose(a), tf.transpose(b)), { shapes: [[4, 3], [5, 4]] }),
  ],
  _FusedMatMul: [
    {
      shapes: [[3, 4], [4, 5], [5]],
      use: (a, b, bias) => tf.fused.matMul({ a, b, transposeA: false, transposeB: false, bias, activation: 'relu' }),
    },
    {
      shapes: [[3, 4], [4, 5]],
      use: (a, b) => tf.fused.matMul({ a, b, activation: 'leakyrelu', leakyreluAlpha: 0.3 }), smooth: false,
    },
  ],
  GatherV2: [
    { shapes: [[6, 3]], ids: [{ shape: [4], below: 6 }], use: (x, ids) => tf.gather(x, ids) },
    { shapes: [[6, 3]], ids: [{ shape: [2, 4], below: 6 }], use: (x, ids) => tf.gather(x, ids) },
    { shapes: [[6, 3]], ids: [{ shape: [4], below: 3 }], use: (x, ids) => tf.gather(x, ids, 1) },
    {
      shapes: [[3]], ids: [{ shape: [4], below: 5 }],
      use: (x, ids) => tf.mul(tf.gather(tf.range(0, 5), ids), tf.sum(x)),
    },
    { shapes: [[6, 3]], use: (x) => tf.gather(x, tf.tensor1d([5, 0, 5], 'int32')) },
  ],
  // It has no gradient in TensorFlow.js.
  ScatterNd: [
    {
      shapes: [[4, 3]], ids: [{ shape: [6, 1], below: 4 }],
      use: (x, ids) => tf.mul(x, tf.scatterND(ids as never, tf.fill([6, 3], 0.5), [4, 3] as never)),
    },
  ],
  UnsortedSegmentSum: [
    { shapes: [[6, 3]], ids: [{ shape: [6], below: 4 }], use: (x, ids) => tf.unsortedSegmentSum(x, ids as never, 4) },
    { shapes: [[6]], ids: [{ shape: [6], below: 4 }], use: (x, ids) => tf.unsortedSegmentSum(x, ids as never, 5) },
  ],
  OneHot: [
    {
      shapes: [[5]], ids: [{ shape: [4], below: 5 }], use: (x, ids) => tf.mul(tf.cast(tf.oneHot(ids, 5), 'float32'), x),
    },
    {
      shapes: [[3]], ids: [{ shape: [2, 2], below: 5 }],
      use: (x, ids) => tf.mul(tf.cast(tf.oneHot(ids, 3, 2, -1), 'float32'), x),
    },
  ],
  // The gradient along another axis than the last is wrong in TensorFlow.js 4.22 itself, unless the matrix is square.
  Cumsum: [one((x) => tf.cumsum(x, 1)), one((x) => tf.cumsum(x, 0, true, true), { smooth: false })],
}

const source = (i: number): Source => ({ kind: 'uniform', step: 0, draw: i })
const idSource = (i: number): Source => ({ kind: 'categorical', step: i })

/** The value of a case, and the gradients of a weighted sum of it, so that no two elements weigh the same. */
const bodyOf = ({ shapes, ids = [], use, smooth = true }: Case): Body => (inputs) => {
  const xs = shapes.map((shape, i) => inputs.read(source(i), shape))
  const picks = ids.map(({ shape }, i) => inputs.read(idSource(i), shape, 'int32'))
  const named = (name: string, tensor: Tensor) => ({ sink: { kind: 'score', task: name } as const, tensor })
  if (!smooth) return [named('value', use(...xs, ...picks))]
  const weighted = (...given: Tensor[]): never => {
    const y = use(...given, ...picks)
    return tf.sum(tf.mul(y, tf.reshape(tf.tensor1d(Array.from({ length: y.size }, (_, i) => 0.5 + i / 16)), y.shape)))
  }
  const grads = tf.grads(weighted)(xs)
  return [named('value', use(...xs, ...picks)), ...grads.map((gradient, i) => named(`gradient ${i}`, gradient))]
}

const fillOf = ({ ids = [], range = [-2, 2] }: Case): Fill => (from, size, client) => {
  const values = between(range[0], range[1])(from, size, client)
  if (from.kind !== 'categorical') return values
  const unit = between(0, ids[from.step].below)(from, size, client)
  return Int32Array.from(unit)
}

describe('recorded kernels', () => {
  it('has a case for every kernel that is recorded, and none for others', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(kernels).sort())
  })

  it('has an emitter for every operation of a graph in every runtime', () => {
    const missing = runtimes.flatMap(({ name, emitted }) =>
      operations.filter((op) => !emitted.includes(op)).map((op) => `${op} has no emitter for ${name}`))
    expect(missing).toEqual([])
    const extra = runtimes.map(({ emitted }) => emitted.filter((op) => !operations.includes(op)))
    expect(extra).toEqual(runtimes.map(() => ['Replicate']))
  })

  for (const [kernel, uses] of Object.entries(cases)) {
    for (const { name: runtime, compile, missing } of runtimes) {
      it.skipIf(missing)(`${kernel} in ${runtime}: values and gradients as on plain tfjs`, async () => {
        for (const use of uses) {
          const body = bodyOf(use)
          const fill = fillOf(use)
          const flown = await fly(compile(body), fill, [0, 1, 2])
          for (const client of [0, 1, 2]) {
            const expected = eagerly(body, fill, client)
            expect(Object.keys(flown[client])).toEqual(Object.keys(expected))
            for (const [name, values] of Object.entries(expected)) {
              expect(distance(flown[client][name], values), `${kernel} ${use.use} ${name}`).toBeLessThan(2e-5)
            }
          }
        }
      })
    }

    it(`${kernel}: its case runs it`, async () => {
      void tf.setBackend('cpu')
      const seen = new Set<string>()
      for (const use of uses) {
        const { kernelNames } = await tf.profile(() => {
          eagerly(bodyOf(use), fillOf(use), 0)
          return tf.scalar(0)
        })
        for (const name of kernelNames) seen.add(name)
      }
      expect([...seen]).toContain(kernel)
    })
  }
})
