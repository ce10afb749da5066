import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import type { Body } from '../../src/engine/program/body.js'
import { cost } from '../../src/engine/graph/cost.js'
import { trace } from '../../src/engine/trace/trace.js'

const [rows, features, hidden] = [16, 8, 4]

/** One step of an MLP with squared error, gradients by hand, so that every kernel below is known. */
const step: Body = (inputs) => {
  const x = inputs.read({ kind: 'numeric', step: 0 }, [rows, features]) as never
  const y = inputs.read({ kind: 'label', step: 0, task: 'y' }, [rows, 1])
  const rate = inputs.read({ kind: 'scalar', name: 'rate', step: 0 }, [])
  const w1 = inputs.read({ kind: 'parameter', segment: 'w1' }, [features, hidden]) as never
  const w2 = inputs.read({ kind: 'parameter', segment: 'w2' }, [hidden, 1]) as never
  const h = tf.sigmoid(tf.matMul(x, w1)) as never
  const error = tf.sub(tf.matMul(h, w2), y) as never
  const updated = tf.sub(w2, tf.mul(tf.matMul(h, error, true), rate))
  return [{ sink: { kind: 'parameter', segment: 'w2' }, tensor: updated }]
}

const costOf = (f: (x: Tensor, ids: Tensor) => Tensor) =>
  cost(trace((inputs) => [{
    sink: { kind: 'score', task: 'y' },
    tensor: f(
      inputs.read({ kind: 'numeric', step: 0 }, [6, 4]), inputs.read({ kind: 'categorical', step: 0 }, [3], 'int32'),
    ),
  }]))

describe('cost', () => {
  it('is the sum over the kernels of a small step, as counted by hand', () => {
    const flops = [
      2 * 16 * 8 * 4, // x w1
      10 * 16 * 4, // sigmoid
      2 * 16 * 4 * 1, // h w2
      16, // minus y
      2 * 4 * 16 * 1, // h' error
      4, // times the rate
      4, // w2 minus that
    ]
    const elements = [
      16 * 8 + 8 * 4 + 16 * 4,
      16 * 4 + 16 * 4,
      16 * 4 + 4 + 16,
      16 + 16 + 16,
      16 * 4 + 16 + 4,
      4 + 1 + 4,
      4 + 4 + 4,
    ]
    const sum = (values: number[]): number => values.reduce((a, b) => a + b)
    expect(cost(trace(step))).toEqual({ flops: sum(flops), bytes: 4 * sum(elements) })
  })

  it('charges no arithmetic for moving values, and nothing for a view', () => {
    expect(costOf((x) => tf.transpose(x))).toEqual({ flops: 0, bytes: 4 * (24 + 24) })
    expect(costOf((x) => tf.reshape(x, [24]))).toEqual({ flops: 0, bytes: 0 })
    expect(costOf((x) => tf.slice(x, [1, 0], [2, 4]))).toEqual({ flops: 0, bytes: 4 * (8 + 8) })
  })

  it('charges a gather for the rows it picks and not for the table', () => {
    expect(costOf((x, ids) => tf.gather(x, ids))).toEqual({ flops: 0, bytes: 4 * (12 + 3 + 12) })
  })

  it('charges a reduction for what it reads, and an operand that is used twice once', () => {
    expect(costOf((x) => tf.sum(x, 0))).toEqual({ flops: 24, bytes: 4 * (24 + 4) })
    expect(costOf((x) => tf.mul(x, x))).toEqual({ flops: 24, bytes: 4 * (24 + 24) })
  })
})
