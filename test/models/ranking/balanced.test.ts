import { afterAll, expect, it } from 'vitest'
import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { initialize } from '../../../src/models/layout.js'
import { streams } from '../../../src/random/streams.js'
import { balancerSchema, buildBalancer } from '../../../src/balancing/registry.js'
import { nativeHere } from '../../engine/native.js'
import { denseLoss } from './dense.js'
import { table, trainingOf } from './small.js'

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))
const native = await nativeHere('PMTRec in TensorFlow')

/* PMTRec's step on the recommender, against finite differences of the slow losses, each task for itself. */
it.each([
  { engine: 'tfjs' as const }, { engine: 'onnx' as const, workers: 0 },
  ...(native ? [{ engine: 'tfjs-node' as const, workers: 1 }] : []),
])('PMTRec moves each row by its own weights, in $engine', async (options) => {
  const engine = await openEngine(options)
  opened.push(engine)
  const encoder = { encoder: 'lightgcn', embedding: 3, layers: 2 } as const
  const plain = trainingOf(encoder)
  const [alpha, tau] = [1.5, 0.05]
  const balancer = buildBalancer(balancerSchema.parse({ kind: 'pmtrec', alpha, temperature: tau }), plain.layout, plain.tasks)
  const training = { ...plain, balancer }
  const parameters = initialize(plain.layout, streams('balanced')).map((v) => v + 0.01)
  const h = 1e-4
  const slopes = plain.tasks.map((_, task) => Array.from(parameters, (_gone, at) => {
    const moved = (by: number): number => {
      const flat = Array.from(parameters)
      flat[at] += by
      return denseLoss(encoder, plain.layout, flat, plain.tasks.map((_each, t) => (t === task ? 1 : 0)))
    }
    return (moved(h) - moved(-h)) / (2 * h)
  }))
  const wanted = new Float64Array(parameters.length)
  for (const { name, offset, shape: [rows, width] } of plain.layout.segments) {
    for (let at = offset; at < offset + rows * width; at += width) {
      if (name !== 'user' && name !== 'item') {
        // Segments of the task `long`, the fourth of four.
        for (let d = 0; d < width; d++) wanted[at + d] = slopes[3][at + d] / 4
        continue
      }
      const norms = slopes.map((slope, t) => Math.hypot(...slope.slice(at, at + width)) * (t === 0 ? alpha : 1))
      const odds = norms.map((n) => Math.exp((n - Math.max(...norms)) / tau))
      const sum = odds.reduce((a, b) => a + b, 0)
      for (let d = 0; d < width; d++) wanted[at + d] = slopes.reduce((g, slope, t) => g + (odds[t] / sum) * slope[at + d], 0)
    }
  }
  await engine.register('rows', table)
  const { program } = await engine.prepare(training)
  const plan = { epochs: 1, seed: 'batches', key: ['one'] }
  const [trained] = await Promise.all(engine.train([{ kind: 'train', client: 'one', program, data: 'rows', parameters, plan }]))
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.02)
  expect(Array.from(parameters, (before, at) => before - trained.parameters[at]))
    .toEqual([...wanted].map((v) => expect.closeTo(v, 3)))
})
