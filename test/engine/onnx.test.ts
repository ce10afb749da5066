import * as tf from '@tensorflow/tfjs'
import protobuf from 'protobufjs/minimal.js'
import { describe, expect, it } from 'vitest'
import type { Body } from '../../src/engine/body.js'
import { cohort } from '../../src/engine/cohort.js'
import { emitOnnx, modelOf } from '../../src/engine/onnx/emit.js'
import { encodeModel } from '../../src/engine/onnx/model.js'
import { openOnnx } from '../../src/engine/onnx/session.js'
import { Sheet } from '../../src/engine/onnx/sheet.js'
import { trace } from '../../src/engine/trace.js'
import { between, compile, fly } from './traced.js'

const x = { kind: 'numeric', step: 0 } as const

/** Field number, wire type and value of every field of a message, in order. */
const fields = (bytes: Uint8Array): [number, string | number][] => {
  const reader = protobuf.Reader.create(bytes)
  const found: [number, string | number][] = []
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const kind = tag & 7
    if (kind === 0) found.push([tag >>> 3, Number(reader.int64())])
    else if (kind === 5) found.push([tag >>> 3, reader.float()])
    else found.push([tag >>> 3, Buffer.from(reader.bytes()).toString('latin1')])
  }
  return found
}

const twice: Body = (inputs) => [
  { sink: { kind: 'score', task: 'y' }, tensor: tf.mul(inputs.read(x, [2]), 2) },
]

describe('the ONNX model', () => {
  it('is written with the field numbers of onnx.proto', () => {
    const sheet = new Sheet()
    const value = sheet.op('LeakyRelu', ['in0'], { alpha: { float: 0.5 }, axis: -1, axes: [1, -2], mode: 'm' })
    const model = { ...sheet.finish([{ value, name: 'out0' }]), inputs: [], outputs: [] }
    const top = fields(encodeModel({
      ...model,
      inputs: [{ name: 'in0', type: 'float32', shape: ['clients', 3] }],
      outputs: [{ name: 'out0', type: 'float32', shape: ['clients', 3] }],
    }))
    expect(top.map(([field]) => field)).toEqual([1, 2, 7, 8, 8])
    expect(top.slice(0, 2)).toEqual([[1, 8], [2, 'windtunnel']])
    const latin = (text: string | number): Uint8Array => Buffer.from(String(text), 'latin1')
    expect(fields(latin(top[3][1]))).toEqual([[1, ''], [2, 17]])
    expect(fields(latin(top[4][1]))).toEqual([[1, 'com.microsoft'], [2, 1]])
    const graph = fields(latin(top[2][1]))
    expect(graph.map(([field]) => field)).toEqual([1, 2, 11, 12])
    const node = fields(latin(graph[0][1]))
    expect(node.slice(0, 3)).toEqual([[1, 'in0'], [2, 'out0'], [4, 'LeakyRelu']])
    expect(node.slice(3).map(([, attribute]) => fields(latin(attribute)))).toEqual([
      [[1, 'alpha'], [2, 0.5], [20, 1]], [[1, 'axis'], [3, -1], [20, 2]], [[1, 'axes'], [8, 1], [8, -2], [20, 7]],
      [[1, 'mode'], [4, 'm'], [20, 3]],
    ])
    const port = fields(latin(graph[2][1]))
    expect(port[0]).toEqual([1, 'in0'])
    const tensor = fields(latin(fields(latin(port[1][1]))[0][1]))
    expect(tensor[0]).toEqual([1, 1])
    expect(fields(latin(tensor[1][1])).map(([, extent]) => fields(latin(extent)))).toEqual([[[2, 'clients']], [[1, 3]]])
  })

  it('holds only what the outputs need, and copies what two of them want', () => {
    const sheet = new Sheet()
    const neg = sheet.op('Neg', ['in0'])
    sheet.op('Exp', [neg])
    expect(sheet.op('Neg', ['in0'])).toBe(neg)
    const { nodes, constants } = sheet.finish(['out0', 'out1'].map((name) => ({ value: neg, name })).concat({ value: 'in0', name: 'out2' }))
    expect(nodes.map(({ op, inputs, output }) => `${output} = ${op}(${inputs})`)).toEqual([
      'out0 = Neg(in0)', 'out1 = Identity(out0)', 'out2 = Identity(in0)',
    ])
    expect(constants.size).toBe(0)
  })

  it('has nothing superfluous in a step of a small network', () => {
    const body: Body = (inputs) => {
      const [a, y] = [inputs.read(x, [16, 8]), inputs.read({ kind: 'label', step: 0, task: 'y' }, [16, 4])] as any[]
      const parameters = Object.entries({ w1: [8, 6], b1: [6], w2: [6, 4], b2: [4] })
        .map(([segment, shape]) => inputs.read({ kind: 'parameter', segment }, shape))
      const loss = tf.customGrad((z: any, save: any) => {
        const p = tf.softmax(z)
        save([p])
        return { value: tf.scalar(0), gradFunc: (dy: any, [saved]: any) => tf.mul(tf.sub(saved, y), dy) as any }
      })
      const { grads } = tf.valueAndGrads((w1, b1, w2, b2) => {
        const h = tf.relu(tf.add(tf.matMul(a, w1 as any), b1))
        return loss(tf.add(tf.matMul(h as any, w2 as any), b2) as any) as any
      })(parameters, tf.scalar(0.05) as any)
      return parameters.map((parameter, i) => (
        { sink: { kind: 'parameter', segment: `p${i}` } as const, tensor: tf.sub(parameter, grads[i]) }
      ))
    }
    const { model } = modelOf(cohort(trace(body)))
    // Forward 6, loss gradient 2, products 3, mask 2, bias sums 2 with one vector of ones each, updates 4.
    expect(model.nodes.map(({ op }) => op).filter((op) => op !== 'Expand').sort()).toEqual([
      'Add', 'Add', 'FusedMatMul', 'FusedMatMul', 'FusedMatMul', 'HardSigmoid', 'MatMul', 'MatMul', 'MatMul', 'MatMul', 'Mul',
      'Mul', 'Relu', 'Softmax', 'Sub', 'Sub', 'Sub', 'Sub', 'Sub',
    ])
  })

  it('runs one client at a time where there is no cohort axis', async () => {
    const compiled = emitOnnx(trace(twice))
    expect(compiled.alone).toBe(true)
    const flown = await fly(compiled, between(1, 2), [0, 1, 2])
    expect(flown).toEqual(await fly(compile(twice), between(1, 2), [0, 1, 2]))
  })
})

describe('the session', () => {
  it('writes into the caller\'s buffers, which may be longer, and takes new ones at any time', async () => {
    const session = await openOnnx(compile(twice))
    const results = { 'score/y': new Float32Array(6).fill(-1) }
    await session.run(2, { 'numeric/0': Float32Array.of(1, 2, 3, 4, 5, 6) }, results)
    expect(Array.from(results['score/y'])).toEqual([2, 4, 6, 8, -1, -1])
    const other = { 'score/y': new Float32Array(2) }
    await session.run(1, { 'numeric/0': Float32Array.of(7, 8) }, other)
    expect(Array.from(other['score/y'])).toEqual([14, 16])
    expect(Array.from(results['score/y'])).toEqual([2, 4, 6, 8, -1, -1])
    await session.close()
  })

  it('sees values that changed in a buffer it knows', async () => {
    const session = await openOnnx(compile(twice))
    const feeds = { 'numeric/0': Float32Array.of(1, 2) }
    const results = { 'score/y': new Float32Array(2) }
    await session.run(1, feeds, results)
    feeds['numeric/0'].set([5, 6])
    await session.run(1, feeds, results)
    expect(Array.from(results['score/y'])).toEqual([10, 12])
    await session.close()
  })

  it('names the port whose buffer is missing or too short', async () => {
    const session = await openOnnx(compile(twice))
    await expect(session.run(1, {}, {})).rejects.toThrow(/'numeric\/0'/)
    await expect(session.run(2, { 'numeric/0': new Float32Array(3) }, {})).rejects.toThrow(/3 elements for 'numeric\/0', which needs 4/)
    await session.close()
  })
})
