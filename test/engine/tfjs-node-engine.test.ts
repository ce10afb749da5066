import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Disturbance } from '../../src/engine/workers/workers.js'
import type { Engine, ScoreResult, TrainJob, TrainResult, Training } from '../../src/engine/engine.js'
import { openEngine, type EngineName } from '../../src/engine/open.js'
import { adam, sgd } from '../../src/engine/program/optimizer.js'
import { bitsOf, jobsOf, scoreJobsOf, tableOf, trainAll, trainingOf } from './flight.js'
import { nativeHere } from './native.js'

const opened: Engine[] = []
const open = async (engine: EngineName, workers = 0, disturb?: Disturbance): Promise<Engine> => {
  const it = await openEngine({ engine, workers, disturb })
  opened.push(it)
  return it
}
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

const native = await nativeHere('tests of the engines tfjs-node and tfjs-node-eager')

/** The largest difference of two vectors, relative to the second one's largest value. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const largest = Array.from(b).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9)
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0) / largest
}

/** How far engines may be apart after the handful of steps that these jobs take. */
const tolerance = 2e-4

interface Flown {
  readonly trained: unknown[]
  readonly scored: ScoreResult[]
}

/** Two batches of training, the second on kept state, and one of scoring. */
const fly = async (engine: Engine, training: Training = trainingOf({ cohort: 3 })): Promise<Flown> => {
  const jobs = await jobsOf(engine, training, 8)
  const first = await trainAll(engine, jobs)
  const next = jobs.map((job, i) => ({ ...job, parameters: first[i].parameters, optimizer: first[i].optimizer }))
  const second = await trainAll(engine, next)
  expect([...first[0].parameters]).not.toEqual([...second[0].parameters])
  const scored = await Promise.all(engine.score(scoreJobsOf(jobs, second.map((result) => result.parameters))))
  return { trained: [...first, ...second].map(bitsOf), scored }
}

const alone = native ? open('tfjs-node').then((engine) => fly(engine)) : undefined

describe.skipIf(!native)('native engines', () => {
  it.each([
    // A bias under batch norm has rounding errors for a gradient; with a small epsilon Adam would make steps of them.
    ['Adam', trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3 }) })],
    ['SGD with momentum and a proximal term', trainingOf({
      optimizer: sgd(0.05, { momentum: 0.9 }), proximal: true, proximalSegments: ['bottom.1.weight'], chunk: 2,
    })],
  ])('agree with onnx: embeddings, batch norm, dropout, ragged batches, epochs, kept state, %s', async (_, training) => {
    const results = async (name: EngineName): Promise<TrainResult[]> => {
      const engine = await open(name)
      const jobs = await jobsOf(engine, training, 3)
      const more = (job: TrainJob, i: number): TrainJob =>
        training.proximal ? { ...job, mu: 0.1 * i, anchor: jobs[0].parameters } : job
      return trainAll(engine, jobs.map(more))
    }
    const wanted = await results('onnx')
    for (const name of ['tfjs-node', 'tfjs-node-eager'] as const) {
      for (const [i, { parameters, losses, optimizer, steps, examples }] of (await results(name)).entries()) {
        expect(distance(parameters, wanted[i].parameters), name).toBeLessThan(tolerance)
        expect(distance(losses, wanted[i].losses), name).toBeLessThan(tolerance)
        for (const [slot, values] of Object.entries(wanted[i].optimizer.slots)) {
          expect(distance(optimizer.slots[slot], values), `${name}, ${slot}`).toBeLessThan(tolerance)
        }
        const { optimizer: { steps: taken } } = wanted[i]
        expect([steps, examples, optimizer.steps]).toEqual([wanted[i].steps, wanted[i].examples, taken])
      }
    }
  })

  it('agree on scores, which are the same bits in any company', async () => {
    const scores = async (name: EngineName): Promise<ScoreResult[]> => {
      const engine = await open(name)
      const jobs = scoreJobsOf(await jobsOf(engine, trainingOf({ cohort: 3 }), 5))
      await engine.register('many', tableOf(700, 77))
      const all = [{ ...jobs[0], data: 'many' }, ...jobs]
      const together = await Promise.all(engine.score(all))
      for (const [i, job] of all.entries()) expect(await engine.score([job])[0]).toEqual(together[i])
      return together
    }
    const wanted = await scores('tfjs')
    for (const name of ['tfjs-node', 'tfjs-node-eager'] as const) {
      for (const [i, result] of (await scores(name)).entries()) {
        result.scores.forEach((values, task) => {
          expect(values.length).toBe(wanted[i].scores[task].length)
          expect(distance(values, wanted[i].scores[task])).toBeLessThan(1e-5)
        })
      }
    }
  })

  it('name the versions that decide their bits', async () => {
    for (const name of ['tfjs-node', 'tfjs-node-eager'] as const) {
      const { versions } = await open(name)
      expect(versions).toEqual({
        '@tensorflow/tfjs-node': expect.stringMatching(/^4\.22\./), libtensorflow: expect.stringMatching(/^2\.\d+\.\d+/),
      })
    }
  })
})

describe.skipIf(!native)('the tfjs-node engine', () => {
  it('gives a client the same bits alone and in cohorts of 2, 3, 7 and 20, with rates of their own', async () => {
    const bits: unknown[][] = []
    const engine = await open('tfjs-node')
    const jobs = await jobsOf(engine, trainingOf(), 20, 1.5)
    for (const cohort of [1, 2, 3, 7, 20]) {
      await engine.prepare(trainingOf({ cohort }))
      bits.push((await trainAll(engine, jobs)).map(bitsOf))
    }
    for (const other of bits.slice(1)) expect(other).toEqual(bits[0])
  })

  it.each([1, 5, 7, 17])('does so at batch size %i too', async (batch) => {
    const engine = await open('tfjs-node')
    const jobs = await jobsOf(engine, trainingOf({ batch }), 3, 0.5)
    const together = (await trainAll(engine, jobs)).map(bitsOf)
    for (const [i, job] of jobs.entries()) expect((await trainAll(engine, [job])).map(bitsOf)).toEqual([together[i]])
  })

  it('cuts training into chunks of any size to the same bits', async () => {
    const results: unknown[][] = []
    for (const chunk of [1, 2, 5]) {
      const engine = await open('tfjs-node')
      results.push((await trainAll(engine, await jobsOf(engine, trainingOf({ chunk }), 4))).map(bitsOf))
    }
    for (const other of results.slice(1)) expect(other).toEqual(results[0])
  })

  it.each([1, 2])('gives the bits of this process in %i child processes', async (workers) => {
    expect(await fly(await open('tfjs-node', workers))).toEqual(await alone)
  })

  it('does so when processes are killed in mid-job', async () => {
    const killed: string[] = []
    const kill = (cohort: number, attempt: number): boolean => {
      const dies = (cohort % 3 === 0 && attempt === 0) || (cohort === 4 && attempt < 2)
      if (dies) killed.push(`${cohort}.${attempt}`)
      return dies
    }
    expect(await fly(await open('tfjs-node', 2, { kill }))).toEqual(await alone)
    expect(killed.sort()).toEqual(['0.0', '3.0', '4.0', '4.1', '6.0'])
  })
})

describe('without the native library', () => {
  it('asking for the engine names the command that builds it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
    const hidden = join(folder, 'hidden.cjs')
    // What a child process sees where the package is not installed.
    writeFileSync(hidden, `
      const Module = require('node:module')
      const resolve = Module._resolveFilename
      Module._resolveFilename = function (name, ...more) {
        if (name === '@tensorflow/tfjs-node') throw new Error("Cannot find module '" + name + "'")
        return resolve.call(this, name, ...more)
      }
    `)
    vi.stubEnv('NODE_OPTIONS', `--require ${hidden}`)
    try {
      await expect(openEngine({ engine: 'tfjs-node', workers: 2 })).rejects.toThrow(/npm run native-tensorflow/)
    } finally {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    }
  })
})
