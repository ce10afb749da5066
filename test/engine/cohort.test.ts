import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { nameOf, type Body, type Inputs, type Sink } from '../../src/engine/program/body.js'
import { batchings, cohort } from '../../src/engine/graph/cohort.js'
import { emitOnnx } from '../../src/engine/onnx/emit.js'
import { operations, transcendental } from '../../src/engine/graph/operations.js'
import { trace } from '../../src/engine/trace/trace.js'
import { runtimes } from './runtimes.js'
import { between, bits, compile, distance, eagerly, fly, flyIn, listing, open, type Fill } from './traced.js'

type Tensors = Record<string, Tensor>

const padded = (rows: number): number => Math.ceil(rows / 16) * 16
const hidden = 24
const vocabulary = 13

/** Features, labels, and weights that are 1 / rows for real rows and 0 for padding, as the engine feeds them. */
const fillOf = (rows: number): Fill => (source, size, client) => {
  const unit = between(0, 1)(source, size, client)
  switch (source.kind) {
    case 'categorical':
      return Int32Array.from(unit, (u) => Math.floor(u * vocabulary))
    case 'weight':
      return Float32Array.from({ length: size }, (_, row) => (row < rows ? 1 / rows : 0))
    case 'label':
      return source.task === 'class'
        ? Float32Array.from({ length: size }, (_, i) => Number(i % 3 === Math.floor(unit[i - (i % 3)] * 3)))
        : Float32Array.from(unit, (u) => Number(u < 0.4))
    case 'scalar':
      return Float32Array.of(source.name === 'rate' ? 0.01 + unit[0] / 10 : unit[0])
    case 'slot':
      return source.slot === 'v' ? unit.map((u) => u / 100) : unit.map((u) => (u - 0.5) / 10)
    case 'uniform':
      return unit
    default:
      return unit.map((u) => u - 0.5)
  }
}

const read = (inputs: Inputs, shapes: Record<string, number[]>): Tensors =>
  Object.fromEntries(
    Object.entries(shapes).map(([segment, shape]) => [segment, inputs.read({ kind: 'parameter', segment }, shape)]),
  )

const stepOf = (
  inputs: Inputs, parameters: Tensors, loss: (parameters: Tensors) => Tensor,
  update: (segment: string, parameter: Tensor, gradient: Tensor) => { sink: Sink; tensor: Tensor }[],
): { sink: Sink; tensor: Tensor }[] => {
  const names = Object.keys(parameters)
  const { value, grads } = tf.valueAndGrads((...values) =>
    loss(Object.fromEntries(names.map((name, i) => [name, values[i]]))) as never)(Object.values(parameters))
  const updated = names.flatMap((name, i) => update(name, parameters[name], grads[i]))
  return [{ sink: { kind: 'loss', step: 0, task: 'all' }, tensor: value }, ...updated]
}

const sgd = (inputs: Inputs) => (segment: string, parameter: Tensor, gradient: Tensor) => [
  {
    sink: { kind: 'parameter', segment } as const,
    tensor: tf.sub(parameter, tf.mul(gradient, inputs.read({ kind: 'scalar', name: 'rate', step: 0 }, []))),
  },
]

const adam = (inputs: Inputs) => (segment: string, parameter: Tensor, gradient: Tensor) => {
  const scalar = (name: string): Tensor => inputs.read({ kind: 'scalar', name, step: 0 }, [])
  const slot = (name: string): Tensor => inputs.read({ kind: 'slot', slot: name, segment }, parameter.shape)
  const m = tf.add(tf.mul(slot('m'), 0.9), gradient)
  const v = tf.add(tf.mul(slot('v'), 0.999), tf.square(gradient))
  const step = tf.div(tf.mul(m, scalar('rate')), tf.add(tf.sqrt(v), scalar('epsilon')))
  return [
    { sink: { kind: 'parameter', segment } as const, tensor: tf.sub(parameter, step) },
    { sink: { kind: 'slot', slot: 'm', segment } as const, tensor: m },
    { sink: { kind: 'slot', slot: 'v', segment } as const, tensor: v },
  ]
}

/** An MLP with softmax cross-entropy, dropout, an odd number of classes, and SGD. */
const classifier = (rows: number): Body => (inputs) => {
  const batch = padded(rows)
  const x = inputs.read({ kind: 'numeric', step: 0 }, [batch, 7]) as never
  const y = inputs.read({ kind: 'label', step: 0, task: 'class' }, [batch, 3])
  const weight = inputs.read({ kind: 'weight', step: 0 }, [batch])
  const parameters = read(inputs, { w1: [7, hidden], b1: [hidden], w2: [hidden, 3], b2: [3] })
  return stepOf(inputs, parameters, ({ w1, b1, w2, b2 }) => {
    const h = tf.relu(tf.add(tf.matMul(x, w1), b1))
    const kept = tf.cast(
      tf.greaterEqual(inputs.read({ kind: 'uniform', step: 0, draw: 0 }, [batch, hidden]), 0.2), 'float32',
    )
    const logits = tf.add(tf.matMul(tf.mul(h, tf.mul(kept, 1.25)) as never, w2), b2)
    const entropy = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), y), 1))
    return tf.sum(tf.mul(entropy, weight))
  }, sgd(inputs))
}

/** A multi-gate mixture with embeddings, weighted batch normalisation, uncertainty weights, and Adam. */
const mixture = (rows: number): Body => (inputs) => {
  const batch = padded(rows)
  const ids = inputs.read({ kind: 'categorical', step: 0 }, [batch, 3], 'int32')
  const numeric = inputs.read({ kind: 'numeric', step: 0 }, [batch, 5])
  const weight = inputs.read({ kind: 'weight', step: 0 }, [batch])
  const [experts, tasks, width] = [3, 2, 5]
  const parameters = read(inputs, {
    table: [vocabulary, 4], first: [17, experts, hidden], bias: [experts, hidden], second: [experts, hidden, width],
    gates: [17, tasks * experts], gamma: [17], tower: [tasks, width, 1], end: [tasks], uncertainty: [tasks],
  })
  const labels = ['ctr', 'ctcvr'].map((task) => inputs.read({ kind: 'label', step: 0, task }, [batch]))
  return stepOf(inputs, parameters, (p) => {
    const joint = tf.concat([tf.reshape(tf.gather(p.table, tf.reshape(ids, [-1]) as never), [batch, 12]), numeric], 1)
    const column = tf.reshape(weight, [batch, 1])
    const mean = tf.sum(tf.mul(joint, column), 0, true)
    const variance = tf.sum(tf.mul(tf.square(tf.sub(joint, mean)), column), 0, true)
    const x = tf.mul(tf.mul(tf.sub(joint, mean), tf.rsqrt(tf.add(variance, 1e-3))), p.gamma) as never
    const h1 = tf.relu(
      tf.add(tf.matMul(x, tf.reshape(p.first, [17, experts * hidden])), tf.reshape(p.bias, [experts * hidden])),
    )
    const h2 = tf.relu(tf.matMul(tf.transpose(tf.reshape(h1, [batch, experts, hidden]), [1, 0, 2]), p.second))
    const gates = tf.softmax(tf.reshape(tf.matMul(x, p.gates), [batch, tasks, experts]))
    const mixed = tf.transpose(tf.matMul(gates, tf.transpose(h2, [1, 0, 2])), [1, 0, 2])
    const logits = tf.unstack(tf.reshape(tf.matMul(mixed, p.tower), [tasks, batch]))
    const losses = logits.map((z, t) => {
      const shifted = tf.add(z, tf.slice(p.end, [t], [1]))
      return tf.sum(tf.mul(tf.sub(tf.softplus(shifted as never), tf.mul(shifted, labels[t])), weight))
    })
    return tf.sum(tf.add(tf.mul(tf.exp(tf.neg(p.uncertainty)), tf.stack(losses)), p.uncertainty))
  }, adam(inputs))
}

const bodies = { classifier, mixture }

for (const { name: runtime, compile, missing } of runtimes) {
  describe.skipIf(missing)(`a cohort in ${runtime}`, () => {
    for (const [name, body] of Object.entries(bodies)) {
      it(`gives each client of the ${name} the same bits in any company`, async () => {
        for (const rows of [1, 5, 7, 17]) {
          const session = await open(compile(body(rows)))
          const fill = fillOf(rows)
          const everyone = Array.from({ length: 20 }, (_, client) => client)
          const alone: Record<string, Float32Array>[] = []
          for (const client of everyone) alone.push((await flyIn(session, fill, [client]))[0])
          const some = [[0, 1], [19, 3], [2, 0, 1], [5, 6, 7], [8, 1, 2, 3, 4, 5, 6]]
          for (const companies of [...some, everyone, everyone.toReversed()]) {
            const together = await flyIn(session, fill, companies)
            companies.forEach((client, place) => {
              for (const [output, values] of Object.entries(together[place])) {
                expect(bits(values), `${output} of client ${client} among ${companies.length}, ${rows} rows`)
                  .toBe(bits(alone[client][output]))
              }
            })
          }
          await session.close()
        }
      })

      it(`computes for each client of the ${name} what plain tfjs computes for it`, async () => {
        const fill = fillOf(7)
        const together = await fly(compile(body(7)), fill, [4, 2, 9])
        for (const [place, client] of [4, 2, 9].entries()) {
          const expected = eagerly(body(7), fill, client)
          expect(Object.keys(together[place])).toEqual(Object.keys(expected))
          for (const [output, values] of Object.entries(expected)) {
            expect(distance(together[place][output], values), output).toBeLessThan(1e-4)
          }
        }
      })
    }

    it('gives every operation the same bits in any company, for sizes that fill no vector', async () => {
      const positive = between(0.1, 3)
      const series = Object.fromEntries(
        transcendental.map((op) => [op, (a: Tensor) => tf.engine().runKernel(op, { x: a }) as Tensor]),
      )
      const uses: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
        ...series, Pow: tf.pow, RealDiv: tf.div, Sqrt: tf.sqrt, Rsqrt: tf.rsqrt, Reciprocal: tf.reciprocal,
        Softmax: (a) => tf.softmax(a), Max: (a) => tf.max(a, 0), Sum: (a) => tf.sum(a), Mean: (a) => tf.mean(a),
        'Sum of rows': (a) => tf.sum(a, 0), 'Sum of columns': (a) => tf.sum(a, 1),
        BatchMatMul: (a, b) => tf.matMul(a, b, true), Cumsum: (a) => tf.cumsum(a, 0),
        // What a runtime's optimizer may write in another way.
        'divided by a root': (a, b) => tf.div(a, tf.sqrt(b)),
        'normalised': (a, b) => tf.div(tf.sub(a, tf.mean(a)), tf.sqrt(tf.add(tf.mean(tf.square(b)), 1e-3))),
        'product with a constant power': (a, b) => tf.mul(a, tf.pow(b, -0.5)), inverse: (a) => tf.pow(a, -1),
        swish: (a) => tf.mul(a, tf.sigmoid(a)), mish: (a) => tf.mul(a, tf.tanh(tf.softplus(a))),
        'logarithm of softmax': (a) => tf.log(tf.softmax(a)), chain: (a) => tf.neg(tf.abs(tf.tanh(tf.sqrt(tf.exp(a))))),
        'one divided': (a, b) => tf.add(tf.div(1, a), tf.div(tf.onesLike(b), b)),
        'divided by a constant': (a) => tf.div(a, 3), gelu: (a) => tf.mul(a, tf.add(tf.erf(tf.div(a, Math.SQRT2)), 1)),
        'sum of many': (a, b) => tf.addN([a, b, tf.mul(a, b), tf.mul(a, 3)]), cube: (a) => tf.mul(tf.mul(a, a), a),
        layer: (a, b) => tf.relu(tf.add(tf.matMul(a, b, false, true), tf.mean(b))),
      }
      /** With `others` more inputs and outputs, so that runtimes hand all of them over jointly. */
      const inputs = (shape: number[], use: (a: Tensor, b: Tensor) => Tensor, others: number): Body => (from) => {
        const tensors = Array.from({ length: 2 + others }, (_, step) => from.read({ kind: 'numeric', step }, shape))
        const [a, b, ...rest] = tensors
        return [
          { sink: { kind: 'score', task: 'y' }, tensor: use(a, b) },
          ...rest.map((tensor, i) => ({ sink: { kind: 'score', task: `${i}` }, tensor: tf.neg(tensor) }) as const),
        ]
      }
      for (const [op, use] of Object.entries(uses)) {
        for (const [shape, others] of [[[1, 1], 0], [[1, 5], 3], [[1, 17], 3], [[5, 7], 0], [[17, 17], 3]] as const) {
          const session = await open(compile(inputs([...shape], use, others)))
          const all = await flyIn(session, positive, [0, 1, 2, 3, 4, 5, 6])
          for (const company of [[3], [6, 3], [1, 2, 3]]) {
            const some = await flyIn(session, positive, company)
            company.forEach((client, i) => {
              expect(bits(some[i]['score/y']), `${op} [${shape}] of client ${client} among ${company.length}`).toBe(
                bits(all[client]['score/y']),
              )
            })
          }
          await session.close()
        }
      }
    })

    it('gives products of every shape the same bits in any company', async () => {
      const shapes = [[1, 1000, 1], [16, 1000, 1], [1, 32, 300], [16, 2048, 40], [48, 70, 300], [256, 33, 64]]
      const wide = between(-1, 1)
      for (const [rows, inner, columns] of shapes) {
        for (const [flipA, flipB] of [[false, false], [true, false], [false, true]]) {
          const body: Body = (from) => {
            const a = from.read({ kind: 'numeric', step: 0 }, flipA ? [inner, rows] : [rows, inner])
            const b = from.read({ kind: 'numeric', step: 1 }, flipB ? [columns, inner] : [inner, columns])
            return [{ sink: { kind: 'score', task: 'y' }, tensor: tf.matMul(a, b, flipA, flipB) }]
          }
          const session = await open(compile(body))
          const all = await flyIn(session, wide, [0, 1, 2, 3, 4, 5, 6])
          for (const company of [[3], [6, 3], [1, 2, 3]]) {
            const some = await flyIn(session, wide, company)
            company.forEach((client, i) => {
              const about = `[${rows}, ${inner}] [${inner}, ${columns}], ${flipA}, ${flipB}, ${company.length} clients`
              expect(bits(some[i]['score/y']), about).toBe(bits(all[client]['score/y']))
            })
          }
          await session.close()
        }
      }
    })
  })
}

describe('a cohort', () => {
  it('has a batching rule for every operation', () => {
    expect(Object.keys(batchings).sort()).toEqual([...operations].sort())
  })

  it('broadcasts what depends on no input, and repeats it for each client where it leaves', async () => {
    const body: Body = (inputs) => {
      const x = inputs.read({ kind: 'numeric', step: 0 }, [2])
      const fixed = tf.tensor1d([1, 2])
      return [
        { sink: { kind: 'score', task: 'sum' }, tensor: tf.add(x, fixed) },
        { sink: { kind: 'score', task: 'joint' }, tensor: tf.concat([x, fixed] as never) },
        { sink: { kind: 'score', task: 'fixed' }, tensor: tf.mul(fixed, 2) },
        { sink: { kind: 'score', task: 'same' }, tensor: x },
      ]
    }
    const fill: Fill = (_, size, client) => new Float32Array(size).fill(client)
    expect(await fly(compile(body), fill, [5, 6])).toEqual([5, 6].map((client) => ({
      'score/sum': Float32Array.of(client + 1, client + 2),
      'score/joint': Float32Array.of(client, client, 1, 2),
      'score/fixed': Float32Array.of(2, 4),
      'score/same': Float32Array.of(client, client),
    })))
  })

  it('writes sums as products, and lets a bias and its gradient meet without views', () => {
    const body: Body = (inputs) => {
      const x = inputs.read({ kind: 'numeric', step: 0 }, [16, 3])
      const bias = inputs.read({ kind: 'parameter', segment: 'b' }, [3])
      const [gradient] = tf.grads((b) => tf.sum(tf.square(tf.add(x, b))) as never)([bias])
      return [{ sink: { kind: 'parameter', segment: 'b' }, tensor: tf.sub(bias, gradient) }]
    }
    expect(listing(cohort(trace(body)))).toEqual([
      '0 Input() [16,3]', '1 Input() [3]', '2 Reshape(1) [1,3]', '3 Add(0,2) [16,3]', '4 Constant() []',
      '5 Multiply(3,4) [16,3]', '6 Constant() [1,16]', '7 BatchMatMul(6,5) [1,3]', '8 Sub(2,7) [1,3]',
      '9 Reshape(8) [3]',
    ])
    const { inputs, outputs } = emitOnnx(cohort(trace(body)))
    expect([...inputs, ...outputs].map(({ kind, shape, view }) => [nameOf(kind), shape, view])).toEqual([
      ['numeric/0', [16, 3], undefined], ['parameter/b', [3], [1, 3]], ['parameter/b', [3], [1, 3]],
    ])
  })
})
