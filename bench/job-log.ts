import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { storefronts } from '../scenarios/index.js'
import { loadWorld } from '../scenarios/registry.js'
import { openEngine } from '../src/engine/open.js'
import { RecallingEngine } from '../src/engine/recalling/recalling-engine.js'
import { ready } from '../src/flight/fly.js'
import { setUp } from '../src/flight/setup.js'
import { realDisk } from '../src/runs/disk.js'
import { JobLog } from '../src/runs/jobs/job-log.js'
import { makerOf } from '../src/runs/jobs/maker.js'
import { thisProcessor } from '../src/runs/processor.js'
import { resolve } from '../src/simulation/resolve.js'
import { adam, deadline, fedAvg, minutes, mmoe } from '../src/simulation/script.js'
import type { Specification } from '../src/simulation/specification.js'
import { mb1Flight } from './mb1.js'
import { cpuSeconds, median, row } from './measure.js'

/** The first flight without its weather: a training of some milliseconds, and everybody is scored after each round. */
const storefront: Specification = {
  world: storefronts({ scenarios: 6, impressions: 20_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 4, expert: [64, 32], tower: [16] }),
  local: { epochs: 1, batch: 256, optimizer: adam(1e-3) },
  strategy: fedAvg(),
  rounds: deadline({ count: 20, after: minutes(5) }),
}

const TURNS = 15

interface Cost {
  /** CPU seconds of a flight without a log. */
  readonly alone: number
  /** In percent of that: with a log that is written, and with one in which every job is found. */
  readonly writing: number
  readonly reading: number
  readonly bytes: number
  readonly jobs: number
}

const costOf = async (specification: Specification, warmUp: number): Promise<Cost> => {
  const resolved = resolve(specification, { seed: 1 })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const engine = new RecallingEngine(await openEngine({ engine: 'onnx', workers: 0 }))
  const setup = await setUp(resolved, world, engine)
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-job-log-'))
  const maker = makerOf({ engine: 'onnx', processor: thisProcessor(), versions: {} })
  const timed = async (log: JobLog | undefined): Promise<number> => {
    engine.use(log)
    const simulator = await ready(setup, { engine })
    const begin = cpuSeconds()
    await simulator.fly()
    log?.flush()
    return cpuSeconds() - begin
  }
  const shares = { writing: [] as number[], reading: [] as number[] }
  const alone: number[] = []
  let size = { jobs: 0, bytes: 0 }
  for (let turn = 0; turn < warmUp + TURNS; turn++) {
    const bare = await timed(undefined)
    const log = JobLog.open(folder, maker, realDisk)
    const writing = await timed(log)
    size = log.size
    const reading = await timed(JobLog.open(folder, maker, realDisk))
    log.remove()
    if (turn < warmUp) continue
    alone.push(bare)
    shares.writing.push(writing / bare)
    shares.reading.push(reading / bare)
  }
  await engine.close()
  rmSync(folder, { recursive: true })
  return { alone: median(alone), writing: 100 * median(shares.writing), reading: 100 * median(shares.reading), ...size }
}

export const run = async (): Promise<Record<string, Cost>> => {
  const begin = cpuSeconds()
  makerOf({ engine: 'onnx', processor: thisProcessor(), versions: {} })
  console.log(`once a run, the hash of the code that trains: ${((cpuSeconds() - begin) * 1e3).toFixed(0)} ms`)
  const results = { 'MB-1': await costOf(mb1Flight, 12), storefronts: await costOf(storefront, 3) }
  console.log(row('flight', 'CPU s', 'writing %', 'reading %', 'jobs', 'kB a job'))
  for (const [name, { alone, writing, reading, jobs, bytes }] of Object.entries(results)) {
    console.log(row(name, alone.toFixed(3), writing.toFixed(1), reading.toFixed(1), jobs, (bytes / jobs / 1e3).toFixed(1)))
  }
  return results
}
