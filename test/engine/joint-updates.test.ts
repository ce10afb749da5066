import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { cohort, solo } from '../../src/engine/graph/cohort.js'
import { jointUpdates } from '../../src/engine/graph/joint-updates.js'
import { emitOnnx, modelOf } from '../../src/engine/onnx/emit.js'
import { nameOf, type Body, type Sink } from '../../src/engine/program/body.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { slotsOf, update } from '../../src/engine/program/update.js'
import { trace } from '../../src/engine/trace/trace.js'
import { between, bits, distance, fly } from './traced.js'

const optimizer = adam(0.01)
const shapes: Record<string, number[]> = { w1: [5, 7], b1: [1, 7], w2: [7, 3], b2: [1, 3], large: [40, 40] }

/** `steps` steps of Adam on a network of one hidden layer and one large segment; every segment is read each step. */
const network = (steps: number): Body => (inputs) => {
  const names = Object.keys(shapes)
  const at = names.map((segment) => inputs.read({ kind: 'parameter', segment }, shapes[segment]))
  const slots = names.map((segment) => Object.fromEntries(
    slotsOf(optimizer).map((slot) => [slot, inputs.read({ kind: 'slot', slot, segment }, shapes[segment])]),
  ))
  for (let step = 0; step < steps; step++) {
    const x = inputs.read({ kind: 'numeric', step }, [16, 5]) as never
    const scalars = Object.fromEntries(
      ['rate', 'epsilon'].map((name) => [name, inputs.read({ kind: 'scalar', name, step }, [])]),
    )
    const { grads } = tf.valueAndGrads((w1, b1, w2, b2, large) => {
      const h = tf.tanh(tf.add(tf.matMul(x, w1 as never), b1))
      const y = tf.add(tf.matMul(h as never, w2 as never), b2)
      return tf.add(tf.sum(tf.square(y)), tf.sum(tf.square(large))) as never
    })(at as never)
    for (const [i, gradient] of grads.entries()) {
      const updated = update(optimizer, at[i], gradient, slots[i], scalars)
      at[i] = updated.parameter
      slots[i] = { ...updated.slots }
    }
  }
  const leaves = (sink: Sink, tensor: Tensor) => ({ sink, tensor })
  return names.flatMap((segment, i) => [
    leaves({ kind: 'parameter', segment }, at[i]),
    ...Object.entries(slots[i]).map(([slot, tensor]) => leaves({ kind: 'slot', slot, segment }, tensor)),
  ])
}

const hex = (flown: Record<string, Float32Array>[]): Record<string, string>[] =>
  flown.map((outputs) => Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, bits(values)])))

const roots = (graph: ReturnType<typeof trace>): string[] =>
  graph.nodes.filter(({ op }) => op === 'Sqrt').map(({ shape }) => shape.join('x'))

describe('joint updates', () => {
  it('take one pass for all small segments, and leave large ones alone', () => {
    const graph = trace(network(1))
    expect(roots(graph)).toEqual(['5x7', '1x7', '7x3', '1x3', '40x40'])
    // 35 + 7 + 21 + 3
    expect(roots(jointUpdates(graph, 64)).toSorted()).toEqual(['40x40', '66'])
    expect(roots(jointUpdates(trace(network(3)), 64)).toSorted()).toEqual(['40x40', '40x40', '40x40', '66', '66', '66'])
  })

  it('keep inputs, outputs and their shapes', () => {
    const graph = trace(network(2))
    const ports = ({ nodes, outputs }: typeof graph) => ({
      in: nodes.flatMap(({ source, shape }) => (source ? [`${nameOf(source)} ${shape}`] : [])).toSorted(),
      out: outputs.map(({ sink, node }) => `${nameOf(sink)} ${nodes[node].shape}`),
    })
    expect(ports(jointUpdates(graph, 64))).toEqual(ports(graph))
  })

  it('give the same bits', async () => {
    for (const steps of [1, 3]) {
      const graph = trace(network(steps))
      const fill = between(0.1, 1)
      const apart = await fly(emitOnnx(solo(graph)), fill, [0, 1])
      expect(hex(await fly(emitOnnx(solo(jointUpdates(graph, 64))), fill, [0, 1]))).toEqual(hex(apart))
      const together = await fly(emitOnnx(cohort(graph)), fill, [0, 1])
      for (const [client, outputs] of apart.entries()) {
        for (const [name, values] of Object.entries(outputs)) {
          expect(distance(values, together[client][name]), name).toBeLessThan(1e-5)
        }
      }
    }
  })

  it('read and write their vectors as they lie in the joint ports', () => {
    const { model, joint } = modelOf(solo(jointUpdates(trace(network(1)), 64)))
    expect(joint?.inputs.slice(0, 4)).toEqual(['slot/m/w1', 'slot/m/b1', 'slot/m/w2', 'slot/m/b2'])
    // Only gradients are joined, and what leaves; only parameters are cut into segments.
    expect(model.nodes.filter(({ op }) => op === 'Concat').length).toBe(2)
    expect(model.nodes.filter(({ op }) => op === 'Split').map(({ outputs }) => outputs.length)).toContain(4)
    expect(model.nodes.filter(({ op }) => op === 'Slice')).toEqual([])
  })

  it('leave a graph alone in which another value needs a segment before all of its group are there', () => {
    const early: Body = (inputs) => {
      const [a, b] = ['a', 'b'].map((segment) => inputs.read({ kind: 'parameter', segment }, [2, 2]) as never)
      const first = tf.sub(a, tf.matMul(a, a)) as never
      const second = tf.sub(b, tf.matMul(first, b))
      return [
        { sink: { kind: 'parameter', segment: 'a' }, tensor: first },
        { sink: { kind: 'parameter', segment: 'b' }, tensor: second },
      ]
    }
    const graph = trace(early)
    expect(jointUpdates(graph, 64)).toBe(graph)
  })
})
