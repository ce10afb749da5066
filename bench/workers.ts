import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { kuairand, storefronts } from '../scenarios/index.js'
import { loadWorld } from '../scenarios/registry.js'
import { openEngine } from '../src/engine/open.js'
import type { World } from '../src/data/world.js'
import { setUp } from '../src/flight/setup.js'
import { flySetup } from '../src/flight/fly.js'
import { resolve } from '../src/simulation/resolve.js'
import { adam, fedAvg, mmoe, synchronous } from '../src/simulation/script.js'
import type { EngineName } from '../src/engine/open.js'
import { median, row } from './measure.js'
import { nativeHere } from './native.js'

const DATA = '../shared/data/kuairand_pure'

/** The simulation of this bench: eight storefronts of equal size, three rounds. */
export const equalClients = resolve({
  world: storefronts({ scenarios: 8, impressions: 40_000 }),
  model: mmoe({ embedding: 8, experts: 4, expert: [64, 32], tower: [16] }),
  local: { epochs: 1, batch: 256, optimizer: adam(1e-3) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  evaluate: { start: false, every: 1000, final: false },
})

interface Flown {
  readonly seconds: number
  readonly digest: string
}

interface Warm {
  readonly flight: () => Promise<Flown>
  readonly close: () => Promise<void>
}

/** Flights of eight equal clients on an engine that has flown before: wall seconds of the rounds alone, and the digest. */
export const warm = async (world: World, workers: number, name: EngineName): Promise<Warm> => {
  const engine = await openEngine({ engine: name, workers })
  const setup = await setUp(equalClients, world, engine)
  const flight = async (): Promise<Flown> => {
    const begin = performance.now()
    const { digest } = await flySetup(setup, { engine })
    return { seconds: (performance.now() - begin) / 1000, digest }
  }
  await flight()
  return { flight, close: () => engine.close() }
}

const FLIGHTS = 5

/** How many times the flights of one process two processes make that share nothing: what this machine has to give. */
const ceiling = async (): Promise<number> => {
  const script = fileURLToPath(new URL('workers-alone.js', import.meta.url))
  const alone = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(FLIGHTS)])
    return median(JSON.parse(stdout.trim().split('\n').at(-1)!) as number[])
  }
  const ratios: number[] = []
  for (let turn = 0; turn < 3; turn++) {
    const one = await alone()
    const [a, b] = await Promise.all([alone(), alone()])
    ratios.push((4 * one) / (a + b))
  }
  return median(ratios)
}

/** On KuaiRand one page holds most rows, and a round lasts as long as its longest client. */
const largestPage = async (): Promise<void> => {
  if (!existsSync(DATA)) return console.log('KuaiRand-Pure is not beside the checkout: its largest page is not shown')
  const { scenarios } = await loadWorld(kuairand(), { seed: '1', dataDir: DATA, cwd: process.cwd() })
  const rows = scenarios.map(({ train }) => train.rows)
  const share = Math.max(...rows) / rows.reduce((a, b) => a + b, 0)
  console.log(
    `on KuaiRand the largest page has ${(100 * share).toFixed(1)} % of a round's training rows: ` +
      `two workers can gain at most ${(1 / Math.max(share, 0.5)).toFixed(2)} there`,
  )
}

interface Speed {
  readonly speedUp: number
  readonly sameDigest: boolean
}

/** One worker against two, in turn. */
const compare = async (world: World, name: EngineName, [single, plural]: readonly [string, string]): Promise<Speed> => {
  const [alone, pair] = [await warm(world, 1, name), await warm(world, 2, name)]
  const one: Flown[] = []
  const two: Flown[] = []
  for (let i = 0; i < FLIGHTS; i++) {
    one.push(await alone.flight())
    two.push(await pair.flight())
  }
  await alone.close()
  await pair.close()
  const sameDigest = new Set([...one, ...two].map(({ digest }) => digest)).size === 1
  const [a, b] = [median(one.map(({ seconds }) => seconds)), median(two.map(({ seconds }) => seconds))]
  const speedUp = median(one.map(({ seconds }, i) => seconds / two[i].seconds))
  console.log(row(`1 ${single}`, a.toFixed(2), '1.00'))
  console.log(row(`2 ${plural}`, b.toFixed(2), speedUp.toFixed(2)))
  console.log(`digests are ${sameDigest ? 'the same' : 'NOT the same'}`)
  return { speedUp: Number(speedUp.toFixed(2)), sameDigest }
}

/** Worker threads on ONNX Runtime; processes on native TensorFlow, null where that is missing. */
export const run = async (): Promise<Speed & { processes: Speed | null }> => {
  const world = await loadWorld(equalClients.world, { seed: equalClients.seeds.world, cwd: process.cwd() })
  console.log(row(`eight equal clients, ${availableParallelism()} cores`, 'wall s', 'speed-up'))
  const threads = await compare(world, 'onnx', ['thread', 'threads'])
  const processes = nativeHere() ? await compare(world, 'tfjs-node', ['process', 'processes']) : null
  const most = (await ceiling()).toFixed(2)
  console.log(`two processes that share nothing make ${most} times the flights of one on this machine`)
  await largestPage()
  return { ...threads, processes }
}
