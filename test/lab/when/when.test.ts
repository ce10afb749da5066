import { afterAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { InterruptedError } from '../../../src/lab/interrupted.js'
import { Lab } from '../../../src/lab/lab.js'
import { momentsOf, planFrom } from '../../../src/lab/when/moments.js'
import { when } from '../../../src/lab/when/when.js'
import { valueOfCondition, parseCondition } from '../../../src/metrics/condition.js'
import {
  adam, corrupt, deadline, fedAvg, linearModel, lose, ms, poison, seconds, simulation, slow, one, type Specification,
} from '../../../src/simulation/script.js'

const script = {
  world: storefronts({ scenarios: 3, impressions: 400, users: 60, items: 20, divergence: 0 }),
  model: linearModel({}),
  local: { epochs: 1, batch: 120, optimizer: adam(0.05) },
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: seconds(60) }),
  network: { latency: ms(10) },
  evaluate: { on: ['validation'] },
} satisfies Specification

const opened: Lab[] = []
const labOf = async (changes: Partial<Specification>, seed = 1): Promise<Lab> => {
  const lab = await Lab.open(simulation({ ...script, ...changes } as Specification), { seed, workers: 1 })
  opened.push(lab)
  return lab
}
afterAll(async () => {
  for (const lab of opened) await lab.close()
})

/** Halfway between the score of a flight and that of the same without a fault. */
const between = async (lab: Lab): Promise<number> => {
  const condition = parseCondition('auc < 1')
  const [bad, good] = [await lab.fly(), await lab.fly({ plan: { ...(await lab.plan()), faults: [] } })].map(({ metrics }) => valueOfCondition(condition, metrics)!)
  expect(good - bad).toBeGreaterThan(0.04)
  return (good + bad) / 2
}

describe('the moment', () => {
  it('is that of the poison that begins in a round, and which fault it was is said', async () => {
    const lab = await labOf({
      faults: [slow(one(), { by: 2, id: 'slow' }), poison('all', { send: { attack: 'scale', by: -3 }, rounds: [5, 6], id: 'flipped' })],
    })
    const found = await when(lab, `auc < ${await between(lab)}`, { flights: 4, moments: 12 })
    expect(found.outcome).toBe(true)
    const jump = found.jump!
    expect(jump.to.moment.round).toBe(5)
    expect(jump).toMatchObject({ clear: true, exact: true })
    expect(jump.to.moment.after).toMatch(/^flipped strikes client-store-/)
    expect(jump.events.map((event) => 'fault' in event && event.fault)).toEqual(['flipped'])
    expect(jump.from.came.hits).toBe(0)
    expect(jump.to.came.hits).toBe(4)
    expect(found.settled).toBe(jump.to)
    expect(found.looked[0]).toMatchObject({ moment: { kind: 'start' }, certain: false })
    expect(found.looked.at(-1)).toMatchObject({ certain: true, moment: { kind: 'round', round: 6 } })
    expect(found.flights).toBe(4 * (found.looked.length - 1))
  })

  it('is the start where the plan is to be flown as it was', async () => {
    const lab = await labOf({ faults: [poison('all', { send: { attack: 'scale', by: -1e6 }, rounds: [5, 5], id: 'turned' })] })
    const found = await when(lab, 'auc < .5', { flights: 2, moments: 3, planned: true })
    expect(found.looked.every(({ came: { share } }) => share === 1)).toBe(true)
    expect(found.jump).toBeUndefined()
    expect(found.settled.moment.kind).toBe('start')
  })

  it('is when a coin fell, where it was chance', async () => {
    // An update that is a million times too far the wrong way decides, if it is sent.
    const faults = [poison(one(), { send: { attack: 'scale', by: -1e6 }, probability: 0.5, rounds: [4, 4], id: 'coin' })]
    for (let seed = 1; ; seed++) {
      const lab = await labOf({ faults }, seed)
      const { moments } = await momentsOf(lab, { plan: await lab.plan() })
      const first = moments.find(({ kind }) => kind === 'firing')
      if (first === undefined) continue
      const found = await when(lab, 'auc < .5', { flights: 12, planned: true })
      const start = found.looked[0].came
      expect(start.share).toBeGreaterThan(0)
      expect(start.share).toBeLessThan(1)
      expect(found.jump).toMatchObject({ exact: true, to: { came: { hits: 12 }, moment: { round: 4, after: first.after } } })
      break
    }
  })
})

describe('moments of a flight', () => {
  it('are its closes and firings, each with the digest of what was before, which every flight from there has', async () => {
    const lab = await labOf({
      rounds: deadline({ count: 3, after: ms(400), quorum: 1 }),
      faults: [lose({ from: 'client', message: 'update' }, { probability: 0.4, id: 'losses' }), corrupt({ to: 'client' }, { bits: 2, probability: 0.2, rounds: [2, 2], id: 'bits' })],
    })
    const plan = await lab.plan()
    const { moments, flight } = await momentsOf(lab, { plan })
    expect(moments.filter(({ kind }) => kind === 'round').map(({ round, after }) => [round, after])).toEqual(
      flight.rounds.map(({ round, outcome }) => [round, `round ${round} ${outcome}`]))
    const fired = flight.faults.reduce((sum, report) => sum + report.fired, 0)
    expect(moments.flatMap(({ events }) => events).filter(({ kind }) => kind === 'fault')).toHaveLength(fired)
    expect(moments.at(-1)!.struck).toEqual(new Set(['losses', 'bits']))
    for (const moment of moments) {
      // Refused by the flight itself if it came there by another way.
      const on = await lab.fly({ plan: planFrom(plan, moment), anew: { ...moment.place, salt: 'x' } })
      const later = on.faults.filter(({ fired: times }) => times > 0).map(({ id }) => id)
      expect(later.every((id) => moment.struck.has(id))).toBe(true)
    }
  })

  it('leave a fault out that is injected later', async () => {
    const lab = await labOf({ rounds: deadline({ count: 3, after: ms(400), quorum: 1 }), faults: [] })
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    flight.inject(lose({ from: 'client' }, { probability: 1, id: 'by hand' }))
    const { plan } = await flight.finish()
    const { moments } = await momentsOf(lab, { plan })
    const early = moments.find(({ round, kind }) => round === 1 && kind === 'round')!
    expect(early.struck.size).toBe(0)
    const on = await lab.fly({ plan: planFrom(plan, early), anew: { ...early.place, salt: 'x' } })
    expect(on.faults.map(({ fired }) => fired)).toEqual([0])
  })
})

describe('what cannot be asked', () => {
  it('says why, before anything goes on', async () => {
    const lab = await labOf({ rounds: deadline({ count: 2, after: ms(400), quorum: 1 }), faults: [] })
    const number: number[] = []
    const ask = (text: string, more = {}) => when(lab, text, { onFlight: (about) => number.push(about.number), ...more })
    await expect(ask('acu < 1')).rejects.toThrow('Did you mean "auc"?')
    await expect(ask('auc of nowhere < 1')).rejects.toThrow('there is no scenario or task "nowhere"')
    await expect(ask('auc < 1', { flights: 0 })).rejects.toThrow('flights is 0')
    expect(number).toEqual([])
    const stop = new AbortController()
    await expect(ask('auc < 1', { signal: stop.signal, onFlight: () => stop.abort() })).rejects.toThrow(InterruptedError)
  })

  it('an outcome that every flight comes to has no jump', async () => {
    const lab = await labOf({ rounds: deadline({ count: 2, after: ms(400), quorum: 1 }), faults: [] })
    const found = await when(lab, 'auc@1 > 0', { flights: 2 })
    expect(found).toMatchObject({ outcome: true, round: 1, jump: undefined })
    expect(found.looked.at(-1)!.moment.round).toBe(1)
  })
})
