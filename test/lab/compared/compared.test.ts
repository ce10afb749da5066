import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { openEngine } from '../../../src/engine/open.js'
import type { Engine } from '../../../src/engine/engine.js'
import { Violation } from '../../../src/checks/check.js'
import { planOf } from '../../../src/flight/fly.js'
import { setUp } from '../../../src/flight/setup.js'
import { flySetup } from '../../../src/flight/fly.js'
import { comparedChecks, splitChecks } from '../../../src/lab/compared/all.js'
import type { ComparedGround } from '../../../src/lab/compared/compared.js'
import { isolation } from '../../../src/lab/compared/isolation.js'
import { plainLoop } from '../../../src/lab/compared/plain-loop.js'
import { reference } from '../../../src/lab/compared/reference.js'
import { loadGroundWorld } from '../../../src/lab/ground.js'
import { simulate } from '../../../src/runs/simulate.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { corrupt, crash, defineStrategy, fedAvg, lose, ms, partial, semiAsynchronous, synchronous, type Specification } from '../../../src/simulation/script.js'
import { flights } from '../../frozen/flights.js'

const cwd = process.cwd()
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate', workers: 1 })
})
afterAll(() => engine.close())

const groundOf = async (specification: Specification): Promise<ComparedGround> => {
  const resolved = resolve(specification, { seed: 5, engine: 'surrogate', workers: 1 })
  const setup = await setUp(resolved, await loadGroundWorld(resolved, { cwd }), engine, undefined, cwd)
  return { setup, engine, plan: planOf(setup, cwd), cwd }
}

describe.each(comparedChecks)('$name', (check) => {
  it.each(Object.keys(flights))('holds: %s', async (name) => {
    expect(await check.compare(await groundOf(flights[name]))).toMatch(/^\d+ (folds|answers)|^nothing could be compared/)
  })
})

it('compares something: folds of every strategy whose clients send, and answers of most flights', async () => {
  const told = await Promise.all(Object.keys(flights).map(async (name) => isolation.compare(await groundOf(flights[name]))))
  // Two of them are of sums under masks, and one of a ring, in which what one is sent is everybody's.
  expect(told.filter((words) => words.startsWith('nothing')).length).toBeLessThanOrEqual(5)
  expect(await reference.compare(await groundOf(flights['PF-MSMTrec']))).toBe('9 folds in 3 rounds without faults are those of a plain loop, and so is what clients end with')
})

it('isolation compares what is said, not by which number, and with the calm phase in place', async () => {
  const rounds = semiAsynchronous({ count: 2, after: ms(400), quorum: 1, patience: ms(400) })
  const faults = [crash('aggregator', { keeps: 'checkpoint', when: { event: 'sent', nth: 1 }, restartAfter: ms(1) })]
  const delivery = { acknowledge: true, retries: 1, timeout: ms(6), longest: ms(160) }
  expect(await isolation.compare(await groundOf({ ...flights.deadline, rounds, faults, delivery }))).toMatch(/^\d+ answers/)
  // Without it the aggregator would stay dead, and the flight could never end.
  const dead = [crash('aggregator', { keeps: 'checkpoint', at: ms(20) })]
  expect(await isolation.compare(await groundOf({ ...flights.deadline, faults: dead, calm: { at: ms(40) } }))).toMatch(/^\d+ answers|^nothing/)
})

it('isolation compares no answers to models that were damaged and read all the same', async () => {
  const faults = [corrupt({ to: 'client', message: 'model' }, { bits: 1, probability: 1 })]
  const one = { ...flights.deadline, faults, delivery: { checksum: false } }
  // Those that can be read: of some the damage is in the head, of others in the parameters.
  const words = await isolation.compare(await groundOf(one))
  expect(words).toMatch(/^nothing/)
  const heard = isolation.listen!()
  const about = await groundOf({ ...one, faults: [] })
  await flySetup(about.setup, { engine, cwd, plan: about.plan, checks: [heard.check] })
  expect(await isolation.compare(about, heard)).toBe(await isolation.compare(about))
})

/** A strategy that is FedAvg's, but for what it is told to do when it folds. */
const meddling = (meddle: (client: string, round: number, values: Float32Array) => Float32Array) => {
  const plain = defineStrategy({ name: 'plain', source: 'made for a test' })
  return { ...plain, fold: (...[state, updates, about]: Parameters<typeof plain.fold>) =>
    plain.fold(state, updates.map((update) => ({ ...update, values: meddle(update.client, about.round, update.values) })), about) }
}

it('a strategy whose fold is another each time it is asked is found by reference, with part and round', async () => {
  let asked = 0
  const strategy = meddling((_, __, values) => values.map((value) => value + (asked++ > 4000 ? 1 : 0)))
  const error = await reference.compare(await groundOf({ ...flights.deadline, strategy })).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Violation)
  expect(error).toMatchObject({ check: 'reference', round: expect.any(Number) as number })
  expect((error as Error).message).toMatch(/is not what a plain loop makes of it: its values$/)
})

it('a client that looks at others’ faults is found by isolation, by its name', async () => {
  const one = flights.deadline
  const about = await groundOf({ ...one, strategy: fedAvg(), rounds: synchronous({ count: 2 }), faults: [partial('one', { epochs: 0.5 })] })
  const { setup } = about
  // An engine that trains otherwise where it has trained less for somebody.
  let less = false
  const looking = Object.create(engine, {
    train: { value: (jobs: Parameters<Engine['train']>[0]) => engine.train(jobs.map((job) => {
      less ||= job.plan.epochs < setup.clients[0].epochs
      return less ? { ...job, mu: 1 } : job
    })) },
  }) as Engine
  const error = await isolation.compare({ ...about, engine: looking }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ check: 'isolation', round: 1, actors: [expect.stringMatching(/^client-/) as string] })
  less = false
  expect(await isolation.compare(about)).toMatch(/^\d+ answers/)
})

it('a loop trains as long as numbers are finite', async () => {
  const strategy = meddling((_, round, values) => (round > 1 ? values.map(() => NaN) : values))
  const { setup } = await groundOf({ ...flights.deadline, strategy })
  expect((await plainLoop(setup, engine, 3)).rounds).toHaveLength(1)
})

it('is watched where it is asked for by name, and says what it has compared', async () => {
  expect(splitChecks(['reference'])).toMatchObject({ watched: ['none'], compared: [{ name: 'reference' }] })
  expect(splitChecks(['all', 'isolation'])).toMatchObject({ watched: ['all'], compared: [{ name: 'isolation' }] })
  expect(splitChecks(undefined)).toEqual({ watched: undefined, compared: [] })
  const specification = { ...flights.deadline, faults: [lose({ from: 'client' }, { probability: 0.2 })] }
  const run = await simulate(specification, { seed: 5, engine: 'surrogate', workers: 1, watch: ['once', 'reference'] })
  expect(run.compared).toEqual({ reference: '9 folds in 3 rounds without faults are those of a plain loop, and so is what clients end with' })
  expect(run.manifest.checks).toEqual(['once', 'reference'])
  await expect(simulate(specification, { engine: 'surrogate', watch: ['referenc'] })).rejects.toThrow("Did you mean \"reference\"?")
})
