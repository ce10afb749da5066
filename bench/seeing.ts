import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { simulate } from '../src/runs/simulate.js'
import { writeTimeline } from '../src/report/timeline/write-timeline.js'
import { writeReport } from '../src/report/page/write-report.js'
import { crash, deadline, fedAvg, fraction, lose, minutes, mmoe, seconds, sgd, slow } from '../src/simulation/script.js'
import { storefronts } from '../scenarios/index.js'
import { cpuSeconds, row } from './measure.js'

const EVENTS = [100_000, 1_000_000]

interface Line {
  readonly at: number
  readonly id?: number
  readonly round?: number
  readonly until?: number
}

/** The events of a small flight, one flight after the other, until there are so many. */
const repeated = (events: readonly Line[], count: number, path: string): void => {
  const file = openSync(path, 'w')
  const [last, ids, rounds] = [events.at(-1)!.at + 1, events.length, 10]
  for (let n = 0, nth = 0; n < count; nth++) {
    const lines = events.slice(0, count - n).map((line) => JSON.stringify({
      ...line, at: line.at + nth * last,
      ...(line.id !== undefined && { id: line.id + nth * ids }),
      ...(line.round !== undefined && { round: line.round + nth * rounds }),
      ...(line.until !== undefined && { until: line.until + nth * last }),
    }))
    writeSync(file, `${lines.join('\n')}\n`)
    n += lines.length
  }
  closeSync(file)
}

/** The report of a run of 200 rounds and 100 clients. */
const report = async (folder: string): Promise<Record<string, number>> => {
  await simulate({
    world: storefronts({ scenarios: 100, impressions: 60 }), model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
    local: { epochs: 1, batch: 32, optimizer: sgd(0.1) }, strategy: fedAvg(), rounds: deadline({ count: 200, after: minutes(1), quorum: 1 }),
    faults: [lose({ from: 'client', to: 'aggregator' }, { probability: 0.1 }), slow(fraction(0.2), { by: 5 }), crash('client-store-7', { at: seconds(30), restartAfter: minutes(2) })],
  }, { seed: 1, engine: 'surrogate', workers: 1, out: folder })
  const [begin, wall] = [cpuSeconds(), performance.now()]
  const { bytes } = await writeReport([folder], `${folder}.html`)
  const [cpu, real] = [cpuSeconds() - begin, (performance.now() - wall) / 1e3]
  console.log(row('report', 'CPU seconds', 'seconds', 'MB'))
  console.log(row('200 rounds, 100 clients', cpu.toFixed(2), real.toFixed(2), (bytes / 1e6).toFixed(2)))
  return { cpuSeconds: Number(cpu.toFixed(2)), seconds: Number(real.toFixed(2)), bytes }
}

/** What a timeline of a million events takes, and what of memory ten times as many take more. */
export const run = async (): Promise<Record<string, unknown>> => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-seeing-'))
  try {
    await simulate({
      world: storefronts({ scenarios: 12, impressions: 400 }), model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
      local: { epochs: 1, batch: 32, optimizer: sgd(0.1) }, strategy: fedAvg(), rounds: deadline({ count: 10, after: minutes(1) }),
    }, { seed: 1, engine: 'surrogate', workers: 1, out: join(folder, 'flight') })
    const events = readFileSync(join(folder, 'flight', 'events.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Line)
    const manifest = JSON.parse(readFileSync(join(folder, 'flight', 'manifest.json'), 'utf8')) as Record<string, unknown>
    // What is made here nobody vouches for.
    const { files: _, sha256: __, ...about } = manifest
    writeFileSync(join(folder, 'flight', 'manifest.json'), JSON.stringify(about))
    console.log(row('timeline', 'CPU seconds', 'events a CPU-second', 'MB kept'))
    const timeline: Record<string, { seconds: number; keptBytes: number }> = {}
    for (const count of EVENTS) {
      repeated(events, count, join(folder, 'flight', 'events.ndjson'))
      let most = 0
      globalThis.gc?.()
      const before = process.memoryUsage().heapUsed
      const begin = cpuSeconds()
      await writeTimeline(join(folder, 'flight'), join(folder, 'flight.pftrace'), () => {
        globalThis.gc?.()
        most = Math.max(most, process.memoryUsage().heapUsed)
      })
      const spent = cpuSeconds() - begin
      const keptBytes = Math.max(0, most - before)
      timeline[String(count)] = { seconds: Number(spent.toFixed(2)), keptBytes }
      console.log(row(String(count), spent.toFixed(2), (count / spent).toFixed(0), (keptBytes / 1e6).toFixed(1)))
    }
    return { timeline, report: await report(join(folder, 'large')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
