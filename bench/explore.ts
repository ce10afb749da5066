import { isMainThread, parentPort, Worker } from 'node:worker_threads'

import { Explorer } from '../src/lab/explore/explorer.js'
import { fedAvg, deadline, mbps, minutes, mmoe, ms, sgd } from '../src/simulation/script.js'
import { resourceLimits } from '../src/runs/threads.js'
import type { Specification } from '../src/simulation/specification.js'
import { storefronts } from '../scenarios/index.js'
import { cpuSeconds, median } from './measure.js'

/** Twelve clients, two expert networks, six rounds. */
const specification: Specification = {
  world: storefronts({ scenarios: 12, impressions: 1200 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: minutes(1) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
}

const PLANS = 100
const TURNS = 7

/** Cases per CPU-second of this process, in turns. */
const measured = async (): Promise<readonly number[]> => {
  const explorer = new Explorer(specification, {
    rounds: 6, cwd: process.cwd(), chance: 'bench', vary: ['rounds', 'delivery', 'checkpoint', 'selection', 'calm'],
  })
  // Threads are warm after a few hundred cases; set-ups and compilation are no part of what is measured.
  for (let nth = 0; nth < PLANS; nth++) await explorer.fly({ nth })
  const rates: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const begin = cpuSeconds()
    for (let nth = 0; nth < PLANS; nth++) await explorer.fly({ nth: (turn + 1) * PLANS + nth })
    rates.push(PLANS / (cpuSeconds() - begin))
  }
  return rates
}

if (!isMainThread) parentPort!.postMessage(await measured(), [])

/**
 * Cases that are drawn and flown per CPU-second, without training: every fault, every kind of rounds, every check on, a
 * tenth of them twice. Of twelve clients always, so that the number means what it says. In a thread like those that explore.
 */
export const run = async (): Promise<{ plansPerCpuSecond: number }> => {
  const rates = await new Promise<readonly number[]>((resolve, reject) => {
    new Worker(new URL(import.meta.url), { resourceLimits }).once('message', resolve).once('error', reject)
  })
  console.log(`cases per CPU-second: median ${median(rates).toFixed(0)}, worst ${Math.min(...rates).toFixed(0)}, best ${Math.max(...rates).toFixed(0)}`)
  return { plansPerCpuSecond: Math.round(median(rates)) }
}
