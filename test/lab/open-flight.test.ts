import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import type { Fault } from '../../src/faults/registry.js'
import { Lab } from '../../src/lab/lab.js'
import type { OpenFlight } from '../../src/lab/open-flight.js'
import {
  asynchronous, away, battery, buffered, churn, clog, corrupt, crash, deadline, delay, duplicate, fedAvg, forget, fraction, full, joins, lose, mislabel, mmoe, ms, named, narrow, one, partial, partition, pause, poison, quits, quorum, reorder, seconds,
  sgd, simulation, skew, slow, type Specification, synchronous,
} from '../../src/simulation/script.js'

const script = simulation({
  world: storefronts({ scenarios: 4, impressions: 120, users: 40, items: 20 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 4, after: ms(600), quorum: 1, select: 3, patience: ms(150) }),
  network: { latency: ms(10) },
  devices: { stepOverhead: ms(8) },
  faults: [
    lose({ from: 'client' }, { probability: 0.2, id: 'losses' }),
    delay({ direction: 'down' }, { by: ms(5), jitter: ms(10), id: 'lag' }),
  ],
  evaluate: { start: true, on: ['validation'] },
})

const opened: Lab[] = []
const labOf = async (changes: Partial<Specification> = {}): Promise<Lab> => {
  const made = await Lab.open({ ...script, ...changes } as Specification, { seed: 7, workers: 1, engine: 'surrogate' })
  opened.push(made)
  return made
}

let lab: Lab
beforeAll(async () => {
  lab = await labOf()
})
afterAll(async () => {
  for (const made of opened) await made.close()
})

/** What comes out of a flight by hand is what its plan flies. */
const isItsPlan = async (of: Lab, flight: OpenFlight) => {
  const flown = await flight.finish()
  expect(flown.status).toBe('complete')
  const plan = JSON.parse(JSON.stringify(flown.plan)) as typeof flown.plan
  const again = await of.fly({ plan })
  expect(again.digest).toBe(flown.digest)
  return flown
}

describe('a flight that goes step by step', () => {
  it('is the flight that is flown at once', async () => {
    const flight = await lab.start()
    const told = []
    while (!flight.over) told.push(...(await flight.step()))
    const { digest } = await isItsPlan(lab, flight)
    expect(digest).toBe((await lab.fly()).digest)
    expect(told.map(({ kind }) => kind)).toContain('fold')
    expect(told.map(({ kind }) => kind)).not.toContain('evaluated')
  })

  it('goes on by rounds, to an instant, and to an event', async () => {
    const flight = await lab.start()
    const first = await flight.step('round')
    expect(first.filter(({ kind }) => kind === 'round-close')).toHaveLength(1)
    await flight.until({ opened: 3 })
    expect(flight.state('aggregator')).toMatchObject({ round: 3, phase: 'flying' })
    const { now } = flight
    await flight.until(now + 7_000)
    expect(flight.now).toBe(now + 7_000)
    const told = await flight.until((event) => event.kind === 'fold' && event.part === 'expert-1')
    expect(told.at(-1)).toBeDefined()
    expect(told.some((event) => event.kind === 'fold' && event.part === 'expert-1')).toBe(true)
    await flight.until({ closed: 99 })
    expect(flight.over).toBe(true)
    expect((await flight.finish()).digest).toBe((await lab.fly()).digest)
  })

  it('shows states as copies', async () => {
    const flight = await lab.start()
    await flight.step('round')
    const { holding } = flight.state('expert-1')
    holding.state.values.fill(9)
    holding.answered.clear()
    expect(flight.state('expert-1').holding.answered.size).toBeGreaterThan(0)
    expect(flight.state('client-store-1').round).toBe(1)
    expect(() => flight.state('expert-9')).toThrow(/Nobody is called 'expert-9'\. Did you mean "expert-1"\?/)
    expect((await flight.finish()).digest).toBe((await lab.fly()).digest)
  })
})

const kinds: Readonly<Record<Exclude<Fault['kind'], 'mislabel'>, (flight: OpenFlight) => Parameters<OpenFlight['inject']>[0]>> = {
  away: () => away(fraction(0.5), { phase: 'training' }),
  battery: () => battery(one(), { capacity: 0.01 }),
  churn: () => churn('all', { deaths: 5_000, births: 9_000, horizon: seconds(30) }),
  corrupt: () => corrupt({ to: 'client' }, { bits: 2 }),
  full: () => full('aggregator', { service: ms(30), inbox: 1 }),
  joins: () => joins(one(), { round: 4 }),
  poison: () => poison(one(), { send: 'sign-flip' }),
  quits: () => quits(one(), { round: 3 }),
  skew: () => skew('all', { drift: -50_000 }),
  clog: () => clog({ to: 'aggregator' }),
  crash: ({ now }) => crash('expert-1', { at: now, restartAfter: ms(40), keeps: 'checkpoint' }),
  delay: () => delay({ from: 'expert' }, { by: ms(30) }),
  duplicate: () => duplicate({ from: 'client' }, { after: ms(3) }),
  forget: () => forget('aggregator', { by: 1 }),
  lose: () => lose({ to: 'expert-2' }),
  narrow: () => narrow(one(), { by: 50 }),
  partial: () => partial(one(), { epochs: 0.5 }),
  partition: () => partition([named('expert-1')]),
  pause: ({ now }) => pause('aggregator', { at: now + 1, for: ms(70) }),
  reorder: () => reorder({ to: 'client' }, { by: ms(40), gap: 2 }),
  slow: () => slow(one(), { by: 9 }),
}

describe('a fault that is injected', () => {
  it.each(Object.entries(kinds))('%s, strikes from there on, and its plan flies the same', async (kind, fault) => {
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    for (let i = 0; i < 3; i++) await flight.step()
    const before = flight.place
    const { id } = flight.inject(fault(flight))
    expect(flight.place).toEqual(before)
    const flown = await isItsPlan(lab, flight)
    const report = flown.faults.find((one_) => one_.id === id)!
    if (kind !== 'forget') expect(report.fired).toBeGreaterThan(0)
    if (kind !== 'forget' && kind !== 'skew') expect(flown.digest).not.toBe((await lab.fly()).digest)
    expect(report.text).toMatch(/, injected at \d/)
    expect(flown.plan.faults.at(-1)!.injected).toEqual({ at: before.at, event: before.event })
  })

  it.each(Object.entries(kinds))('%s, is gone once it is healed, and its plan flies the same', async (_kind, fault) => {
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    const { id } = flight.inject(fault(flight))
    await flight.until({ opened: 3 })
    flight.heal(id)
    const { plan } = await isItsPlan(lab, flight)
    expect(plan.faults.at(-1)).toMatchObject({ id, injected: {}, healed: {} })
  })

  it('at an instant between events is there before what happens next', async () => {
    const flight = await lab.start()
    await flight.step('round')
    await flight.until(flight.now + 3_333)
    flight.inject(crash('aggregator', { at: flight.now, restartAfter: ms(20), keeps: 'checkpoint' }))
    const [next] = await flight.until((event) => event.kind === 'life')
    expect(next.at).toBeGreaterThan(0)
    expect(flight.alive('aggregator')).toBe(false)
    await isItsPlan(lab, flight)
  })

  it('counts events from there on', async () => {
    const flight = await lab.start()
    await flight.until({ closed: 2 })
    const { now } = flight
    flight.inject(crash('expert-2', { when: { event: 'arrived', to: 'expert-2', message: 'update' }, restartAfter: ms(10), keeps: 'checkpoint' }))
    const told = await flight.until((event) => event.kind === 'life')
    expect(told.every(({ at }) => at >= now)).toBe(true)
    expect(told.filter((event) => event.kind === 'arrive' && event.actor === 'expert-2').length).toBeGreaterThan(0)
    await isItsPlan(lab, flight)
  })

  it('is drawn as a plan draws it, and says what is wrong', async () => {
    const flight = await lab.start()
    await flight.step('round')
    const drawn = flight.inject(slow(one(), { by: 2, id: 'tortoise' }))
    expect(drawn.targets).toHaveLength(1)
    expect(() => flight.inject(slow(one(), { by: 2, id: 'tortoise' }))).toThrow("inject: 'tortoise' names another fault already")
    expect(() => flight.inject(crash('expert-7', { at: flight.now }))).toThrow(/inject\.who: nobody is named 'expert-7'\. Did you mean 'expert-1'/)
    expect(() => flight.inject(crash('expert-1', { at: 0 }))).toThrow(/is set for 0\.000 s, and it is .* Give at: flight\.now/)
    expect(() => flight.inject({ kind: 'slow', who: 'all' } as never)).toThrow(/give either `by` or `profile`/)
    expect(() => flight.heal('tortise')).toThrow('no fault is called \'tortise\'. Did you mean "tortoise"?')
    expect(() => flight.inject(mislabel(one(), { flip: 0.5 }))).toThrow(/changes labels before the flight: it can be neither injected nor healed/)
    flight.close()
  })

  it('by hand, in the middle of a transfer: it goes on at the other rate, and at its own once that is healed', async () => {
    const slowly = await labOf({ network: { up: 1e5, down: 1e7, latency: ms(10) }, faults: [] })
    const undisturbed = (await slowly.fly()).ledger
    const flown = async (heals: boolean) => {
      const flight = await slowly.start()
      let sent: { envelope: number; actor: string } | undefined
      while (sent === undefined) {
        for (const event of await flight.step()) if (event.kind === 'send' && event.message === 'update') sent ??= event
      }
      const { id } = flight.inject(narrow(named(sent.actor), { by: 1000, id: 'narrow' }))
      const before = undisturbed.find((row) => row.id === sent.envelope)!
      const injected = flight.now
      expect(injected).toBeLessThan(before.delivered!)
      if (heals) {
        await flight.until(injected + ms(5))
        expect(flight.now).toBeLessThan(before.delivered! - ms(10))
        flight.heal(id)
      }
      const healed = flight.now
      const { ledger } = await isItsPlan(slowly, flight)
      const { delivered } = ledger.find((row) => row.id === sent.envelope)!
      return { later: delivered === null ? Infinity : delivered - before.delivered!, held: healed - injected }
    }
    const { later, held } = await flown(true)
    // While it was narrow next to nothing passed: it is later by that, but for a thousandth, and a microsecond of rounding.
    expect(later).toBeGreaterThan(held * 0.998)
    expect(later).toBeLessThanOrEqual(held)
    expect((await flown(false)).later).toBeGreaterThan(seconds(1))
  })

  it('by hand, on the line of the servers: what is under way goes on at the other rate, and at its own once that is healed', async () => {
    const shared = await labOf({ network: { sharing: 'fair', up: 1e9, down: 1e9, latency: 0, servers: { up: 1e5 } }, faults: [] })
    const there = ({ ledger }: Pick<Awaited<ReturnType<Lab['fly']>>, 'ledger'>): readonly (number | null)[] =>
      ledger.flatMap(({ round, kind, from, delivered }) => (round === 1 && kind === 'model' && from !== 'aggregator' ? [delivered] : []))
    const undisturbed = there(await shared.fly())
    expect(undisturbed).toEqual(Array.from({ length: 6 }, () => 279_360))
    const flight = await shared.start()
    await flight.until(ms(20))
    const { id } = flight.inject(narrow({ line: 'servers' }, { by: 1000, id: 'narrow' }))
    await flight.until(ms(25))
    flight.heal(id)
    const flown = await isItsPlan(shared, flight)
    // A thousandth of what five milliseconds carry has passed in them.
    expect(there(flown)).toEqual(undisturbed.map((at) => at! + ms(5) * 0.999))
    expect(flown.faults[0]).toMatchObject({ id: 'narrow', targets: [], fired: 1, outcome: 'the line narrowed in 1 round' })
    const other = await lab.start()
    expect(() => other.inject(narrow({ line: 'servers' }, { by: 2 }))).toThrow('inject.line is the line of the servers, and under network.sharing: fifo only clients have lines. Give network: {')
    other.close()
  })

  it('can be healed, and so can one of the plan', async () => {
    const calm = await lab.start()
    calm.heal('losses')
    calm.heal('lag')
    expect((await calm.finish()).digests.events).toBe((await lab.fly({ plan: { ...(await lab.plan()), faults: [] } })).digests.events)
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    const { id } = flight.inject(lose({ to: 'expert-1' }))
    const during = await flight.until({ opened: 3 })
    flight.heal(id)
    expect(() => flight.heal(id)).toThrow('was healed at')
    const after = await flight.until({ closed: 99 })
    const drops = (events: typeof after) => events.filter((event) => event.kind === 'drop' && event.fault === id)
    expect(drops(during).length).toBeGreaterThan(0)
    expect(after.filter((event) => event.kind === 'arrive' && event.actor === 'expert-1').length).toBeGreaterThan(0)
    // What had been sent before it was healed is still lost.
    const sentAfter = new Set(after.flatMap((event) => (event.kind === 'send' ? [event.envelope] : [])))
    expect(drops(after).filter((event) => event.kind === 'drop' && sentAfter.has(event.envelope))).toEqual([])
    await isItsPlan(lab, flight)
  })

  it('a partition and a clog heal at once: what is sent afterwards passes, and what was held is let go', async () => {
    const own = await labOf({ rounds: synchronous({ count: 3, select: 3 }), delivery: { acknowledge: true, retries: 40, timeout: ms(80) }, faults: [] })
    const { digests } = await own.fly()
    const flight = await own.start()
    await flight.until({ opened: 2 })
    const cut = flight.inject(partition([named('expert-1')]))
    const held = flight.inject(clog({ to: 'aggregator' }))
    const apart = await flight.until(flight.now + seconds(4))
    expect(apart.flatMap((event) => (event.kind === 'arrive' && event.actor === 'aggregator' ? [event] : []))).toEqual([])
    expect(apart.some((event) => event.kind === 'hold')).toBe(true)
    expect(apart.some((event) => event.kind === 'drop' && event.fault === cut.id)).toBe(true)
    expect(apart.filter((event) => event.kind === 'link').map(({ at }) => at)).toEqual([flight.plan.faults[0].injected!.at])
    flight.heal(cut.id)
    flight.heal(held.id)
    const healed = await flight.step()
    expect(healed.some((event) => event.kind === 'link' && event.what === 'heal')).toBe(true)
    const flown = await isItsPlan(own, flight)
    expect(flown.rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3])
    expect(flown.digests.events).not.toBe(digests.events)
  })
})

describe.each(Object.entries({
  synchronous: synchronous({ count: 3, select: 3 }),
  quorum: quorum({ count: 4, quorum: 2, after: seconds(1), patience: ms(100) }),
  asynchronous: asynchronous({ count: 12, timeout: ms(400), patience: ms(100) }),
  buffered: buffered({ count: 6, buffer: 2, timeout: ms(400), patience: ms(100) }),
} satisfies Record<string, Specification['rounds']>))('%s rounds, with messages acknowledged', (_, rounds) => {
  it('fly the same by hand and by plan', async () => {
    const own = await labOf({ rounds, delivery: { acknowledge: true, retries: 20, timeout: ms(80) }, faults: [] })
    const flight = await own.start()
    await flight.step('round')
    for (let i = 0; i < 5; i++) await flight.step()
    flight.inject(crash('aggregator', { at: flight.now, restartAfter: ms(30), keeps: 'checkpoint' }))
    await flight.until((event) => event.kind === 'recovered')
    const cut = flight.inject(delay({ from: 'expert-1' }, { by: ms(40) }))
    await flight.until(flight.now + ms(300))
    flight.heal(cut.id)
    flight.inject(partial(one(), { epochs: 0.5 }))
    await flight.until(flight.now + ms(100))
    await isItsPlan(own, flight)
  })
})

describe('the same past', () => {
  it('has two futures', async () => {
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    const other = await flight.fork()
    expect(other.place).toEqual(flight.place)
    other.inject(lose({ to: 'aggregator' }, { until: other.now + ms(500) }))
    // One after the other, in turn: neither is in the other's way.
    while (!flight.over || !other.over) {
      if (!flight.over) await flight.until(flight.now + ms(50))
      if (!other.over) await other.until(other.now + ms(50))
    }
    const [mine, its] = [await isItsPlan(lab, flight), await isItsPlan(lab, other)]
    expect(mine.digest).toBe((await lab.fly()).digest)
    expect(its.digest).not.toBe(mine.digest)
  })

  it('is flown again, and what was done later is undone', async () => {
    const flight = await lab.start()
    await flight.until({ opened: 2 })
    const { place } = flight
    const kept = flight.inject(slow(one(), { by: 3 }))
    await flight.until({ opened: 3 })
    flight.inject(crash('expert-1', { at: flight.now, keeps: 'checkpoint' }))
    flight.heal('losses')
    await flight.until(flight.now + ms(50))
    expect(flight.alive('expert-1')).toBe(false)
    await flight.rewind({ opened: 3 })
    expect(flight.alive('expert-1')).toBe(true)
    expect(flight.plan.faults.map(({ id, healed }) => [id, healed])).toEqual([['losses', undefined], ['lag', undefined], [kept.id, undefined]])
    const fork = await flight.fork()
    await isItsPlan(lab, fork)
    await flight.rewind(place)
    expect(flight.place).toEqual(place)
    expect(flight.plan).toEqual(await lab.plan())
    const { digest } = await flight.finish()
    expect(digest).toBe((await lab.fly()).digest)
    await expect(flight.finish()).rejects.toThrow('This flight is over')
    await flight.rewind(0)
    expect(flight.now).toBe(0)
    expect((await flight.finish()).digest).toBe(digest)
  })

  it('to an instant at which something was injected is without it', async () => {
    const flight = await lab.start()
    await flight.until(ms(77))
    flight.inject(crash('expert-1', { at: flight.now, restartAfter: ms(5) }))
    await flight.until(ms(200))
    await flight.rewind(ms(77))
    expect(flight.plan).toEqual(await lab.plan())
    expect((await flight.finish()).digest).toBe((await lab.fly()).digest)
  })
})

it('one thing comes after the other', async () => {
  const flight = await lab.start()
  const first = flight.step('round')
  await expect(flight.step()).rejects.toThrow('await the step before')
  await first
  flight.close()
})

describe('clients that a healed fault had kept away for long', () => {
  const absences = [
    away('client-store-1', { from: 0, until: '1 h', id: 'away' }),
    churn('client-store-2', { births: 1, deaths: 1e6, horizon: '10 h', id: 'churn' }),
  ]

  it.each([
    ['where rounds overlap', asynchronous({ count: 60, timeout: seconds(1) })],
    ['where a round waits for a quorum', quorum({ count: 4, quorum: 4, after: seconds(30) })],
  ])('are asked again, %s', async (_, rounds) => {
    const healing = await labOf({ rounds, faults: absences })
    const flight = await healing.start()
    await flight.until(ms(300))
    for (const { id } of absences) flight.heal(id!)
    const { rounds: rows } = await isItsPlan(healing, flight)
    const asked = new Set(rows.flatMap(({ selected }) => selected))
    for (const who of ['client-store-1', 'client-store-2']) expect(asked).toContain(who)
  })
})
