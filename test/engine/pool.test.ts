import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { Disturbance } from '../../src/engine/workers/workers.js'
import type { Engine, ScoreResult } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { streams } from '../../src/random/streams.js'
import { bitsOf, jobsOf, scoreJobsOf, trainAll, trainingOf } from './flight.js'

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

interface Flown {
  readonly trained: unknown[]
  readonly scored: ScoreResult[]
}

/** Two batches of training and one of scoring, in cohorts of 3. */
const fly = async (workers: number, disturb?: Disturbance): Promise<Flown> => {
  const engine = await openEngine({ workers, disturb })
  opened.push(engine)
  const jobs = await jobsOf(engine, trainingOf({ cohort: 3 }), 8)
  const first = await trainAll(engine, jobs)
  const next = jobs.map((job, i) => ({ ...job, parameters: first[i].parameters, optimizer: first[i].optimizer }))
  const second = await trainAll(engine, next)
  const scored = engine.score(
    scoreJobsOf(jobs, second.map((result) => result.parameters)),
  )
  expect([...first[0].parameters]).not.toEqual([...second[0].parameters])
  return { trained: [...first, ...second].map(bitsOf), scored: await Promise.all(scored) }
}

const alone = fly(0)

describe('a pool', () => {
  it.each([1, 2])('of %i gives the bits that this thread gives', async (workers) => {
    expect(await fly(workers)).toEqual(await alone)
  })

  it('does so however long each cohort takes', async () => {
    const draw = streams('delays')()
    expect(await fly(2, { delay: () => Math.floor(draw() * 30) })).toEqual(await alone)
  })

  it('replaces workers that die and runs their cohorts again', async () => {
    const killed: string[] = []
    const kill = (cohort: number, attempt: number): boolean => {
      const dies = (cohort % 3 === 0 && attempt === 0) || (cohort === 4 && attempt < 2)
      if (dies) killed.push(`${cohort}.${attempt}`)
      return dies
    }
    expect(await fly(2, { kill })).toEqual(await alone)
    expect(killed.sort()).toEqual(['0.0', '3.0', '4.0', '4.1', '6.0'])
  })

  it('gives up on a cohort that kills three workers, and says so', async () => {
    const engine = await openEngine({ workers: 1, disturb: { kill: () => true } })
    opened.push(engine)
    const [result] = engine.train(await jobsOf(engine, trainingOf(), 1))
    await expect(result).rejects.toThrow(/client 'client-0', program .*3 worker threads died of the same cohort/)
  })

  it('can be closed in the middle of training', async () => {
    const engine = await openEngine({ workers: 2 })
    const jobs = await jobsOf(engine, trainingOf({ cohort: 1 }), 6, 20)
    await engine.train(jobs)[5]
    const results = engine.train(jobs)
    await engine.train([jobs[0]])[0]
    await engine.close()
    const ends = await Promise.allSettled([...results, ...engine.train(jobs)])
    for (const end of ends.slice(-6)) expect(end).toMatchObject({ status: 'rejected' })
    for (const end of ends) if (end.status === 'rejected') expect(end.reason.message).toContain('the engine was closed')
  })

  it('lets the process end in the middle of native code with the exit code it chose', () => {
    const script = fileURLToPath(new URL('./exit-while-training.ts', import.meta.url))
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const { status, stderr } = spawnSync(process.execPath, ['--import', loader, script], { encoding: 'utf8' })
    expect({ status, aborted: stderr.includes('terminate') }).toEqual({ status: 3, aborted: false })
  })

  it('leaves the caller its vectors, however large', async () => {
    const engine = await openEngine({ workers: 1 })
    opened.push(engine)
    const training = trainingOf({ cohort: 2 })
    const [job] = await jobsOf(engine, training, 1)
    const store = new Float32Array(training.layout.size + 40_000)
    const view = store.subarray(40_000)
    view.set(job.parameters)
    const [viewed, plain] = await trainAll(engine, [{ ...job, parameters: view }, job])
    expect(bitsOf(viewed)).toEqual(bitsOf(plain))
    expect(view).toEqual(job.parameters)
    expect(store.length).toBe(training.layout.size + 40_000)
  })
})
