import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { balancerSchema, buildBalancer } from '../../src/balancing/registry.js'
import type { Engine, Training } from '../../src/engine/engine.js'
import { openEngine, type EngineName } from '../../src/engine/open.js'
import { clipped, type Clip } from '../../src/engine/program/clip.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { fedAvg, fedProx, fedRep, scaffold, sgd } from '../../src/simulation/script.js'
import { clients, flown, gradient, head, mean, rate } from '../federation/strategies/plain-numbers.js'
import { bitsOf, jobsOf, trainAll, trainingOf } from './flight.js'
import { nativeHere } from './native.js'

const close = (got: Iterable<number>, expected: readonly number[]): void =>
  [...got].forEach((value, i) => expect(value, `entry ${i}`).toBeCloseTo(expected[i], 5))

/** Clipping as one would write it down. */
const short = (clip: Clip, gradients: readonly number[]): number[] => {
  if ('value' in clip) return gradients.map((g) => Math.max(-clip.value, Math.min(clip.value, g)))
  const length = Math.sqrt(gradients.reduce((sum, g) => sum + g * g, 0))
  return length <= clip.norm ? [...gradients] : gradients.map((g) => (g * clip.norm) / length)
}

describe('a clipped gradient', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu')
  })
  const clip = (rule: Clip, a: number[], b: number[]): number[][] =>
    tf.tidy(() => Object.values(clipped(rule, { a: tf.tensor1d(a), b: tf.tensor2d([b]) })).map((t) => [...t.dataSync()]))

  it('is, by norm, as long as it may be over all segments, and the same where it is short enough', () => {
    const [a, b] = clip({ norm: 1 }, [3], [0, 4])
    close([...a, ...b], [0.6, 0, 0.8])
    expect(clip({ norm: 6 }, [3], [0, 4])).toEqual([[3], [0, 4]])
    expect(clip({ norm: 1 }, [0], [0, 0])).toEqual([[0], [0, 0]])
  })

  it('is, by value, cut element by element', () => {
    expect(clip({ value: 2 }, [3], [-1, -4])).toEqual([[2], [-1, -2]])
  })

  it('is not finite where one element is not', () => {
    expect(clip({ norm: 1 }, [NaN], [0, 4]).flat()).toEqual([NaN, NaN, NaN])
    expect(clip({ norm: 1 }, [Infinity], [1, 4]).flat()).toContainEqual(NaN)
  })
})

const engines: EngineName[] = ['tfjs', 'onnx', 'tfjs-node']
const here = await nativeHere('clipping on tfjs-node')

describe.each(engines)('in plain numbers, on %s', (name) => {
  describe.skipIf(name === 'tfjs-node' && !here)('', () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openEngine({ engine: name, workers: name === 'tfjs-node' ? 1 : 0 })
    })
    afterAll(() => engine.close())

    const usual = { epochs: 2, batch: 16, clients: [{ who: 'client-B', epochs: 3 }] }
    const rules: readonly Clip[] = [{ norm: 0.2 }, { value: 0.05 }, { norm: 100 }]

    interface Terms {
      readonly inside?: (theta: readonly number[], start: readonly number[]) => readonly number[]
      readonly outside?: (theta: readonly number[]) => readonly number[]
      readonly trains?: readonly number[]
    }
    const zeros = () => Array.from({ length: 9 }, () => 0)

    /** Local training as a loop: what is in the loss is clipped, what is not comes after. */
    const trained = (who: (typeof clients)[number], start: readonly number[], clip: Clip, terms: Terms = {}): number[] => {
      const { inside = zeros, outside = zeros, trains } = terms
      let theta = [...start]
      for (let step = 0; step < who.epochs; step++) {
        const [term, more] = [inside(theta, start), outside(theta)]
        const slope = gradient(who, theta).map((g, i) => (trains && !trains.includes(i) ? 0 : g + term[i]))
        theta = theta.map((t, i) => (trains && !trains.includes(i) ? t : t - rate * (short(clip, slope)[i] + more[i])))
      }
      return theta
    }

    it.each(rules)('SGD, %o: the gradient of all parameters at once', async (clip) => {
      const { initial, common } = await flown(engine, fedAvg(), 2, clients, { local: { ...usual, optimizer: sgd(rate), clip } })
      const round = (w: readonly number[]) => mean(clients.map((one) => trained(one, w, clip)))
      close(common, round(round(initial)))
    })

    it.each(rules)('%o: L2 and the proximal term are in the loss, weight decay is the optimizer’s', async (clip) => {
      const local = { ...usual, optimizer: sgd(rate, { weightDecay: 0.3 }), l2: { tower: 0.4 }, clip }
      const { initial, common } = await flown(engine, fedProx({ mu: 0.5 }), 1, clients, { local })
      const inside = (theta: readonly number[], start: readonly number[]) =>
        theta.map((t, i) => 0.5 * (t - start[i]) + (head.includes(i) ? 0.4 * t : 0))
      const outside = (theta: readonly number[]) => theta.map((t) => 0.3 * t)
      close(common, mean(clients.map((one) => trained(one, initial, clip, { inside, outside }))))
    })

    it('a leg that trains some segments is as long as those are', async () => {
      const clip = { norm: 0.1 }
      const { initial, common } = await flown(engine, fedRep(), 1, clients, {
        local: { ...usual, optimizer: sgd(rate), clip },
      })
      const body = [0, 1, 2, 3, 4, 5]
      const own = clients.map((one) => {
        const tuned = trained(one, initial, clip, { trains: head })
        return trained(one, tuned, clip, { trains: body })
      })
      close(common, mean(own).slice(0, 6))
    })

    it('the correction of SCAFFOLD comes after', async () => {
      const clip = { norm: 0.2 }
      const { initial, common } = await flown(engine, scaffold(), 2, clients, { local: { ...usual, optimizer: sgd(rate), clip } })
      const first = clients.map((one) => trained(one, initial, clip))
      const even = (models: readonly (readonly number[])[]) => initial.map((_, i) => models.reduce((sum, m) => sum + m[i] / models.length, 0))
      const one = even(first)
      const variates = clients.map(({ epochs }, k) => initial.map((w, i) => (w - first[k][i]) / (epochs * rate)))
      const server = even(variates)
      const second = clients.map((who, k) => trained(who, one, clip, { outside: () => server.map((c, i) => c - variates[k][i]) }))
      close(common, even(second))
    })
  })
})

describe('the traced step', () => {
  const opened: Engine[] = []
  const open = async (engine: EngineName, workers = 0): Promise<Engine> => {
    const made = await openEngine({ engine, workers })
    opened.push(made)
    return made
  }
  afterAll(() => Promise.all(opened.map((engine) => engine.close())))
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    const largest = Array.from(b).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9)
    return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0) / largest
  }
  const balanced = (kind: 'pcgrad' | 'uncertainty', changes: Partial<Training>): Training => {
    const plain = { ...trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3 }) }), ...changes }
    return { ...plain, balancer: buildBalancer(balancerSchema.parse({ kind }), plain.layout, plain.tasks) }
  }
  const trainings: [string, (changes: Partial<Training>) => Training][] = [
    ['Adam', (changes) => ({ ...trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3 }) }), ...changes })],
    ['PCGrad', (changes) => balanced('pcgrad', changes)],
    ['uncertainty weighting', (changes) => balanced('uncertainty', changes)],
  ]

  it.each(trainings)('gives the same bits alone, in cohorts and in any chunks, and what plain tfjs gives: %s', async (_, training) => {
    for (const clip of [{ norm: 0.05 }, { value: 0.01 }] satisfies Clip[]) {
      const engine = await open('onnx')
      const free = (await trainAll(engine, await jobsOf(engine, training({ chunk: 2 }), 3))).map(bitsOf)
      const jobs = await jobsOf(await open('onnx'), training({ chunk: 1, cohort: 1, clip }), 3)
      const alone = await trainAll(opened.at(-1)!, jobs)
      expect(alone.map(bitsOf)).not.toEqual(free)
      for (const other of [{ chunk: 2, cohort: 3 }, { chunk: 3, cohort: 2 }]) {
        const again = await open('onnx')
        const got = await trainAll(again, await jobsOf(again, training({ ...other, clip }), 3))
        expect(got.map(bitsOf)).toEqual(alone.map(bitsOf))
      }
      const eager = await open('tfjs')
      const wanted = await trainAll(eager, await jobsOf(eager, training({ clip }), 3))
      alone.forEach(({ parameters }, i) => expect(distance(parameters, wanted[i].parameters)).toBeLessThan(2e-4))
    }
  })
})
