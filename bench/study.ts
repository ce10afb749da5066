import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

import { realDisk } from '../src/runs/disk.js'
import { readManifest } from '../src/runs/manifest.js'
import { flyStudy } from '../src/runs/study/fly-study.js'
import { loadPlan } from '../src/runs/study/load-plan.js'
import { cpuSeconds, median, row } from './measure.js'

/** Sixteen runs each: of a model that trains in a moment, and of one that has work for all cores by itself. */
const shapes = {
  small: { impressions: 2_000, model: { kind: 'mlp', hidden: [16] } },
  large: { impressions: 6_000, model: { kind: 'mmoe', embedding: 8, experts: 4, expert: [64, 32], tower: [16] } },
} as const

const sweepOf = ({ impressions, model }: (typeof shapes)[keyof typeof shapes]): object => ({
  world: { kind: 'storefronts', scenarios: 4, impressions }, model, local: { batch: 128 }, rounds: { kind: 'synchronous', count: 3 },
  sweep: { grid: { strategy: { fedavg: { kind: 'fedavg' }, fedprox: { kind: 'fedprox' } }, 'faults': { calm: [], slow: [{ kind: 'slow', who: 'client', by: 2 }] } }, seeds: 4 },
})

interface Turn {
  readonly wall: number
  readonly cpu: number
  readonly digests: string
}

const turns = 3

/** One flight after the other, whose training has the cores, against as many flights at once as there are cores: in turn, each from an empty folder. */
export const run = async (): Promise<object> => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-bench-'))
  const source = { file: 'study.json', size: { full: false, data: undefined }, sweep: {} }
  const cores = availableParallelism()
  const found: Record<string, object> = {}
  try {
    for (const [shape, about] of Object.entries(shapes)) {
      writeFileSync(join(folder, source.file), JSON.stringify(sweepOf(about)))
      const { plan, script } = await loadPlan(source, folder)
      let number = 0
      const fly = async (flights: number): Promise<Turn> => {
        const [begin, cpu] = [performance.now(), cpuSeconds()]
        const { folders } = await flyStudy(plan, { out: join(folder, `${shape}-${++number}`), cwd: folder, script, source, flights })
        const digests = folders.map((at) => readManifest(at, realDisk).digest).join()
        return { wall: (performance.now() - begin) / 1e3, cpu: cpuSeconds() - cpu, digests }
      }
      const sides: Record<'one' | 'all', Turn[]> = { one: [], all: [] }
      for (let turn = 0; turn < turns; turn++) {
        sides.one.push(await fly(1))
        sides.all.push(await fly(cores))
      }
      if (new Set([...sides.one, ...sides.all].map(({ digests }) => digests)).size !== 1) throw new Error('runs differ by how many are flown at once')
      const [one, all] = [sides.one, sides.all].map((own) => ({ wall: median(own.map(({ wall }) => wall)), cpu: median(own.map((turn) => turn.cpu)) }))
      console.log(row(`${shape}: 16 runs`, 'wall s', 'CPU s'))
      console.log(row(`  one at a time, ${cores} workers`, one.wall.toFixed(1), one.cpu.toFixed(1)))
      console.log(row(`  ${cores} at once`, all.wall.toFixed(1), all.cpu.toFixed(1)))
      found[shape] = { speedUp: one.wall / all.wall, cpu: all.cpu / one.cpu }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return found
}
