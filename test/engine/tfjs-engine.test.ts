import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { nameOf, type Body, type Inputs, type Source } from '../../src/engine/program/body.js'
import { openEngine } from '../../src/engine/open.js'
import { trainingBody } from '../../src/engine/program/program.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { scalarsOf } from '../../src/engine/program/scalars.js'
import { openTfjs } from '../../src/engine/tfjs/tfjs-session.js'
import { permutation, streams } from '../../src/random/streams.js'
import { jobsOf, scoreJobsOf, tableOf, trainAll, trainingOf } from './flight.js'

const body: Body = (inputs) => {
  const w = inputs.read({ kind: 'parameter', segment: 'w' }, [2])
  const rate = inputs.read({ kind: 'scalar', name: 'rate', step: 0 }, [])
  const unused = inputs.read({ kind: 'numeric', step: 0 }, [16, 1])
  return [{ sink: { kind: 'parameter', segment: 'w' }, tensor: tf.add(tf.sub(w, rate), tf.sum(unused)) }]
}

describe('an eager session', () => {
  const inputs = [
    { name: 'parameter/w', kind: { kind: 'parameter', segment: 'w' }, shape: [2], dtype: 'float32' },
    { name: 'scalar/rate/0', kind: { kind: 'scalar', name: 'rate', step: 0 }, shape: [], dtype: 'float32' },
  ] as const
  const outputs = [inputs[0]]

  it('evaluates its body and writes in place; an input without a port reads as zeros', async () => {
    const session = openTfjs(body, { inputs, outputs })
    const results = { 'parameter/w': new Float32Array(2) }
    const feeds = { 'parameter/w': Float32Array.of(3, 4), 'scalar/rate/0': Float32Array.of(0.5) }
    await session.run(1, feeds, results)
    expect([...results['parameter/w']]).toEqual([2.5, 3.5])
    expect([...feeds['parameter/w']]).toEqual([3, 4])
  })

  it('refuses cohorts', async () => {
    const session = openTfjs(body, { inputs, outputs })
    await expect(session.run(2, {}, {})).rejects.toThrow('one client at a time')
  })
})

/** One epoch with plain SGD, step after step, straight from the body: no feeder, no ports, no buffers. */
const plainly = (start: Float32Array, rows: number, batch: number): Float32Array => {
  const training = trainingOf({ optimizer: sgd(0.1), batch })
  const table = tableOf(rows, 0)
  const order = permutation(rows, streams('batches')('round', 2, 'client', 0, 'order', 0))
  const flat = start.slice()
  for (let step = 0; step * batch < rows; step++) {
    const chosen = [...order.subarray(step * batch, step * batch + batch)]
    const label = (task: number, row: number): number => table.labels[row * 3 + task]
    const valueOf = (source: Source, length: number): number[] => {
      const out = Array<number>(length).fill(0)
      const put = (width: number, f: (row: number, column: number) => number): number[] => {
        chosen.forEach((row, i) => { for (let c = 0; c < width; c++) out[i * width + c] = f(row, c) })
        return out
      }
      switch (source.kind) {
        case 'categorical': return put(2, (row, c) => table.categorical[row * 2 + c])
        case 'numeric': return put(3, (row, c) => table.numeric[row * 3 + c])
        case 'weight': return put(1, () => 1 / chosen.length)
        case 'scalar': return [scalarsOf(training.optimizer, step + 1)[source.name]]
        case 'label': {
          const task = training.tasks.findIndex(({ name }) => name === source.task)
          return task === 2 ? put(3, (row, c) => (label(2, row) === c ? 1 : 0)) : put(1, (row) => label(task, row) || 0)
        }
        case 'label-weight': {
          const task = training.tasks.findIndex(({ name }) => name === source.task)
          const known = chosen.filter((row) => !Number.isNaN(label(task, row))).length
          return put(1, (row) => (Number.isNaN(label(task, row)) ? 0 : 1 / known))
        }
        case 'uniform': {
          const draw = streams('batches')('round', 2, 'client', 0, 'dropout', step, source.draw)
          return out.map(() => draw())
        }
        case 'parameter': {
          const { offset, size } = training.layout.segments.find(({ name }) => name === source.segment)!
          return [...flat.subarray(offset, offset + size)]
        }
        default: throw new Error(`unexpected ${nameOf(source)}`)
      }
    }
    const inputs: Inputs = {
      read: (source, shape, dtype) => tf.tensor(valueOf(source, shape.reduce((a, b) => a * b, 1)), [...shape], dtype),
    }
    tf.tidy(() => {
      for (const { sink, tensor } of trainingBody(training, 1)(inputs)) {
        if (sink.kind !== 'parameter') continue
        flat.set(tensor.dataSync(), training.layout.segments.find(({ name }) => name === sink.segment)!.offset)
      }
    })
  }
  return flat
}
describe('the reference engine', () => {
  it('trains as a plain loop over the body does, bit for bit', async () => {
    const engine = await openEngine({ engine: 'tfjs' })
    const [job] = await jobsOf(engine, trainingOf({ optimizer: sgd(0.1), batch: 12, chunk: 4 }), 1, 1)
    await engine.register('rows', tableOf(41, 0))
    const [result] = await trainAll(engine, [{ ...job, data: 'rows' }])
    expect(result.parameters).toEqual(plainly(job.parameters, 41, 12))
    expect(result).toMatchObject({ steps: 4, examples: 41 })
  })

  it('leaves no tensor behind', async () => {
    const engine = await openEngine({ engine: 'tfjs' })
    const jobs = await jobsOf(engine, trainingOf(), 2)
    await trainAll(engine, jobs)
    const { numTensors } = tf.memory()
    await trainAll(engine, jobs)
    await Promise.all(engine.score(scoreJobsOf(jobs)))
    expect(tf.memory().numTensors).toBe(numTensors)
  })
})
