import { expect, it } from 'vitest'

import { balancers, balancerSchema, buildBalancer } from '../../src/balancing/registry.js'
import type { Engine, TrainJob, Training } from '../../src/engine/engine.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { SurrogateEngine } from '../../src/engine/surrogate/surrogate-engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { buildLayout } from '../../src/models/layout.js'
import { mlp } from '../../src/models/mlp.js'
import { buildModel, modelSchema } from '../../src/models/registry.js'
import { trainedTasks } from '../../src/models/trained-tasks.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, ditto, fedAvg, mbps, mmoe, ms, pfMsmtrec, scaffold, sgd, type Specification } from '../../src/simulation/script.js'
import { everyFault, unequal } from '../federation/every-fault.js'

const specification = (strategy: Specification['strategy']): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 2, batch: 16, optimizer: sgd(0.1) },
  strategy,
  rounds: deadline({ count: 5, after: ms(400), patience: ms(100) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
  devices: { stepOverhead: 8000 },
  onDivergence: 'go-on',
  faults: everyFault({ leaves: [2, 5], uploadsLost: [2, 5], modelsLost: [2, 5], narrow: [2, 5], crash: 200 }),
})

const flown = (strategy: Specification['strategy'], engine: Engine) =>
  fly(resolve(specification(strategy), { seed: 5 }), { world: unequal, engine })

it.each([['fedAvg', fedAvg()], ['scaffold', scaffold()], ['ditto', ditto()], ['pfMsmtrec', pfMsmtrec()]])(
  'flies %s as real training does, event by event, and its numbers do not depend on what is done first', async (_, strategy) => {
    const real = await openEngine({ engine: 'tfjs' })
    const flight = await flown(strategy, new SurrogateEngine())
    expect(flight.digests.events).toBe((await flown(strategy, real)).digests.events)
    expect((await flown(strategy, new SurrogateEngine({ scrambled: true }))).digest).toBe(flight.digest)
    expect(flight.metrics.length).toBeGreaterThan(0)
    await real.close()
  },
)

it('gives other numbers when anything is other that it was sent or was to train on, and the same when nothing is', async () => {
  const engine = new SurrogateEngine()
  const [{ train: table }, { train: other }] = unequal.scenarios
  const model = mlp.build({ hidden: [4] })
  const layout = buildLayout(model.segments(unequal.features, unequal.tasks))
  const training: Training = {
    model, features: unequal.features, tasks: unequal.tasks, layout, optimizer: adam(0.1), taskWeights: [1, 1],
    proximal: false, proximalSegments: [], batch: 8, chunk: 1, cohort: 4,
  }
  const { program } = await engine.prepare(training)
  const frozen = await engine.prepare({ ...training, frozen: [layout.segments[0].name] })
  await engine.register('table', table)
  await engine.register('other', other)
  const parameters = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i))
  const slots = { m: new Float32Array(layout.size), v: new Float32Array(layout.size) }
  const job: TrainJob = {
    kind: 'train', client: 'client-DE', program, data: 'table', parameters, optimizer: { steps: 3, slots },
    plan: { epochs: 1, seed: 's', key: ['batches', 1, 2] },
  }
  const of = async (change: Partial<TrainJob>): Promise<string> => {
    const [result] = await Promise.all(engine.train([{ ...job, ...change }]))
    return Buffer.from(result.parameters.buffer).toString('hex')
  }
  const plain = await of({})
  expect(await of({})).toBe(plain)
  const nudged = (values: Float32Array): Float32Array => values.map((value, i) => (i === 7 ? value + 1e-7 : value))
  const changes: readonly Partial<TrainJob>[] = [
    { client: 'client-ES' }, { data: 'other' }, { parameters: nudged(parameters) }, { anchor: parameters }, { anchor: nudged(parameters) },
    { correction: nudged(parameters) }, { mu: 0.1 }, { rate: 0.2 }, { rateFactor: 0.5 }, { optimizer: { steps: 4, slots } },
    { optimizer: { steps: 3, slots: { m: nudged(slots.m), v: slots.v } } }, { optimizer: { steps: 3, slots: { m: slots.m, v: nudged(slots.v) } } },
    { plan: { ...job.plan, epochs: 2 } }, { plan: { ...job.plan, seed: 't' } }, { plan: { ...job.plan, key: ['batches', 1, 3] } },
    { plan: { ...job.plan, part: { nth: 1, of: 2 } } }, { balance: { steps: 1, memory: {} } }, { program: frozen.program },
  ]
  const all = [plain, ...(await Promise.all(changes.map(of)))]
  expect(new Set(all).size).toBe(changes.length + 1)
  const still = new Float32Array(Uint8Array.from(Buffer.from(await of({ program: frozen.program }), 'hex')).buffer)
  const { offset, size } = layout.segments[0]
  expect(still.subarray(offset, offset + size)).toEqual(parameters.subarray(offset, offset + size))
})

it('keeps for a balancer what real training keeps: nothing where it needs nothing from before', async () => {
  const [surrogate, real] = [new SurrogateEngine(), await openEngine({ engine: 'tfjs' })]
  const [{ train: table }] = unequal.scenarios
  const model = mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] })
  const built = buildModel(modelSchema.parse(model))
  const layout = buildLayout(built.segments(unequal.features, unequal.tasks))
  const trained = trainedTasks(built, unequal.tasks)
  const needed: Readonly<Record<string, object>> = { fixed: { weights: Object.fromEntries(trained.map(({ name }) => [name, 1])) }, decay: { ratios: {} } }
  for (const { kind } of balancers) {
    const balancer = buildBalancer(balancerSchema.parse({ kind, ...needed[kind] }), layout, trained)
    const training: Training = {
      model: built, features: unequal.features, tasks: unequal.tasks, layout, optimizer: sgd(0.1), taskWeights: unequal.tasks.map(() => 1), balancer,
      proximal: false, proximalSegments: [], batch: 8, chunk: 1, cohort: 4,
    }
    const [kept, other] = await Promise.all([real, surrogate].map(async (engine) => {
      const { program } = await engine.prepare(training)
      await engine.register(`table ${kind}`, table)
      const parameters = new Float32Array(layout.size)
      const [result] = await Promise.all(engine.train([{
        kind: 'train', client: 'client-DE', program, data: `table ${kind}`, parameters, plan: { epochs: 1, seed: 's', key: ['batches', 1] },
      }]))
      return result.balance && [result.balance.steps, Object.entries(result.balance.memory).map(([name, values]) => [name, values.length])]
    }))
    expect([kind, other]).toEqual([kind, kept])
  }
  await real.close()
})
