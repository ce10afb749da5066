import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'

import { kuairand, storefronts } from '../scenarios/index.js'
import { loadWorld } from '../scenarios/registry.js'
import { openEngine } from '../src/engine/open.js'
import { fly } from '../src/federation/flight.js'
import { resolve } from '../src/simulation/resolve.js'
import { adam, fedAvg, mmoe, synchronous } from '../src/simulation/script.js'
import type { EngineName } from '../src/engine/open.js'
import { median, row } from './measure.js'
import { nativeHere } from './native.js'

const DATA = new URL('../../shared/data/kuairand_pure', import.meta.url).pathname

/** Wall seconds and digest of one flight of eight equal clients; the engine is warm, the flight is the second. */
const turn = async (workers: number, name: EngineName = 'onnx'): Promise<{ seconds: number; digest: string }> => {
  const resolved = resolve({
    world: storefronts({ scenarios: 8, impressions: 20_000 }),
    model: mmoe({ embedding: 8, experts: 4, expert: [64, 32], tower: [16] }),
    local: { epochs: 1, batch: 256, optimizer: adam(1e-3) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 3 }),
  })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const engine = await openEngine({ engine: name, workers })
  await fly(resolved, { world, engine })
  const begin = performance.now()
  const { digest } = await fly(resolved, { world, engine })
  const seconds = (performance.now() - begin) / 1000
  await engine.close()
  return { seconds, digest }
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

const compare = async (name: EngineName, [single, plural]: readonly [string, string]): Promise<Speed> => {
  const one = []
  const two = []
  for (let i = 0; i < 3; i++) {
    one.push(await turn(1, name))
    two.push(await turn(2, name))
  }
  const sameDigest = new Set([...one, ...two].map(({ digest }) => digest)).size === 1
  const [a, b] = [median(one.map(({ seconds }) => seconds)), median(two.map(({ seconds }) => seconds))]
  console.log(row(`1 ${single}`, a.toFixed(2), '1.00'))
  console.log(row(`2 ${plural}`, b.toFixed(2), (a / b).toFixed(2)))
  console.log(`digests are ${sameDigest ? 'the same' : 'NOT the same'}`)
  return { speedUp: Number((a / b).toFixed(2)), sameDigest }
}

/** Worker threads on ONNX Runtime; processes on native TensorFlow, null where that is missing. */
export const run = async (): Promise<Speed & { processes: Speed | null }> => {
  console.log(row(`eight equal clients, ${availableParallelism()} cores`, 'wall s', 'speed-up'))
  const threads = await compare('onnx', ['thread', 'threads'])
  const processes = nativeHere() ? await compare('tfjs-node', ['process', 'processes']) : null
  await largestPage()
  return { ...threads, processes }
}
