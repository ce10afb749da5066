import { describe, expect, it } from 'vitest'

import { clientName } from '../../../src/roster/participant.js'
import { forThose, ofHeirs } from '../../../src/lab/shrink/fewer-clients.js'
import { resized } from '../../../src/lab/shrink/resize.js'
import { shrink } from '../../../src/lab/shrink/shrink.js'
import { SizedLab } from '../../../src/lab/shrink/sized-lab.js'
import { trialGround } from '../../../src/lab/shrink/trial.js'
import type { Case } from '../../../src/lab/explore/case.js'
import { storefronts } from '../../../scenarios/index.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { fedAvg, linearModel, lose, ms, named, region, scenario, seconds, sgd, slow, synchronous, type Specification, windows } from '../../../src/simulation/script.js'

const clients = (count: number): string[] => Array.from({ length: count }, (_, i) => clientName(`store-${i + 1}`))

/** Says something of its clients by name wherever that can be said. */
const base = {
  world: storefronts({ scenarios: 4, impressions: 200, users: 50, items: 20 }),
  model: linearModel({}),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1), clients: [{ who: 'client-store-4', epochs: 2 }, { who: named('client-store-1', 'client-store-3'), rate: 0.2 }] },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  network: {
    latency: ms(10),
    regions: { north: [named('client-store-1', 'client-store-2')], south: scenario('store-3'), east: 'client-store-4' },
    overrides: [{ who: region('east'), latency: ms(50) }, { who: region('north'), latency: ms(11) }],
  },
  devices: { overrides: [{ who: scenario('store-4'), gflops: 1 }] },
  costs: { device: 'phone', overrides: [{ who: 'client-store-3', radio: 'lte' }, { who: region('north'), radio: 'wifi' }] },
  schedule: [
    windows({ who: 'client-store-4', windows: [[0, seconds(60)]] }), windows({ who: named('client-store-2', 'client-store-3'), windows: [[0, seconds(90)]] }),
    windows({ windows: [[0, seconds(99)]] }),
  ],
} satisfies Specification

describe('a specification for some of its clients', () => {
  it('says nothing of those who are not there, and what it says of others stays', () => {
    const { network, devices, costs, schedule, local, ...rest } = forThose(base, clients(4), clients(2))
    expect(network).toEqual({ latency: ms(10), regions: { north: [named('client-store-1', 'client-store-2')] }, overrides: [base.network.overrides[1]] })
    expect(devices).toEqual({ overrides: [] })
    expect(costs).toEqual({ device: 'phone', overrides: [base.costs.overrides[1]] })
    expect(schedule).toEqual([{ ...base.schedule[1], who: named('client-store-2') }, base.schedule[2]])
    expect(local).toEqual({ ...base.local, clients: [{ who: named('client-store-1'), rate: 0.2 }] })
    expect(rest).toEqual({ world: base.world, model: base.model, strategy: base.strategy, rounds: base.rounds })
  })

  it('is itself where all are there, or nothing is said of those who are not', () => {
    expect(forThose(base, clients(4), clients(4))).toBe(base)
    const silent: Specification = { ...base, network: { latency: ms(10) }, devices: {}, costs: { radio: 'lte' }, schedule: [windows({ windows: [[0, seconds(9)]] })], local: { epochs: 1 } }
    expect(forThose(silent, clients(4), clients(1))).toBe(silent)
  })

  it('has no lines of regions of which nobody is left, and specifies a federation still', () => {
    const fair = (regional: NonNullable<NonNullable<Specification['network']>['regional']>): Specification => ({ ...base, network: { ...base.network, sharing: 'fair', regional } })
    const left = forThose(fair({ north: { up: 1e6 }, east: { down: 1e6 } }), clients(4), clients(2))
    expect(left.network).toMatchObject({ sharing: 'fair', regional: { north: { up: 1e6 } } })
    expect(left.network!.regional).not.toHaveProperty('east')
    expect(() => resolve(left)).not.toThrow()
    expect(forThose(fair({ east: { down: 1e6 } }), clients(4), clients(2)).network).not.toHaveProperty('regional')
    const north = fair({ north: { up: 1e6 } })
    expect(forThose(north, clients(4), clients(2)).network!.regional).toBe(north.network!.regional)
  })

  it('heals everybody in its calm phase where nobody of those is left who were healed alone', () => {
    const calm = { round: 2, core: named('client-store-3', 'client-store-4'), rest: 'mute' as const }
    expect(forThose({ ...base, calm }, clients(4), clients(3)).calm).toEqual({ ...calm, core: named('client-store-3') })
    expect(forThose({ ...base, calm }, clients(4), clients(2)).calm).toEqual({ round: 2 })
  })
})

it('a specification for some of its clients says of others in their place what it said of those who are gone', () => {
  const heirs = new Map([['client-store-3', 'client-store-1'], ['client-store-4', 'client-store-2']])
  const { network, devices, costs, schedule, local } = ofHeirs(base, heirs)
  expect(costs!.overrides![0]).toEqual({ who: 'client-store-1', radio: 'lte' })
  expect(network!.regions).toEqual({ north: [named('client-store-1', 'client-store-2')], south: scenario('store-1'), east: 'client-store-2' })
  expect(devices!.overrides).toEqual([{ who: scenario('store-2'), gflops: 1 }])
  expect((schedule as { who?: unknown }[]).map(({ who }) => who)).toEqual(['client-store-2', named('client-store-2', 'client-store-1'), undefined].map((who, i) => (i === 2 ? base.schedule[2].who : who)))
  expect(local!.clients!.map(({ who }) => who)).toEqual(['client-store-2', named('client-store-1')])
})

it('what its own schedule did to a client that can be gone is done to another', async () => {
  const own: Specification = { ...base, local: { epochs: 1, batch: 20 }, network: {}, devices: {}, costs: {}, schedule: [windows({ who: 'client-store-4', windows: [[0, ms(22)]] })] }
  const lab = new SizedLab(own, { seed: 1, rounds: 3, cwd: process.cwd() })
  const of: Case = { faults: [], chance: '1' }
  const outcome = await lab.fly(of)
  if (!outcome.failed) throw new Error('it did not fail')
  const { case: smallest } = await shrink(of, outcome.failure, trialGround(lab, base.rounds))
  expect(smallest).toMatchObject({ shape: { clients: 1 }, heirs: true })
  expect((await lab.specification(smallest)).schedule).toEqual([{ ...windows({ windows: [[0, ms(22)]] }), who: 'client-store-1' }])
  await lab.close()
})

it('a case for fewer clients says of others, or not at all, whom its calm phase heals', () => {
  const scene = (count: number) => ({ clients: clients(count), experts: [], rounds: 3, round: ms(100) })
  const of: Case = { faults: [], chance: '1', calm: { round: 2, core: named('client-store-3'), rest: 'deaf' } }
  expect(resized(of, { clients: 2 }, scene(4), scene(2)).map(({ calm }) => calm)).toEqual([{ round: 2 }, { round: 2, core: named('client-store-1'), rest: 'deaf' }])
})

it('what fails in a federation whose clients are named in its schedule, regions, devices and training is shrunk to few of them', async () => {
  const lab = new SizedLab(base, { seed: 1, rounds: 3, cwd: process.cwd() })
  const faults = [slow(named('client-store-2'), { by: 2, id: 'slow' }), lose({ message: 'update' }, { probability: 1, id: 'losses' })]
  const of: Case = { faults, chance: '1' }
  const outcome = await lab.fly(of)
  if (!outcome.failed) throw new Error('it did not fail')
  const ground = trialGround(lab, base.rounds)
  const shrunk = await shrink(of, outcome.failure, ground)
  expect(shrunk.case).toMatchObject({ shape: { clients: 1 }, faults: [{ kind: 'lose' }] })
  expect(shrunk.spent).toBe(false)
  const small = await lab.specification(shrunk.case)
  expect(small.network).toMatchObject({ regions: { north: [named('client-store-1')] } })
  expect(JSON.stringify(small)).not.toMatch(/store-[2-4]/)
  // By itself it fails in the same way.
  const again = await new SizedLab(small, { seed: 1, rounds: 1, cwd: process.cwd() }).fly({ ...shrunk.case, shape: {} })
  expect(again.failed && again.failure.kind).toBe('liveness')
  await lab.close()
})
