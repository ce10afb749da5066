import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { Inbox } from '../../src/faults/inbox.js'
import type { FaultInput } from '../../src/faults/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { away, crash, deadline, fedAvg, full, mlp, mmoe, ms, partition, seconds, sgd } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from '../federation/small.js'
import { envelope, weatherOf } from './weather.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/** Three clients of one step each, whose updates reach the aggregator in one instant, at 22,409 us. */
const flown = (faults: readonly FaultInput[], about: Partial<Specification> = {}): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mlp({ embedding: 1, hidden: [2] }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 1, after: ms(100), quorum: 1 }),
        network: { up: 8e6, down: 8e6, latency: ms(10) },
        devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
        faults: [...faults],
        evaluate: { every: 100, final: false },
        ...about,
      },
      { seed: 1, engine: 'surrogate' },
    ),
    { world: smallWorld({ A: 16, B: 16, C: 16 }), engine },
  )

const updates = ({ ledger }: Flight): string[] =>
  ledger.filter(({ kind }) => kind === 'update').map(({ sent, delivered, fate }) => `${sent} ${delivered} ${fate}`)

const outcome = ({ faults }: Flight): string => `${faults[0].text}: ${faults[0].fired}, ${faults[0].outcome}`

describe('a server that is full', () => {
  it('takes one message in, has one wait, refuses the third', async () => {
    const calm = await flown([])
    const [, arrives] = updates(calm)[0].split(' ').map(Number)
    const flight = await flown([full('aggregator', { service: ms(5), inbox: 1, id: 'full' })])
    const [sent] = updates(flight)[0].split(' ')
    expect(new Set(updates(calm))).toEqual(new Set([`${sent} ${arrives} used`]))
    expect(updates(flight).toSorted()).toEqual([
      `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 10_000} used`, `${sent} null refused`,
    ])
    const { bytes } = flight.ledger.find(({ fate }) => fate === 'refused')!
    expect(outcome(flight)).toBe(
      'aggregator handles 1 message at once for 0.005 s, inbox of 1 message: 3, 2 messages handled (0.010 s of work); ' +
        `1 message kept waiting (0.005 s); 1 message refused (${bytes} bytes sent in vain)`,
    )
    expect(flight.rounds[0]).toMatchObject({ closed: 100_000, reason: 'deadline' })
    expect(flight.trainings.map(({ outcome: end }) => end).toSorted()).toEqual(['lost', 'used', 'used'])
  })

  it('gets what it refused once more, where messages are acknowledged', async () => {
    const { rounds, ledger } = await flown([full('aggregator', { service: ms(5), inbox: 0, id: 'full' })], {
      rounds: deadline({ count: 1, after: seconds(10), quorum: 1 }),
      delivery: { acknowledge: true, timeout: ms(10) },
    })
    expect(rounds[0]).toMatchObject({ folded: ['client-A', 'client-B', 'client-C'], reason: 'all answered' })
    const about = ledger.filter(({ kind }) => kind === 'update')
    expect(about.filter(({ fate }) => fate === 'used')).toHaveLength(3)
    expect(about.filter(({ fate }) => fate === 'refused').length).toBeGreaterThan(0)
    expect(about.filter(({ attempt, fate }) => attempt > 0 && fate === 'used').length).toBeGreaterThan(0)
  })

  it('without a bound holds up everybody, and refuses nobody', async () => {
    const flight = await flown([full('aggregator', { service: ms(5), takes: 2, id: 'full' })])
    const [sent] = updates(flight)[0].split(' ')
    const [, arrives] = updates(await flown([]))[0].split(' ').map(Number)
    expect(updates(flight).toSorted()).toEqual([
      `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 10_000} used`,
    ])
  })

  it('that dies loses what is in its inbox', async () => {
    const { faults, ledger } = await flown([
      full('client-A', { service: ms(5), id: 'full' }), crash('client-A', { at: ms(12), restartAfter: ms(1), keeps: 'nothing', id: 'crash' }),
    ])
    expect(ledger.find(({ to, kind }) => to === 'client-A' && kind === 'model')).toMatchObject({ fate: 'lost', delivered: null })
    expect(faults[0].outcome).toBe('1 message handled (0.005 s of work)')
  })

  it('is so in its window, and for whom it names', () => {
    const weather = weatherOf([full('aggregator', { service: 100, inbox: 0, from: 1000, rounds: [2, 3], id: 'x' })])
    expect(weather.door(envelope({ id: 1, round: 2 }), 999)).toBe('deliver')
    expect(weather.door(envelope({ id: 2, round: 1 }), 1000)).toBe('deliver')
    expect(weather.door(envelope({ id: 3, round: 2, to: 'expert-1' }), 1000)).toBe('deliver')
    expect(weather.door(envelope({ id: 4, round: 2 }), 1000)).toEqual({ hold: 1100, by: 'x' })
    expect(weather.door(envelope({ id: 4, round: 2 }), 1050)).toEqual({ hold: 1100, by: 'x' })
    expect(weather.door(envelope({ id: 5, round: 2 }), 1050)).toEqual({ drop: 'x', refused: true })
    expect(weather.door(envelope({ id: 4, round: 2 }), 1100)).toBe('deliver')
    expect(weather.door(envelope({ id: 6, round: 2 }), 1100)).toEqual({ hold: 1200, by: 'x' })
  })
})

const arrivals = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 })
const size = fc.integer({ min: 1, max: 4 })

/*
 * Two clients, one expert, lines of one byte a microsecond, 100 us of latency, a step in 1001 us. A has trained at 1,965, B,
 * which has twice the rows, at 2,965. Each sends its expert's part (216 bytes), then the trunk (648).
 */
describe('a full inbox that is waited for, to the microsecond', () => {
  const traced = async (faults: readonly FaultInput[]) => {
    const held: string[] = []
    const resolved = resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 1, after: ms(100), quorum: 1 }),
        network: { up: 8e6, down: 8e6, latency: 100 },
        devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
        faults: [...faults],
        evaluate: { every: 100, final: false },
      },
      { seed: 1, engine: 'surrogate' },
    )
    const flight = await fly(resolved, {
      world: smallWorld({ A: 16, B: 32 }), engine,
      onEvent: (event) => {
        if (event.kind === 'hold') held.push(`${event.at} ${event.envelope} until ${event.until}${event.stands === true ? ', stands' : ''}`)
      },
    })
    const ups = flight.ledger.filter(({ kind }) => kind === 'update').map(
      ({ from, part, sent, delivered, travelled, fate }) => `${from.at(-1)} ${part} ${sent}: ${delivered ?? `after ${travelled} bytes`}, ${fate}`,
    )
    return { ups, held, outcomes: flight.faults.map(({ outcome }) => outcome) }
  }
  const server = full('expert-1', { service: 1500, inbox: 0, beyond: 'wait', from: 1000, until: 90_000, id: 'full' })

  it('holds the line of who stands there, for other servers too', async () => {
    expect((await traced([])).ups).toEqual([
      'A expert-1 1965: 2281, used', 'A trunk 1965: 2929, used', 'B expert-1 2965: 3281, used', 'B trunk 2965: 3929, used',
    ])
    const { ups, held, outcomes } = await traced([server])
    // B's part stands from 3,281 to 3,781, when A's is handled. Of B's trunk 100 of 648 bytes had passed: 548 come after that.
    // Then the aggregator closes the round, at 4,429; what is sent among servers has no line to hold.
    expect(held).toEqual([
      '2281 5 until 3781', '3281 7 until 3781, stands', '3781 7 until 5281', '4429 9 until 5281, stands', '5281 9 until 6781',
    ])
    expect(ups).toEqual([
      'A expert-1 1965: 3781, used', 'A trunk 1965: 2929, used', 'B expert-1 2965: 5281, used', 'B trunk 2965: 4429, used',
    ])
    expect(outcomes).toEqual([
      '3 messages handled (0.004 s of work); 2 messages kept waiting (0.001 s); 2 messages found no place in it and held their lines (0.001 s)',
    ])
  })

  it('is lost with its sender, and those behind it in the same line', async () => {
    const dies = crash('client-B', { at: 3500, id: 'dies' })
    expect((await traced([server, dies])).ups).toEqual([
      'A expert-1 1965: 3781, used', 'A trunk 1965: 2929, used', 'B expert-1 2965: after 216 bytes, lost', 'B trunk 2965: after 100 bytes, lost',
    ])
    const leaves = away('client-B', { from: 3500, until: 4000, id: 'leaves' })
    expect((await traced([server, leaves])).ups.slice(2)).toEqual([
      'B expert-1 2965: after 216 bytes, lost', 'B trunk 2965: after 100 bytes, lost',
    ])
  })

  it('frees the line when it is lost by itself, as by a partition or with its receiver', async () => {
    const cut = partition(['client-B', 'expert-1'], { from: 3500, until: 4000, travelled: 1, id: 'cut' })
    expect((await traced([server, cut])).ups.slice(2)).toEqual(['B expert-1 2965: after 216 bytes, lost', 'B trunk 2965: 4148, used'])
    const dies = crash('expert-1', { at: 3500, restartAfter: 0, keeps: 'checkpoint', id: 'dies' })
    const { ups } = await traced([server, dies])
    expect(ups.filter((line) => line.startsWith('B')).slice(0, 2)).toEqual(['B expert-1 2965: after 216 bytes, lost', 'B trunk 2965: 4148, used'])
  })

  it('lets in sooner who stands behind one that is lost', () => {
    const weather = weatherOf([full('aggregator', { service: 100, inbox: 0, beyond: 'wait', id: 'x' })])
    expect(weather.door(envelope({ id: 1 }), 1000)).toEqual({ hold: 1100, by: 'x' })
    expect(weather.door(envelope({ id: 2 }), 1010)).toEqual({ hold: 1100, by: 'x', stands: true })
    expect(weather.door(envelope({ id: 3 }), 1020)).toEqual({ hold: 1200, by: 'x', stands: true })
    weather.happen(1050, 'aggregator', { kind: 'drop', envelope: 2, from: 'client-NL', round: 1, travelled: 1000, fault: undefined })
    expect(weather.setOff).toEqual([{ kind: 'release', who: 'aggregator', at: 1050, fault: 'x' }])
    expect(weather.door(envelope({ id: 3 }), 1050)).toEqual({ hold: 1100, by: 'x', stands: true })
    expect(weather.door(envelope({ id: 3 }), 1100)).toEqual({ hold: 1200, by: 'x' })
  })

  it('needs a bound', () => {
    expect(full.schema.safeParse({ kind: 'full', who: 'aggregator', service: 5, beyond: 'wait' }).success).toBe(false)
  })
})

describe('an inbox', () => {
  it('is the queue that a step by step simulation of it gives', () => {
    fc.assert(
      fc.property(arrivals, size, fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 5 }), (gaps, takes, service, waiting) => {
        const inbox = new Inbox({ takes, service, places: takes + waiting })
        /** By server: when it is free again. */
        const free = Array.from({ length: takes }, () => 0)
        const inside: number[] = []
        let now = 0
        gaps.forEach((gap, i) => {
          now += gap
          const here = inside.filter((end) => end > now)
          const place = inbox.ask(i, now)
          if (here.length >= takes + waiting) return expect(place).toBe('no room')
          const server = free.indexOf(Math.min(...free))
          const start = Math.max(now, free[server])
          free[server] = start + service
          inside.push(free[server])
          expect(place).toEqual({ handled: free[server], waits: start - now, stood: 0 })
        })
      }),
    )
  })

  it('with a line in front of it is the queue that a loop over microseconds makes, whoever leaves the line', () => {
    const leaving = fc.array(fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 3 }), { minLength: 40, maxLength: 40 })
    fc.assert(
      fc.property(arrivals, size, fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 5 }), leaving, (gaps, takes, service, waiting, leave) => {
        let at = 0
        const comes = gaps.map((gap) => (at += gap))
        const leaves = comes.map((instant, i) => (leave[i] === undefined ? undefined : instant + leave[i]))
        const [inbox, slow] = [new Inbox({ takes, service, places: takes + waiting, waits: true }), new Slow(takes, service, takes + waiting)]
        for (let now = 0; now <= at + 15 * 41; now++) {
          slow.over(now)
          comes.forEach((instant, i) => {
            // One that has found its place by then is past leaving.
            if (leaves[i] === now && slow.standing.includes(i)) {
              slow.standing.splice(slow.standing.indexOf(i), 1)
              inbox.leaves(i, now)
            }
            if (instant !== now) return
            slow.standing.push(i)
            slow.letIn(now)
            inbox.ask(i, now)
          })
          comes.forEach((instant, i) => {
            if (instant > now || (!slow.standing.includes(i) && !slow.entered.has(i))) return
            const place = inbox.ask(i, now)
            expect(place === 'handled' ? 'handled' : 'enters' in (place as object) ? 'stands' : 'inside').toBe(slow.says(i))
          })
        }
        for (const [i, { entered, begun }] of slow.entered) {
          const place = inbox.ask(i, 0)
          expect(place).toEqual({ handled: begun! + service, waits: begun! - comes[i], stood: entered - comes[i] })
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** An inbox, and a line in front of it, one microsecond after the other. */
class Slow {
  readonly standing: number[] = []
  readonly waiting: number[] = []
  readonly working: { readonly i: number; readonly end: number }[] = []
  readonly entered = new Map<number, { readonly entered: number; begun?: number }>()

  constructor(
    private readonly takes: number,
    private readonly service: number,
    private readonly places: number,
  ) {}

  over(now: number): void {
    for (const one of this.working.filter(({ end }) => end <= now)) this.working.splice(this.working.indexOf(one), 1)
    this.letIn(now)
  }

  letIn(now: number): void {
    for (;;) {
      const hasRoom = this.working.length + this.waiting.length < this.places
      if (this.waiting.length > 0 && this.working.length < this.takes) {
        const i = this.waiting.shift()!
        this.entered.get(i)!.begun = now
        this.working.push({ i, end: now + this.service })
      } else if (hasRoom && this.standing.length > 0) {
        const i = this.standing.shift()!
        this.entered.set(i, { entered: now })
        this.waiting.push(i)
      } else return
    }
  }

  says(i: number): string {
    if (this.standing.includes(i)) return 'stands'
    return this.waiting.includes(i) || this.working.some((one) => one.i === i) ? 'inside' : 'handled'
  }
}
