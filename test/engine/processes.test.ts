import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { CohortEngine } from '../../src/engine/workers/cohort-engine.js'
import type { Disturbance } from '../../src/engine/workers/workers.js'
import { Processes } from '../../src/engine/workers/processes.js'
import type { Engine, ScoreResult } from '../../src/engine/engine.js'
import { compileOnnx } from '../../src/engine/onnx/compile.js'
import { openEngine } from '../../src/engine/open.js'
import { Programs } from '../../src/engine/program/programs.js'
import { streams } from '../../src/random/streams.js'
import { bitsOf, jobsOf, scoreJobsOf, trainAll, trainingOf } from './flight.js'

/* Child processes as workers, on ONNX Runtime, so that it is tested where TensorFlow is missing too. */

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

const open = (workers: number, disturb?: Disturbance): Engine => {
  const programs: Programs = new Programs('onnx', (graph) => compileOnnx(graph))
  const engine = new CohortEngine('onnx', programs, new Processes(workers, 'onnx', programs, disturb))
  opened.push(engine)
  return engine
}

interface Flown {
  readonly trained: unknown[]
  readonly scored: ScoreResult[]
}

/** Two batches of training, the second on kept state, and one of scoring, in cohorts of 3. */
const fly = async (engine: Engine): Promise<Flown> => {
  const jobs = await jobsOf(engine, trainingOf({ cohort: 3 }), 8)
  const first = await trainAll(engine, jobs)
  const next = jobs.map((job, i) => ({ ...job, parameters: first[i].parameters, optimizer: first[i].optimizer }))
  const second = await trainAll(engine, next)
  const scored = engine.score(scoreJobsOf(jobs, second.map((result) => result.parameters)))
  for (const { parameters, losses } of second) {
    expect(parameters.byteLength).toBe(parameters.buffer.byteLength)
    expect(losses.byteLength).toBe(losses.buffer.byteLength)
  }
  return { trained: [...first, ...second].map(bitsOf), scored: await Promise.all(scored) }
}

const alone = openEngine({ workers: 0 }).then(fly)

describe('worker processes', () => {
  it('of 1 gives the bits that this thread gives', async () => {
    expect(await fly(open(1))).toEqual(await alone)
  })

  it('of 2 does so, however long each cohort takes', async () => {
    const draw = streams('delays')()
    expect(await fly(open(2, { delay: () => Math.floor(draw() * 30) }))).toEqual(await alone)
  })

  it('replaces processes that die and runs their cohorts again', async () => {
    const killed: string[] = []
    const kill = (cohort: number, attempt: number): boolean => {
      const dies = (cohort % 3 === 0 && attempt === 0) || (cohort === 4 && attempt < 2)
      if (dies) killed.push(`${cohort}.${attempt}`)
      return dies
    }
    expect(await fly(open(2, { kill }))).toEqual(await alone)
    expect(killed.sort()).toEqual(['0.0', '3.0', '4.0', '4.1', '6.0'])
  })

  it('replaces processes that are killed from outside while they are idle', async () => {
    const engine = open(2)
    const jobs = await jobsOf(engine, trainingOf({ cohort: 1 }), 4)
    const before = (await trainAll(engine, jobs)).map(bitsOf)
    const pids = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'workers/child'], { encoding: 'utf8' }).stdout
    const children = pids.trim().split('\n').map(Number)
    expect(children.length).toBeGreaterThanOrEqual(2)
    for (const pid of children) process.kill(pid, 'SIGKILL')
    expect((await trainAll(engine, jobs)).map(bitsOf)).toEqual(before)
  })

  it('says so when no process comes to work', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
    writeFileSync(join(folder, 'dies.cjs'), "process.kill(process.pid, 'SIGKILL')")
    vi.stubEnv('NODE_OPTIONS', `--require ${join(folder, 'dies.cjs')}`)
    try {
      const engine = open(2)
      const [result] = engine.train(await jobsOf(engine, trainingOf(), 1))
      await expect(result).rejects.toThrow('worker processes of the engine cannot be started, or die at once')
    } finally {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    }
  })

  it('gives up on a cohort that kills three, and says so', async () => {
    const engine = open(1, { kill: () => true })
    const [result] = engine.train(await jobsOf(engine, trainingOf(), 1))
    await expect(result).rejects.toThrow(/client 'client-0', program .*3 worker processes died of the same cohort/)
  })

  it('can be closed in the middle of training, before it has begun, and twice', async () => {
    const engine = open(2)
    const jobs = await jobsOf(engine, trainingOf({ cohort: 1 }), 6, 20)
    await engine.train(jobs)[5]
    const results = engine.train(jobs)
    await engine.train([jobs[0]])[0]
    await engine.close()
    const ends = await Promise.allSettled([...results, ...engine.train(jobs)])
    for (const end of ends.slice(-6)) expect(end).toMatchObject({ status: 'rejected' })
    for (const end of ends) if (end.status === 'rejected') expect(end.reason.message).toContain('the engine was closed')
    await engine.close()
    await open(1).close()
  })

  it.each([['exits', 3, null], ['is killed', null, 'SIGKILL']])(
    'leaves no process and no file behind when its owner %s in mid-training',
    (how, status, signal) => {
      const script = fileURLToPath(new URL('./end-while-processes-train.ts', import.meta.url))
      const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
      const folder = mkdtempSync(join(tmpdir(), 'windtunnel-test-'))
      const env = { ...process.env, TMPDIR: folder }
      // The children hold standard error: this returns when the last of them is gone, or after a minute.
      const options = { encoding: 'utf8', timeout: 60_000, env } as const
      const end = spawnSync(process.execPath, ['--import', loader, script, how], options)
      const found = readdirSync(folder).filter((name) => name.startsWith('windtunnel-'))
      rmSync(folder, { recursive: true })
      expect({ status: end.status, signal: end.signal, error: end.error }).toEqual({ status, signal, error: undefined })
      expect({ errors: end.stderr, tables: end.stdout, found }).toEqual({ errors: '', tables: 'there', found: [] })
    },
  )

  it('reports what a child cannot do', async () => {
    const programs: Programs = new Programs('onnx', (graph) => ({ ...compileOnnx(graph), bytes: new Uint8Array(9) }))
    const engine = new CohortEngine('onnx', programs, new Processes(1, 'onnx', programs))
    opened.push(engine)
    const [result] = engine.train(await jobsOf(engine, trainingOf(), 1))
    await expect(result).rejects.toThrow(/client 'client-0', program .*protobuf/i)
  })

  it('leaves the caller its vectors, and takes views', async () => {
    const engine = open(1)
    const training = trainingOf({ cohort: 2 })
    const [job] = await jobsOf(engine, training, 1)
    const store = new Float32Array(training.layout.size + 40_001)
    const view = store.subarray(40_001)
    view.set(job.parameters)
    const [viewed, plain] = await trainAll(engine, [{ ...job, parameters: view }, job])
    expect(bitsOf(viewed)).toEqual(bitsOf(plain))
    expect(view).toEqual(job.parameters)
  })
})
