import { delay as later, filter, map, mergeMap } from 'rxjs'
import { describe, expect, it } from 'vitest'

import { type Content, type CustomLink, Network, type NetworkOptions } from '../../src/network/network.js'
import { star } from '../../src/network/topology.js'
import { passes, type Verdict, type Weather } from '../../src/network/weather.js'
import { streams } from '../../src/random/streams.js'
import type { FlightEvent } from '../../src/record/event.js'
import { FlightRecorder } from '../../src/record/flight-recorder.js'
import { Ledger } from '../../src/record/ledger.js'
import { KernelScheduler } from '../../src/time/scheduler.js'
import { Clock } from './clock.js'

/** A line of 1 byte a microsecond, 10 microseconds of latency, and nothing in the way. */
const fine: Weather = {
  judge: () => passes,
  door: () => 'deliver',
  rate: () => ({ bytesPerSecond: 1e6, until: Infinity }),
  latency: () => 10,
  leaves: () => undefined,
  absence: () => undefined,
}

const verdict = (about: Partial<Verdict>): Verdict => ({ delay: 0, copies: [], ...about })

type About = Partial<Content> & { readonly size?: number; readonly from?: string; readonly to?: string }

const update = ({ size = 100, from = 'client-a', to = 'aggregator', ...rest }: About = {}): [string, string, Content] => [
  from, to, { kind: 'update', round: 1, part: 'trunk', bytes: new Uint8Array(size), ...rest },
]

const network = (weather: Partial<Weather> = {}, custom?: CustomLink, more: Partial<NetworkOptions> = {}) => {
  const clock = new Clock()
  const record = new FlightRecorder(() => clock.now)
  const ledger = new Ledger(record)
  const events: FlightEvent[] = []
  record.read(ledger, { see: (event) => void events.push({ ...event }) })
  const dead = new Set<string>()
  const delivered: string[] = []
  const failed: unknown[] = []
  const own = new Network({
    now: () => clock.now,
    at: clock.at,
    cancel: clock.cancel,
    failed: (error) => failed.push(error),
    deliver: (time, envelope, landing) =>
      clock.at(time, () => {
        const { id, to, bytes } = envelope
        if (landing.arrives(!dead.has(to))) delivered.push(`${clock.now} ${id} ${to} ${bytes[0]}`)
      }),
    weather: { ...fine, ...weather },
    record,
    ledger,
    topology: star((name) => (name.startsWith('client') ? 'client' : name === 'aggregator' ? 'aggregator' : 'expert')),
    rolesOf: () => [],
    ...more,
    ...(custom && { link: { custom, scheduler: new KernelScheduler(clock.kernel), streams: streams('1') } }),
  })
  const told = () =>
    events.map((event) => {
      const { kind, at } = event
      switch (kind) {
        case 'drop': return `${at} drop ${event.envelope} after ${event.travelled} by ${event.fault}`
        case 'hold': return `${at} hold ${event.envelope} until ${event.until}`
        case 'settle': return `${at} ${event.envelope} is ${event.fate}`
        case 'send': case 'copy': case 'arrive': return `${at} ${kind} ${event.envelope}`
        default: return kind
      }
    })
  return { clock, network: own, ledger, events, told, dead, delivered, failed }
}

describe('an envelope', () => {
  it('leaves its line, travels, is let in, and is under way from its sending to its arrival', async () => {
    const { clock, network: own, ledger, events, told, delivered } = network()
    own.send(...update())
    const flow = ledger.flow(0)
    expect(own.inFlight(flow)).toBe(1)
    await clock.run()
    expect(delivered).toEqual(['110 0 aggregator 0'])
    expect(told()).toEqual(['0 send 0', '110 arrive 0'])
    expect(events[1].cause).toBe(events[0].id)
    expect(own.inFlight(flow)).toBe(0)
  })

  it('waits for those before it on the line; servers among themselves wait for nobody', async () => {
    const { clock, network: own, delivered } = network()
    own.send(...update())
    own.send(...update({ size: 1 }))
    own.send(...update({ from: 'aggregator', to: 'expert-1', kind: 'open', size: 500 }))
    await clock.run()
    expect(delivered).toEqual(['10 2 expert-1 0', '110 0 aggregator 0', '111 1 aggregator 0'])
  })

  it('from client to client pays both lines', async () => {
    const { clock, network: own, delivered } = network({
      rate: ({ owner }) => ({ bytesPerSecond: owner === 'client-b' ? 0.5e6 : 1e6, until: Infinity }),
    })
    own.send(...update({ to: 'client-b' }))
    await clock.run()
    expect(delivered).toEqual(['210 0 client-b 0'])
  })
})

describe('when it is sent', () => {
  it('an error of the weather’s is told, and not lost', () => {
    const error = new Error('storm')
    const { network: own, failed } = network({ judge: () => { throw error } })
    own.send(...update())
    expect(failed).toEqual([error])
  })

  it('it may be delayed, lost on the way, or copied; copies are judged for themselves', async () => {
    const { clock, network: own, told, ledger } = network({
      judge: ({ copy }) =>
        copy === 0
          ? verdict({ delay: 5, copies: [{ delay: 7, fault: 'twice' }, { delay: 9, fault: 'twice' }] })
          : copy === 1 ? verdict({ lost: { travelled: 0.255, fault: 'gone' } }) : passes,
    })
    own.send(...update())
    expect(own.inFlight(ledger.flow(0))).toBe(3)
    await clock.run()
    // 100 bytes, then 25 of the lost copy, then 100 of the other: one line.
    expect(told()).toEqual([
      '0 send 0', '0 copy 1', '0 copy 2', '115 arrive 0', '125 drop 1 after 25 by gone', '125 1 is lost', '244 arrive 2',
    ])
    expect(ledger.flows.map(({ sent, copied, delivered, dropped }) => [sent, copied, delivered, dropped])).toEqual([[1, 2, 2, 1]])
  })
})

describe('at the door', () => {
  it('it is let in, kept and asked about again, or lost; and nobody is at home at a dead actor’s', async () => {
    const doors = [{ hold: 150 }, { hold: 180 }, 'deliver'] as const
    let asked = 0
    const kept = network({ door: () => doors[asked++] })
    kept.network.send(...update())
    await kept.clock.run()
    expect(kept.told()).toEqual(['0 send 0', '110 hold 0 until 150', '150 hold 0 until 180', '180 arrive 0'])
    const lost = network({ door: () => ({ drop: 'wall' }) })
    lost.network.send(...update())
    await lost.clock.run()
    expect(lost.told()).toEqual(['0 send 0', '110 drop 0 after 100 by wall', '110 0 is lost'])
    const dead = network({ door: () => { throw new Error('asked') } })
    dead.dead.add('aggregator')
    dead.network.send(...update())
    await dead.clock.run()
    expect(dead.told()).toEqual(['0 send 0', '110 drop 0 after 100 by undefined', '110 0 is lost'])
  })

  it('for every role', async () => {
    const asked: string[] = []
    const { clock, network: own } = network({ door: ({ to }) => { asked.push(to); return 'deliver' } })
    own.send(...update())
    own.send(...update({ from: 'aggregator', to: 'expert-1', kind: 'open' }))
    own.send(...update({ from: 'expert-1', to: 'client-a', kind: 'model' }))
    await clock.run()
    expect(asked.toSorted()).toEqual(['aggregator', 'client-a', 'expert-1'])
  })

  it('what is still held when all is over is lost', async () => {
    const { clock, network: own, told, ledger } = network({ door: () => ({ hold: 1e9 }), latency: () => 0 })
    own.send(...update())
    clock.at(200, () => own.close())
    await clock.kernel.run({ stop: () => clock.now >= 200 })
    expect(told().slice(-2)).toEqual(['200 drop 0 after 100 by undefined', '200 0 is lost'])
    expect(own.inFlight(ledger.flow(0))).toBe(0)
  })
})

describe('absence', () => {
  it('cuts what is on the lines when it happens, with the bytes that had passed; those behind move up', async () => {
    const { clock, network: own, told } = network({ leaves: (who, from) => (who === 'client-a' && from < 40 ? 40 : undefined), absence: () => 'away-1' })
    own.send(...update())
    own.send(...update({ from: 'client-b', size: 60 }))
    clock.at(40, () => own.send(...update({ size: 10 })))
    await clock.run()
    expect(told()).toEqual([
      '0 send 0', '0 send 1', '40 drop 0 after 40 by away-1', '40 0 is lost', '40 send 2', '60 arrive 2', '70 arrive 1',
    ])
  })

  it('cuts at both ends of a path, and leaves alone what had left the lines', async () => {
    const { clock, network: own, told } = network({ leaves: (who, from) => (who === 'client-b' && from < 120 ? 120 : undefined), absence: () => 'b' })
    own.send(...update({ to: 'client-b', size: 115 }))
    own.send(...update({ to: 'client-b', size: 115 }))
    await clock.run()
    expect(told()).toEqual(['0 send 0', '0 send 1', '120 drop 1 after 5 by b', '120 1 is lost', '125 arrive 0'])
  })

  it('of a dead actor: everything on its lines, nothing on those of others', async () => {
    const { clock, network: own, told } = network()
    own.send(...update())
    own.send(...update({ size: 50 }))
    own.send(...update({ from: 'aggregator', to: 'client-a', kind: 'model', size: 200 }))
    own.send(...update({ from: 'client-b' }))
    clock.at(30, () => own.cut('client-a', 'crash-1'))
    await clock.run()
    expect(told().slice(4)).toEqual([
      '30 drop 0 after 30 by crash-1', '30 0 is lost', '30 drop 1 after 0 by crash-1', '30 1 is lost',
      '30 drop 2 after 30 by crash-1', '30 2 is lost', '110 arrive 3',
    ])
  })

  it('cuts what is to be lost further on, too', async () => {
    const { clock, network: own, told } = network({
      judge: () => verdict({ lost: { travelled: 0.8, fault: 'lose' } }), leaves: (_, from) => (from < 40 ? 40 : undefined), absence: () => 'away-1',
    })
    own.send(...update())
    await clock.run()
    expect(told().slice(1)).toEqual(['40 drop 0 after 40 by away-1', '40 0 is lost'])
  })
})

describe('a link of one’s own', () => {
  it('delivers what comes out of it when it comes, changed as it is; what it swallows is lost in the end', async () => {
    const own: CustomLink = (envelopes$, { scheduler }) =>
      envelopes$.pipe(
        filter(({ id }) => id !== 1),
        map((envelope) => ({ ...envelope, bytes: envelope.bytes.slice().fill(7) })),
        later(33, scheduler),
      )
    const { clock, network: net, told, delivered } = network({}, own)
    for (let i = 0; i < 3; i++) net.send(...update())
    await clock.run()
    net.close()
    expect(delivered).toEqual(['33 0 aggregator 7', '33 2 aggregator 7'])
    expect(told().slice(3)).toEqual(['33 arrive 0', '33 arrive 2', '33 drop 1 after 100 by undefined', '33 1 is lost'])
  })

  it('may go round the usual one, before or after it; what it gives twice arrives once', async () => {
    const before: CustomLink = (envelopes$, { usual, scheduler }) => usual(envelopes$.pipe(later(5, scheduler)))
    const after: CustomLink = (envelopes$, { usual, scheduler }) => usual(envelopes$).pipe(later(5, scheduler))
    for (const link of [before, after]) {
      const { clock, network: net, told } = network({}, link)
      net.send(...update())
      await clock.run()
      expect(told()).toEqual(['0 send 0', '115 arrive 0'])
    }
    const twice = network({}, (envelopes$, { usual }) => usual(envelopes$).pipe(mergeMap((envelope) => [envelope, envelope])))
    twice.network.send(...update())
    await twice.clock.run()
    expect(twice.told()).toEqual(['0 send 0', '110 arrive 0'])
  })

  it('that throws ends the flight, wherever it does', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    for (const link of [
      (envelopes$) => envelopes$.pipe(map(broken)),
      (envelopes$, { usual }) => usual(envelopes$.pipe(map(broken))),
      (envelopes$, { usual }) => usual(envelopes$).pipe(map(broken)),
    ] satisfies CustomLink[]) {
      const { clock, network: net, failed } = network({}, link)
      net.send(...update())
      await clock.run()
      const message = expect.stringMatching(/^The simulation's link failed: broken \(at /) as string
      expect(failed).toMatchObject([{ message, cause: { message: 'broken' } }])
    }
  })

  it('does not see what a fault loses', async () => {
    const seen: number[] = []
    const { clock, network: net, told } = network(
      { judge: ({ id }) => (id === 0 ? verdict({ lost: { travelled: 0.5, fault: 'x' } }) : passes) },
      (envelopes$, { usual }) => usual(envelopes$.pipe(filter(({ id }) => seen.push(id) > 0))),
    )
    net.send(...update())
    net.send(...update())
    await clock.run()
    expect(seen).toEqual([1])
    expect(told()).toEqual(['0 send 0', '0 send 1', '50 drop 0 after 50 by x', '50 0 is lost', '160 arrive 1'])
  })
})

describe('links that are cut and doors that are closed', () => {
  it('a cut loses what is under way across it: waiting, on its line, past it; and nothing else', async () => {
    const { clock, network: own, told, delivered } = network()
    own.send(...update())
    own.send(...update({ to: 'expert-1' }))
    own.send(...update())
    own.send(...update({ from: 'client-b', size: 40 }))
    own.send(...update({ from: 'client-b', size: 80 }))
    clock.at(45, () => own.sever((from, to) => from === 'client-b' && to === 'aggregator', 'x'))
    clock.at(150, () => own.sever((from, to) => from === 'client-a' && to === 'aggregator', 'y'))
    await clock.run()
    // At 45 the 40 bytes have left, and 5 of 80; at 150 the first has arrived, and the third waits behind the second.
    expect(told().filter((line) => line.includes('drop'))).toEqual(['45 drop 3 after 40 by x', '45 drop 4 after 5 by x', '150 drop 2 after 0 by y'])
    expect(delivered).toEqual(['110 0 aggregator 0', '210 1 expert-1 0'])
  })

  it('what is held until nobody knows when is asked about again when it is released, or lost at the end by who held it', async () => {
    let open = false
    const { clock, network: own, ledger, told } = network({ door: () => (open ? 'deliver' : { hold: Infinity, by: 'jam' }) })
    own.send(...update())
    clock.at(300, () => own.release('another'))
    clock.at(500, () => {
      open = true
      own.release('jam')
    })
    clock.at(600, () => {
      open = false
      own.send(...update({ size: 10 }))
    })
    await clock.run()
    expect(own.inFlight(ledger.flow(0))).toBe(1)
    own.close()
    expect(told()).toEqual([
      '0 send 0', '110 hold 0 until Infinity', '500 arrive 0', '600 send 1', '620 hold 1 until Infinity', '620 drop 1 after 10 by jam', '620 1 is lost',
    ])
    expect(own.inFlight(ledger.flow(0))).toBe(0)
  })
})

describe('under fair sharing', () => {
  const lines = (['up', 'down'] as const).map((direction) => ({ place: 'servers' as const, direction, bytesPerSecond: 1e6 }))
  const topology = star((name) => (name.startsWith('client') ? 'client' : 'aggregator'), { lines, regionOf: () => undefined, weightOf: () => 1 })
  const fair: Partial<NetworkOptions> = { topology, sharing: 'fair' }
  const rates: Partial<Weather> = { rate: (line) => ({ bytesPerSecond: line.owner === undefined ? line.bytesPerSecond : 1e6, until: Infinity }) }

  it('what stands at a full door keeps its own lines, and the line of all goes on', async () => {
    const { clock, network: own, told } = network({ ...rates, door: ({ to }, now) => (to === 'client-a' && now < 500 ? { hold: 500, stands: true } : 'deliver') }, undefined, fair)
    own.send(...update({ from: 'aggregator', to: 'client-a', size: 10 }))
    clock.at(50, () => own.send(...update({ from: 'aggregator', to: 'client-a', size: 10 })))
    clock.at(50, () => own.send(...update({ from: 'aggregator', to: 'client-b', size: 10 })))
    await clock.run()
    const arrivals = told().filter((what) => what.includes('arrive'))
    expect(arrivals[0]).toMatch(/ arrive 2$/)
    expect(Number.parseInt(arrivals[0], 10)).toBeLessThan(500)
    expect(arrivals.slice(1).map((what) => what.replace(/^\d+ /, ''))).toEqual(['arrive 0', 'arrive 1'])
  })

  it('who is gone takes along what is on its own line, with what had passed; the others have the rest', async () => {
    const { clock, network: own, told } = network(rates, undefined, fair)
    own.send(...update({ from: 'client-a', size: 100 }))
    own.send(...update({ from: 'client-b', size: 100 }))
    clock.at(100, () => own.cut('client-a', 'storm'))
    await clock.run()
    expect(told().filter((what) => what.includes('drop'))).toEqual(['100 drop 0 after 50 by storm'])
    expect(own.isIdle).toBe(true)
  })
})
