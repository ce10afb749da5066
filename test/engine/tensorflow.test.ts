import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import protobuf from 'protobufjs/minimal.js'
import { afterAll, describe, expect, it } from 'vitest'
import { EngineError } from '../../src/engine/engine-error.js'
import { cohort, solo } from '../../src/engine/graph/cohort.js'
import { transcendental } from '../../src/engine/graph/operations.js'
import type { Body } from '../../src/engine/program/body.js'
import { savedModel } from '../../src/engine/tensorflow/cache.js'
import { compileTensorflow } from '../../src/engine/tensorflow/compile.js'
import { emitTensorflow, modelOf } from '../../src/engine/tensorflow/emit.js'
import { GraphWriter } from '../../src/engine/tensorflow/graph-writer.js'
import { encodeModel } from '../../src/engine/tensorflow/model.js'
import { checkNode, loadNative } from '../../src/engine/tensorflow/native.js'
import { openTensorflow } from '../../src/engine/tensorflow/session.js'
import { trace } from '../../src/engine/trace/trace.js'
import { runtimes } from './runtimes.js'
import { between, bits, distance, fly } from './traced.js'

const { missing, compile } = runtimes.find(({ name }) => name === 'tensorflow')!
const x = { kind: 'numeric', step: 0 } as const
const twice: Body = (inputs) => [
  { sink: { kind: 'score', task: 'y' }, tensor: tf.mul(inputs.read(x, [2]), 2) },
]

type Flown = Awaited<ReturnType<typeof fly>>
const hexOf = (flown: Flown): unknown[] =>
  flown.map((outputs) => Object.entries(outputs).map(([name, values]) => [name, bits(values)]))

const folders: string[] = []
const folder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'windtunnel-test-')))
  return folders.at(-1)!
}
afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true })
})

type Field = [number, string | number]

/** Field number and value of every field of a message, in order. */
const fields = (message: string | number | Uint8Array): Field[] => {
  const bytes = message instanceof Uint8Array ? message : Buffer.from(String(message), 'latin1')
  const reader = protobuf.Reader.create(bytes)
  const found: Field[] = []
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const kind = tag & 7
    if (kind === 0) found.push([tag >>> 3, Number(reader.int64())])
    else if (kind === 5) found.push([tag >>> 3, reader.float()])
    else found.push([tag >>> 3, Buffer.from(reader.bytes()).toString('latin1')])
  }
  return found
}

describe('the SavedModel', () => {
  it('is written with the field numbers of saved_model.proto and its kin', () => {
    const node = {
      name: 'a', op: 'Op', inputs: ['b', 'c:1'],
      attributes: {
        T: 'int32', flag: false, n: { int: 3 }, alpha: { float: 0.5 }, shape: { shape: [-1, 2] },
        one: { tensor: { type: 'float32', shape: [2], values: Float32Array.of(1.5) } },
        two: { tensor: { type: 'bool', shape: [2], values: Int32Array.of(0, 1) } },
      },
    } as const
    const port = (name: string) => ({ name, type: 'float32', shape: [-1, 3] }) as const
    const top = fields(encodeModel({ nodes: [node], inputs: [port('in0')], outputs: [port('out0')] }))
    expect(top.map(([field]) => field)).toEqual([1, 2])
    expect(top[0]).toEqual([1, 1])
    const meta = fields(top[1][1])
    expect(meta.map(([field]) => field)).toEqual([1, 2, 5])
    expect(fields(meta[0][1])).toEqual([[4, 'serve']])
    const [written, versions] = fields(meta[1][1])
    expect([written[0], versions[0], fields(versions[1])]).toEqual([1, 4, [[1, 987]]])
    const parts = fields(written[1])
    expect(parts.slice(0, 4)).toEqual([[1, 'a'], [2, 'Op'], [3, 'b'], [3, 'c:1']])
    const attributes = parts.slice(4).map(([field, entry]) => {
      const [[, key], [, value]] = fields(entry)
      return [field, key, fields(value)] as const
    })
    expect(attributes.slice(0, 4)).toEqual([
      [5, 'T', [[6, 3]]], [5, 'flag', [[5, 0]]], [5, 'n', [[3, 3]]], [5, 'alpha', [[4, 0.5]]],
    ])
    const [[, shape], [, one], [, two]] = attributes.slice(4).map(([, , [value]]) => value)
    expect(fields(shape).map(([field, axis]) => [field, fields(axis)])).toEqual([[2, [[1, -1]]], [2, [[1, 2]]]])
    expect(fields(one).map(([field, value]) => (field === 2 ? field : [field, value]))).toEqual([[1, 1], 2, [5, 1.5]])
    expect(fields(two).map(([field, value]) => (field === 2 ? field : [field, value]))).toEqual([
      [1, 10], 2, [4, '\u0000\u0001'],
    ])
    const signature = fields(meta[2][1])
    expect(signature[0]).toEqual([1, 'serving_default'])
    const sides = fields(signature[1][1])
    expect(sides.map(([field]) => field)).toEqual([1, 2, 3])
    const [name, info] = fields(sides[0][1])
    expect([name, fields(info[1]).slice(0, 2)]).toEqual([[1, 'in0'], [[1, 'in0:0'], [2, 1]]])
  })

  it('holds only what the outputs need, and nothing twice', () => {
    const writer = new GraphWriter()
    writer.placeholder('in0', 'float32', [-1])
    const neg = writer.op('Neg', ['in0'], { T: 'float32' })
    writer.op('Exp', [neg], { T: 'float32' })
    expect(writer.op('Neg', ['in0'], { T: 'float32' })).toBe(neg)
    expect(writer.float(0)).not.toBe(writer.float(-0))
    const nodes = writer.finish([
      { name: 'out0', value: neg, type: 'float32' }, { name: 'out1', value: neg, type: 'float32' },
      { name: 'out2', value: 'in0', type: 'float32' },
    ])
    expect(nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(['in0', 'out0', 'out1', 'out2']))
    expect(nodes.filter(({ op }) => op === 'Exp' || op === 'Const')).toEqual([])
  })

  it('has one pass for the slope of ReLU, one operation for a bias, and no reductions', () => {
    const body: Body = (inputs) => {
      const a = inputs.read(x, [16, 8])
      const w = inputs.read({ kind: 'parameter', segment: 'w' }, [8, 6])
      const b = inputs.read({ kind: 'parameter', segment: 'b' }, [6])
      const loss = (...[weight, bias]: Tensor[]): never =>
        tf.sum(tf.square(tf.relu(tf.add(tf.matMul(a, weight), bias)))) as never
      const grads = tf.grads(loss)([w, b])
      return ['w', 'b'].map((segment, i) => ({ sink: { kind: 'parameter', segment }, tensor: grads[i] }) as const)
    }
    const ops = (graph: Parameters<typeof modelOf>[0]): string[] => modelOf(graph).model.nodes.map(({ op }) => op)
    const [together, alone] = [ops(cohort(trace(body))), ops(solo(trace(body)))]
    for (const written of [together, alone]) {
      expect(written.filter((op) => op === 'ReluGrad').length).toBe(1)
      expect(written.filter((op) => ['SelectV2', 'Greater', 'Sum', 'Mean'].includes(op))).toEqual([])
    }
    expect(alone.filter((op) => op === 'BiasAdd').length).toBe(1)
    expect(together.filter((op) => op === 'BiasAdd').length).toBe(0)
  })
})

describe('the cache', () => {
  const bytes = Uint8Array.of(1, 2, 3)

  it('keeps a model under its hash, and leaves nothing else behind', async () => {
    const cache = join(folder(), 'new', 'cache')
    const places = await Promise.all([1, 2, 3].map(() => savedModel(bytes, [cache])))
    expect(new Set(places).size).toBe(1)
    expect(readFileSync(join(places[0], 'saved_model.pb'))).toEqual(Buffer.from(bytes))
    expect(await savedModel(Uint8Array.of(1, 2, 4), [cache])).not.toBe(places[0])
    expect(readdirSync(join(cache, 'tensorflow')).length).toBe(2)
  })

  it('replaces a model that has been damaged', async () => {
    const cache = folder()
    const place = await savedModel(bytes, [cache])
    writeFileSync(join(place, 'saved_model.pb'), '')
    expect(await savedModel(bytes, [cache])).toBe(place)
    expect(readFileSync(join(place, 'saved_model.pb'))).toEqual(Buffer.from(bytes))
  })

  it('goes to the next folder where one cannot be written, and says so where none can', async () => {
    const file = join(folder(), 'file')
    writeFileSync(file, '')
    const second = folder()
    expect(await savedModel(bytes, [join(file, 'cache'), second])).toContain(second)
    await expect(savedModel(bytes, [join(file, 'cache')])).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it('is where WINDTUNNEL_CACHE says', async () => {
    const before = process.env.WINDTUNNEL_CACHE
    const cache = folder()
    try {
      process.env.WINDTUNNEL_CACHE = cache
      expect(await savedModel(bytes)).toContain(cache)
    } finally {
      if (before === undefined) delete process.env.WINDTUNNEL_CACHE
      else process.env.WINDTUNNEL_CACHE = before
    }
    expect(existsSync(join(cache, 'tensorflow'))).toBe(true)
  })
})

describe('the native library', () => {
  it('is refused on versions of Node where it breaks', () => {
    for (const version of ['23.0.0', '24.1.0', '30.0.0']) {
      expect(() => checkNode(version)).toThrow(EngineError)
      expect(() => checkNode(version)).toThrow(`does not run on Node ${version}`)
    }
    for (const version of ['20.19.0', '22.20.0']) expect(() => checkNode(version)).not.toThrow()
  })

  it('is asked for by an error that names the command, where it is missing', () => {
    const before = tf.getBackend()
    const load = (): never => {
      throw new Error('Cannot find module\nRequire stack')
    }
    expect(() => loadNative(load)).toThrow(EngineError)
    expect(() => loadNative(load)).toThrow(/here: Cannot find module\. Run `npm run native-tensorflow`/)
    expect(tf.getBackend()).toBe(before)
  })

  it.skipIf(missing)('leaves TensorFlow.js on the backend that it was on', () => {
    const before = tf.getBackend()
    expect(before).not.toBe('tensorflow')
    loadNative()
    expect(tf.getBackend()).toBe(before)
  })
})

describe.skipIf(missing)('the session', () => {
  it('writes into buffers that may be longer, and takes new values and buffers at any time', async () => {
    const session = await openTensorflow(compile(twice))
    const feeds = { 'numeric/0': Float32Array.of(1, 2, 3, 4, 5, 6) }
    const results = { 'score/y': new Float32Array(6).fill(-1) }
    await session.run(2, feeds, results)
    expect(Array.from(results['score/y'])).toEqual([2, 4, 6, 8, -1, -1])
    feeds['numeric/0'].set([7, 8])
    const other = { 'score/y': new Float32Array(2) }
    await session.run(1, feeds, other)
    expect(Array.from(other['score/y'])).toEqual([14, 16])
    expect(Array.from(results['score/y'])).toEqual([2, 4, 6, 8, -1, -1])
    await session.close()
  })

  it('names the port whose buffer is missing or too short, and goes on afterwards', async () => {
    const session = await openTensorflow(compile(twice))
    const feeds = { 'numeric/0': new Float32Array(3) }
    await expect(session.run(1, {}, {})).rejects.toThrow(/'numeric\/0'/)
    await expect(session.run(1, feeds, {})).rejects.toThrow(/'score\/y'/)
    await expect(session.run(2, feeds, {})).rejects.toThrow(/3 elements for 'numeric\/0', which needs 4/)
    await session.run(1, feeds, { 'score/y': new Float32Array(2) })
    await session.close()
  })

  it('can be open twice for one program, and closes one at a time', async () => {
    const [first, second] = [await openTensorflow(compile(twice)), await openTensorflow(compile(twice))]
    await first.close()
    const results = { 'score/y': new Float32Array(2) }
    await second.run(1, { 'numeric/0': Float32Array.of(1, 2) }, results)
    expect(Array.from(results['score/y'])).toEqual([2, 4])
    await second.close()
  })

  it('gives the same bits wherever in memory a buffer starts', async () => {
    const values = between(0.1, 3)(x, 256, 0)
    for (const op of transcendental) {
      const body: Body = (inputs) => {
        const y = tf.engine().runKernel(op, { x: inputs.read(x, [256]) }) as Tensor
        return [{ sink: { kind: 'score', task: 'y' }, tensor: y }]
      }
      const session = await openTensorflow(compile(body))
      const seen = new Set<string>()
      for (let offset = 0; offset < 16; offset++) {
        const [from, to] = [offset, (offset * 5) % 16].map(
          (start) => new Float32Array(300).subarray(start, start + 256),
        )
        from.set(values)
        await session.run(1, { 'numeric/0': from }, { 'score/y': to })
        seen.add(bits(to))
      }
      await session.close()
      expect(seen.size, op).toBe(1)
    }
  })

  it('computes alike with the cohort axis and without, one client after the other', async () => {
    const body: Body = (inputs) => {
      const a = inputs.read(x, [16, 8])
      const parameters = { w1: [8, 6], b1: [6], w2: [6, 4], b2: [4] }
      const names = Object.keys(parameters)
      const given = Object.entries(parameters)
        .map(([segment, shape]) => inputs.read({ kind: 'parameter', segment }, shape))
      const loss = (...[w1, b1, w2, b2]: Tensor[]): never => {
        const h = tf.relu(tf.add(tf.matMul(a, w1), b1))
        return tf.mean(tf.square(tf.sigmoid(tf.add(tf.matMul(h, w2), b2)))) as never
      }
      const grads = tf.grads(loss)(given)
      return names.map((segment, i) => ({ sink: { kind: 'parameter', segment }, tensor: grads[i] }) as const)
    }
    const graph = trace(body)
    expect(compileTensorflow(graph).alone).toBeUndefined()
    // Where few clients share a run small ports travel jointly, and where very many do, all by themselves.
    const { joint } = emitTensorflow(cohort(graph), { clients: 3 })
    expect([joint?.inputs.length, joint?.outputs.length]).toEqual([5, 4])
    expect(emitTensorflow(cohort(graph), { clients: 1e6 }).joint).toBeUndefined()
    const fill = between(-1, 1)
    const alone = await fly(emitTensorflow(solo(graph)), fill, [0, 1, 2])
    const together = await fly(compile(body), fill, [0, 1, 2])
    expect(hexOf(await fly(emitTensorflow(cohort(graph), { clients: 1e6 }), fill, [0, 1, 2]))).toEqual(hexOf(together))
    for (const [client, outputs] of alone.entries()) {
      for (const [name, values] of Object.entries(outputs)) {
        expect(distance(values, together[client][name]), name).toBeLessThan(1e-6)
      }
    }
  })
})
