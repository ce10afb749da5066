import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { check, Violation } from '../../src/checks/check.js'
import { SpecificationError } from '../../src/errors.js'
import type { Plan } from '../../src/faults/plan.js'
import { LastGround } from '../../src/lab/ground.js'
import { Lab } from '../../src/lab/lab.js'
import { simulate } from '../../src/runs/simulate.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  away, deadline, delay, fedAvg, fraction, lose, mlp, ms, named, one, pooled, seconds, sgd, simulation, slow,
} from '../../src/simulation/script.js'

const script = simulation({
  world: storefronts({ scenarios: 4, impressions: 120, users: 40, items: 20 }),
  model: mlp({ hidden: [4] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1), clients: [{ who: one(), epochs: 2 }] },
  strategy: fedAvg(),
  rounds: deadline({ count: 3, after: seconds(2), quorum: 1, select: 3 }),
  faults: [
    away(fraction(0.5), { phase: 'training', probability: 0.5, id: 'leavers' }),
    lose({ from: 'client' }, { probability: 0.3, id: 'losses' }),
    slow(one(), { by: 3 }),
    delay({ direction: 'down' }, { by: ms(20), jitter: ms(30) }),
  ],
  evaluate: { start: false, on: ['validation'] },
})

describe('a lab', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await Lab.open(script, { seed: 7, workers: 1 })
  })
  afterAll(() => lab.close())

  it('flies what simulate flies, again and again', async () => {
    const { digest } = await simulate(script, { seed: 7, workers: 1 })
    for (let i = 0; i < 2; i++) expect((await lab.fly()).digest).toBe(digest)
  })

  it('draws all but the world with another seed, and comes back', async () => {
    const other = await simulate({ ...script, seeds: { world: '7/world' } }, { seed: 8, workers: 1 })
    expect((await lab.fly({ seed: 8 })).digest).toBe(other.digest)
    const own = await lab.fly()
    expect(own.digest).not.toBe(other.digest)
    expect((await lab.fly({ seed: 7 })).digest).toBe(own.digest)
  })

  it('gives its plan as JSON, which flies as it is', async () => {
    const plan = await lab.plan()
    const read = JSON.parse(JSON.stringify(plan)) as Plan
    expect(read).toEqual(plan)
    expect((await lab.fly({ plan: read })).digest).toBe((await lab.fly()).digest)
    expect(await lab.plan(8)).not.toEqual(plan)
  })

  it('flies an edited plan: a fault that is taken out is one that was never written', async () => {
    const plan = await lab.plan()
    const fewer = await lab.fly({ plan: { ...plan, faults: plan.faults.filter(({ id }) => id !== 'losses') } })
    const never = await simulate({ ...script, faults: script.faults!.filter((fault) => fault.id !== 'losses') }, { seed: 7, workers: 1 })
    expect(fewer.digest).toBe(never.digest)
    const calm = await lab.fly({ plan: { ...plan, faults: [] } })
    expect(calm.digest).toBe((await simulate({ ...script, faults: [] }, { seed: 7, workers: 1 })).digest)
    // A weaker coin hits a subset of what the stronger one hit.
    const weaker = plan.faults.map((planned) => (planned.id === 'losses' ? { ...planned, fault: { ...planned.fault, probability: 0.1 } } : planned))
    const lost = (flight: Awaited<ReturnType<Lab['fly']>>) => flight.faults.find(({ id }) => id === 'losses')!.fired
    expect(lost(await lab.fly({ plan: { ...plan, faults: weaker } }))).toBeLessThan(lost(await lab.fly({ plan })))
  })

  it('flies a plan of another seed with the coins of that seed', async () => {
    const [mine, others] = [await lab.plan(7), await lab.plan(8)]
    const [one_, two] = [await lab.fly({ plan: mine }), await lab.fly({ plan: { ...mine, seed: others.seed } })]
    expect(two.digests.events).not.toBe(one_.digests.events)
  })

  it('says what is wrong with a plan, and where', async () => {
    const plan = await lab.plan()
    const [first, ...rest] = plan.faults
    const fly = (faults: unknown) => lab.fly({ plan: { ...plan, faults } as Plan })
    await expect(fly([{ ...first, targets: ['client-XX'] }])).rejects.toThrow(/^plan\.faults\[0\]: nobody is called 'client-XX'\. There are aggregator, client-store-1/)
    await expect(fly([first, first])).rejects.toThrow("plan.faults[1].id: 'leavers' names another fault already")
    await expect(fly([...rest, { ...first, fault: { kind: 'away', phase: 'lunch' } }])).rejects.toThrow(/^plan\.faults\[3\]\.fault/)
    await expect(fly([{ ...first, targets: ['aggregator'] }])).rejects.toThrow("plan.faults[0].targets: 'aggregator' is an aggregator, and 'away' happens to clients only")
    await expect(lab.fly({ plan: { faults: [] } as never })).rejects.toThrow(SpecificationError)
  })

  it('watches checks of its own, in that flight alone', async () => {
    const seen: number[] = []
    const calm = check({
      name: 'nobody leaves',
      promise: 'Nobody leaves.',
      kinds: ['leave'],
      see: ({ at, actor }) => {
        seen.push(at)
        throw new Violation('nobody leaves', `${actor} leaves`, { time: at, actors: [actor] })
      },
    })
    await expect(lab.fly({ checks: [calm] })).rejects.toMatchObject({ check: 'nobody leaves' })
    expect(seen).toHaveLength(1)
    await lab.fly()
    expect(seen).toHaveLength(1)
  })

  it('ends when it is told to, and goes on with the next flight', async () => {
    const stop = new AbortController()
    const flight = await lab.fly({ signal: stop.signal, onEvent: ({ kind }) => kind === 'round-close' && stop.abort() })
    expect(flight.status).toBe('interrupted')
    expect((await lab.fly()).status).toBe('complete')
  })
})

it('a lab of one client that holds all rows flies any number of seeds', async () => {
  const lab = await Lab.open({ ...script, strategy: pooled(), rounds: deadline({ count: 1, after: seconds(9) }), faults: [], local: { batch: 20 } }, { workers: 1 })
  const digests = []
  for (const seed of [1, 2, 1]) digests.push((await lab.fly({ seed })).digest)
  await lab.close()
  expect(digests[2]).toBe(digests[0])
  expect(digests[1]).not.toBe(digests[0])
})

it('a lab that cannot be opened says why', async () => {
  await expect(Lab.open({ ...script, rounds: deadline({ count: 1, after: 1, quorum: 9 }) })).rejects.toThrow(/rounds\.quorum is 9, above the 4/)
  await expect(Lab.open({ ...script, faults: [slow(named('client-XX'), { by: 2 })] }).then((lab) => lab.fly())).rejects.toThrow("'client-XX'")
})

it('the ground that was opened last is kept until another is asked for', async () => {
  const grounds = new LastGround()
  const at = { cwd: '.' }
  const on = (seed: number, changes = {}) => grounds.open(resolve({ ...script, ...changes }, { seed, workers: 1 }), at)
  const first = await on(1)
  expect(await on(1, { strategy: pooled() })).toBe(first)
  const second = await on(2)
  expect(second).not.toBe(first)
  expect(await on(1)).not.toBe(first)
  await grounds.close()
  await expect(grounds.open(resolve({ ...script, world: { kind: 'kuairand' } }, {}), { cwd: '/nowhere' })).rejects.toThrow()
  await grounds.close()
})
