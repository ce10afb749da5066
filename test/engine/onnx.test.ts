import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import protobuf from 'protobufjs/minimal.js'
import { describe, expect, it } from 'vitest'
import { aloneFrom } from '../../src/engine/graph/alone.js'
import { cohort, solo } from '../../src/engine/graph/cohort.js'
import { transcendental } from '../../src/engine/graph/operations.js'
import { compileOnnx } from '../../src/engine/onnx/compile.js'
import { emitOnnx, modelOf } from '../../src/engine/onnx/emit.js'
import { GraphWriter } from '../../src/engine/onnx/graph-writer.js'
import { encodeModel } from '../../src/engine/onnx/model.js'
import { openOnnx } from '../../src/engine/onnx/session.js'
import type { Body } from '../../src/engine/program/body.js'
import { trace } from '../../src/engine/trace/trace.js'
import { between, bits, compile, distance, fly } from './traced.js'

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
    const writer = new GraphWriter()
    const value = writer.op('LeakyRelu', ['in0'], { alpha: { float: 0.5 }, axis: -1, axes: [1, -2], mode: 'm' })
    const model = { ...writer.finish([{ value, name: 'out0' }]), inputs: [], outputs: [] }
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
    const writer = new GraphWriter()
    const neg = writer.op('Neg', ['in0'])
    writer.op('Exp', [neg])
    expect(writer.op('Neg', ['in0'])).toBe(neg)
    const { nodes, constants } = writer.finish(
      ['out0', 'out1'].map((name) => ({ value: neg, name })).concat({ value: 'in0', name: 'out2' }),
    )
    expect(nodes.map((node) => `${node.outputs} = ${node.op}(${node.inputs})`)).toEqual([
      'out0 = Neg(in0)', 'out1 = Identity(out0)', 'out2 = Identity(in0)',
    ])
    expect(constants.size).toBe(0)
  })

  it('has nothing superfluous in a step of a small network', () => {
    const body: Body = (inputs) => {
      const [a, y] = [inputs.read(x, [16, 8]), inputs.read({ kind: 'label', step: 0, task: 'y' }, [16, 4])] as Tensor[]
      const parameters = Object.entries({ w1: [8, 6], b1: [6], w2: [6, 4], b2: [4] })
        .map(([segment, shape]) => inputs.read({ kind: 'parameter', segment }, shape))
      const loss = tf.customGrad((z, save) => {
        const p = tf.softmax(z as Tensor)
        ;(save as (saved: Tensor[]) => void)([p])
        const gradFunc = (dy: Tensor, [saved]: Tensor[]): never => tf.mul(tf.sub(saved, y), dy) as never
        return { value: tf.scalar(0), gradFunc }
      })
      const { grads } = tf.valueAndGrads((w1, b1, w2, b2) => {
        const h = tf.relu(tf.add(tf.matMul(a, w1 as never), b1))
        return loss(tf.add(tf.matMul(h as never, w2 as never), b2) as never) as never
      })(parameters, tf.scalar(0.05) as never)
      return parameters.map((parameter, i) => (
        { sink: { kind: 'parameter', segment: `p${i}` } as const, tensor: tf.sub(parameter, grads[i]) }
      ))
    }
    const { model } = modelOf(cohort(trace(body)), Infinity)
    // Forward 6, loss gradient 2, products 3, mask 2, bias sums 2 with one vector of ones each, updates 4.
    expect(model.nodes.map(({ op }) => op).filter((op) => op !== 'Expand').sort()).toEqual([
      'Add', 'Add', 'FusedMatMul', 'FusedMatMul', 'FusedMatMul', 'HardSigmoid', 'MatMul', 'MatMul', 'MatMul', 'MatMul',
      'Mul', 'Mul', 'Relu', 'Softmax', 'Sub', 'Sub', 'Sub', 'Sub', 'Sub',
    ])
  })

  it('runs one client at a time where there is no cohort axis', async () => {
    const compiled = emitOnnx(trace(twice))
    expect(compiled.alone).toBe(true)
    const flown = await fly(compiled, between(1, 2), [0, 1, 2])
    expect(flown).toEqual(await fly(compile(twice), between(1, 2), [0, 1, 2]))
  })
})

/** A network of one hidden layer, `steps` steps of gradient descent, and a loss that leaves. */
const network = (steps: number, [rows, width]: readonly [number, number]): Body => (inputs) => {
  const shapes = { w1: [8, width], b1: [width], w2: [width, 3], b2: [3], scale: [3] }
  let parameters = Object.entries(shapes).map(([segment, shape]) => inputs.read({ kind: 'parameter', segment }, shape))
  const losses: ReturnType<Body>[number][] = []
  for (let step = 0; step < steps; step++) {
    const batch = inputs.read({ kind: 'numeric', step }, [rows, 8]) as never
    const rate = inputs.read({ kind: 'scalar', name: 'rate', step }, [])
    const { value, grads } = tf.valueAndGrads((w1, b1, w2, b2, scale) => {
      const h = tf.relu(tf.add(tf.matMul(batch, w1 as never), b1))
      return tf.mean(tf.square(tf.mul(tf.tanh(tf.add(tf.matMul(h as never, w2 as never), b2)), scale))) as never
    })(parameters as never)
    parameters = parameters.map((parameter, i) => tf.sub(parameter, tf.mul(grads[i], rate)))
    losses.push({ sink: { kind: 'loss', step, task: 'y' }, tensor: value })
  }
  const names = Object.keys(shapes)
  return [
    ...losses, ...parameters.map((tensor, i) => ({ sink: { kind: 'parameter', segment: names[i] } as const, tensor })),
  ]
}

const hex = (flown: Record<string, Float32Array>[]): Record<string, string>[] =>
  flown.map((outputs) => Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, bits(values)])))

describe('ports', () => {
  it('travel jointly where they are small, to the same bits', async () => {
    const graph = cohort(trace(network(2, [16, 20])))
    const apart = emitOnnx(graph, { clients: Infinity })
    const together = emitOnnx(graph, { clients: 1 })
    expect(apart.joint).toBeUndefined()
    expect(together.joint?.inputs).toEqual([
      'parameter/w1', 'parameter/b1', 'parameter/w2', 'parameter/b2', 'parameter/scale', 'numeric/0', 'scalar/rate/0',
      'numeric/1', 'scalar/rate/1',
    ])
    expect(together.joint?.outputs.length).toBe(7)
    const some = emitOnnx(graph, { clients: 40 })
    expect(some.joint?.inputs).not.toContain('parameter/w1')
    expect(some.joint?.inputs).toContain('parameter/b1')
    const fill = between(-1, 1)
    for (const clients of [[0], [1, 0, 5]]) {
      const expected = hex(await fly(apart, fill, clients))
      expect(hex(await fly(together, fill, clients))).toEqual(expected)
      expect(hex(await fly(some, fill, clients))).toEqual(expected)
    }
  })

  it('may start anywhere in memory, to the same bits', async () => {
    for (const op of [...transcendental, 'Pow', 'Sqrt', 'Softmax']) {
      const session = await openOnnx(emitOnnx(cohort(trace((inputs) => {
        const a = inputs.read(x, [16, 16])
        const given = op === 'Pow' ? { a, b: tf.scalar(2.3) } : op === 'Softmax' ? { logits: a } : { x: a }
        return [
          {
            sink: { kind: 'score', task: 'y' }, tensor: tf.engine().runKernel(op, given as never, { dim: 1 }) as never,
          },
        ]
      }))))
      const values = between(0.1, 3)(x, 256, 0)
      const seen = new Set<string>()
      for (let offset = 0; offset < 16; offset++) {
        const [from, to] = [offset, (offset * 5) % 16].map(
          (start) => new Float32Array(300).subarray(start, start + 256)
        )
        from.set(values)
        await session.run(1, { 'numeric/0': from }, { 'score/y': to })
        seen.add(bits(to))
      }
      await session.close()
      expect(seen.size, op).toBe(1)
    }
  })
})

describe('compiling', () => {
  const small = [16, 20] as const
  const large = [1024, 1024] as const

  it('lets clients of a small model share runs, and those of a large one run alone', () => {
    expect(compileOnnx(trace(network(1, small))).alone).toBeUndefined()
    expect(compileOnnx(trace(network(1, large))).alone).toBe(true)
  })

  it('decides alike for any number of steps', () => {
    // Products of a step: x w1, h w2, x' dh, h' dz and dz w2', each 2 rows x in x out.
    const perUnit = 2 * 1024 * (8 + 3 + 8 + 3 + 3)
    const width = Math.ceil(aloneFrom / perUnit)
    const styles = (units: number) => [1, 2, 3].map((steps) => compileOnnx(trace(network(steps, [1024, units]))).alone)
    expect(styles(width - 1)).toEqual([undefined, undefined, undefined])
    expect(styles(width)).toEqual([true, true, true])
  })

  it('computes the same either way, biases within products', async () => {
    const graph = trace(network(2, small))
    const { model } = modelOf(solo(graph))
    expect(model.nodes.filter(({ op }) => op === 'Gemm').length).toBe(4)
    expect(model.nodes.filter(({ op }) => op.startsWith('Reduce'))).toEqual([])
    const fill = between(-1, 1)
    const alone = await fly(emitOnnx(solo(graph)), fill, [0, 1, 2])
    const together = await fly(emitOnnx(cohort(graph)), fill, [0, 1, 2])
    for (const [client, outputs] of alone.entries()) {
      for (const [name, values] of Object.entries(outputs)) {
        expect(distance(values, together[client][name]), name).toBeLessThan(1e-6)
      }
    }
    expect(hex(await fly(emitOnnx(solo(graph)), fill, [2, 0]))).toEqual([hex(alone)[2], hex(alone)[0]])
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
    await expect(session.run(2, { 'numeric/0': new Float32Array(3) }, {})).rejects.toThrow(
      /3 elements for 'numeric\/0', which needs 4/,
    )
    await session.close()
  })
})
