import { openEngine } from '../src/engine/open.js'
import type { Engine, TrainJob } from '../src/engine/engine.js'
import { sgd } from '../src/engine/program/optimizer.js'
import { usualCohort } from '../src/engine/workers/cohort-size.js'
import { buildLayout, initialize } from '../src/models/layout.js'
import { buildModel, type ModelSpec } from '../src/models/registry.js'
import { streams } from '../src/random/streams.js'
import { loadWorld } from '../scenarios/registry.js'
import { mb1, storefronts } from '../scenarios/index.js'
import { cpuSeconds, row } from './measure.js'

const CLIENTS = 32
const TURNS = 14
const WARM_UP = 4
const sizes = [1, 2, 4, 8, 16, 32]

const rungs: readonly { readonly world: 'mb1' | 'shops'; readonly batch: number; readonly model: ModelSpec }[] = [
  { world: 'mb1', batch: 16, model: { kind: 'mlp', hidden: [64] } },
  { world: 'mb1', batch: 16, model: { kind: 'mlp', hidden: [256] } },
  { world: 'shops', batch: 32, model: { kind: 'mmoe', embedding: 4, experts: 2, expert: [8], tower: [4] } },
  { world: 'shops', batch: 64, model: { kind: 'mmoe', embedding: 8, experts: 4, expert: [16, 8], tower: [8] } },
  { world: 'mb1', batch: 64, model: { kind: 'mlp', hidden: [256, 128] } },
  { world: 'mb1', batch: 64, model: { kind: 'mlp', hidden: [1024] } },
]

/** The steps of 32 clients that share runs by so many, on an engine of its own. */
interface Sharing {
  readonly engine: Engine
  readonly program: string
  readonly microsPerStep: number[]
}

const lowerQuartile = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 2]

/**
 * CPU microseconds a step of 32 clients, by how many share a run, and how many do where the specification does not say,
 * with so many and with a thousand waiting. In turns; lower quartiles.
 */
export const run = async (): Promise<{ cohorts: { kilobytes: number; micros: Record<string, number>; usual: readonly [number, number] }[] }> => {
  const worlds = {
    mb1: await loadWorld(mb1(), { seed: 'cohorts', cwd: '.' }),
    shops: await loadWorld(storefronts({ scenarios: 20, impressions: 12_800 }), { seed: 'cohorts', cwd: '.' }),
  }
  console.log(row('kB a step, by clients a run', ...sizes, 'usual 32', 'usual 1000'))
  const cohorts = []
  for (const { world: name, batch, model: spec } of rungs) {
    const { features, tasks, scenarios } = worlds[name]
    const model = buildModel(spec)
    const layout = buildLayout(model.segments(features, tasks))
    const parameters = initialize(layout, streams('cohorts'))
    const data = scenarios.slice(0, 20)
    let kilobytes = 0
    const sharings = new Map<number, Sharing>()
    for (const cohort of sizes) {
      const engine = await openEngine({ workers: 0 })
      const { program, cost } = await engine.prepare({
        model, features, tasks, layout, optimizer: sgd(0.05), taskWeights: tasks.map(() => 1), proximal: false, proximalSegments: [],
        batch, chunk: 4, cohort,
      })
      for (const [i, { train }] of data.entries()) await engine.register(String(i), train)
      kilobytes = cost.bytes / 1e3
      sharings.set(cohort, { engine, program, microsPerStep: [] })
    }
    for (let turn = 0; turn < TURNS; turn++) {
      for (const { engine, program, microsPerStep } of sharings.values()) {
        const jobs = Array.from({ length: CLIENTS }, (_, client): TrainJob => ({
          kind: 'train', client: String(client), program, data: String(client % data.length), parameters,
          plan: { epochs: 1, seed: 'cohorts', key: [turn, client] },
        }))
        const begin = cpuSeconds()
        const results = await Promise.all(engine.train(jobs))
        const used = cpuSeconds() - begin
        if (turn >= WARM_UP) microsPerStep.push((1e6 * used) / results.reduce((sum, { steps }) => sum + steps, 0))
      }
    }
    const usual = [usualCohort(1e3 * kilobytes, CLIENTS), usualCohort(1e3 * kilobytes, 1000)] as const
    const micros = Object.fromEntries([...sharings].map(([cohort, { microsPerStep }]) => [cohort, Number(lowerQuartile(microsPerStep).toPrecision(3))]))
    console.log(row(`${spec.kind} ${kilobytes.toFixed(0)}`, ...sizes.map((size) => micros[size]), ...usual))
    cohorts.push({ kilobytes: Math.round(kilobytes), micros, usual })
    for (const { engine } of sharings.values()) await engine.close()
  }
  return { cohorts }
}
