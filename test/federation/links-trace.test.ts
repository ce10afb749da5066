import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { FaultInput } from '../../src/faults/registry.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { clog, deadline, delay, duplicate, fedAvg, lose, mmoe, ms, partition, reorder, sgd } from '../../src/simulation/script.js'
import { smallWorld } from './small.js'

/*
 * The federation of trace.test.ts: two clients, one expert, lines of one byte per microsecond, 10 ms of latency, a step in
 * 1 ms (and the microsecond that all is rounded up to). Of every round that opens at t, undisturbed:
 *   the trunk (648 bytes) is at a client at t + 648 + 10,000 and the expert (216) at t + 864 + 10,000;
 *   A has trained at t + 11,865 (one step), B at t + 12,865 (two);
 *   its expert's update (216) arrives 216 + 10,000 later, its trunk's (648) 864 + 10,000 later.
 */
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const flown = async (faults: readonly FaultInput[], count: number) => {
  const world = smallWorld({ A: 16, B: 32 })
  const told: string[] = []
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count, after: ms(100), quorum: 1 }),
      network: { up: 8e6, down: 8e6, latency: ms(10) },
      devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
      faults: [...faults],
      evaluate: { every: 100, final: false },
    },
    { seed: 1, engine: 'tfjs' },
  )
  const drops = new Map<number, string | undefined>()
  const flight = await fly(resolved, {
    world, engine,
    onEvent: (event) => {
      if (event.kind === 'drop') drops.set(event.envelope, event.fault)
      if (event.kind === 'hold') told.push(`${event.at} ${event.envelope} held until ${event.until}`)
      if (event.kind === 'link') told.push(`${event.at} ${event.what} by ${event.fault}`)
    },
  })
  const messages = flight.ledger.filter(({ direction }) => direction !== 'inside').map(
    ({ id, round, kind, part, from, to, sent, delivered, travelled, bytes, fate }) => {
      const how = delivered === null ? `lost after ${travelled} of ${bytes} by ${drops.get(id)}` : `at ${delivered}, ${fate}`
      return `${round} ${kind} ${part} ${(kind === 'model' ? to : from).at(-1)} sent ${sent}: ${how}`
    },
  )
  return { flight, messages, told }
}

describe('two clients, to the microsecond', () => {
  it('cut off in mid-upload, on the way, one way, and in a burst; it heals', async () => {
    const { flight, messages, told } = await flown([
      // A's expert part has been on its line for 135 microseconds, its trunk part waits.
      partition(['client-A'], { from: 12_000, until: 23_000, id: 'mid-upload' }),
      // B's trunk part has left its line at 13,729 and would arrive at 23,729. Models still come to B.
      partition(['client-B'], { from: 23_500, until: 130_000, oneWay: 'out', travelled: 1, id: 'one way' }),
      lose({ from: 'client', to: 'aggregator' }, { burst: { p: 0.4, r: 0.6 }, rounds: [3, 9], id: 'burst' }),
    ], 7)
    expect(told).toEqual(['12000 cut by mid-upload', '23000 heal by mid-upload', '23500 cut by one way', '130000 heal by one way'])
    expect(messages).toMatchInlineSnapshot(`
      [
        "1 model trunk B sent 0: at 10648, fruitless",
        "1 model trunk A sent 0: at 10648, fruitless",
        "1 model expert-1 B sent 0: at 10864, fruitless",
        "1 model expert-1 A sent 0: at 10864, fruitless",
        "1 update expert-1 A sent 11865: lost after 135 of 216 by mid-upload",
        "1 update trunk A sent 11865: lost after 0 of 648 by mid-upload",
        "1 update expert-1 B sent 12865: at 23081, aborted",
        "1 update trunk B sent 12865: lost after 648 of 648 by one way",
        "2 model trunk B sent 100000: at 110648, fruitless",
        "2 model trunk A sent 100000: at 110648, used",
        "2 model expert-1 B sent 100000: at 110864, fruitless",
        "2 model expert-1 A sent 100000: at 110864, used",
        "2 update expert-1 A sent 111865: at 122081, used",
        "2 update trunk A sent 111865: at 122729, used",
        "2 update expert-1 B sent 112865: lost after 216 of 216 by one way",
        "2 update trunk B sent 112865: lost after 648 of 648 by one way",
        "3 model trunk A sent 200000: at 210648, used",
        "3 model trunk B sent 200000: at 210648, used",
        "3 model expert-1 A sent 200000: at 210864, used",
        "3 model expert-1 B sent 200000: at 210864, used",
        "3 update expert-1 A sent 211865: at 222081, used",
        "3 update trunk A sent 211865: at 222729, used",
        "3 update expert-1 B sent 212865: at 223081, used",
        "3 update trunk B sent 212865: at 223729, used",
        "4 model trunk B sent 223729: at 234377, fruitless",
        "4 model trunk A sent 223729: at 234377, used",
        "4 model expert-1 B sent 223729: at 234593, used",
        "4 model expert-1 A sent 223729: at 234593, used",
        "4 update expert-1 A sent 235594: at 245810, used",
        "4 update trunk A sent 235594: at 246458, used",
        "4 update expert-1 B sent 236594: at 246810, used",
        "4 update trunk B sent 236594: lost after 648 of 648 by burst",
        "5 model trunk A sent 323729: at 334377, fruitless",
        "5 model trunk B sent 323729: at 334377, fruitless",
        "5 model expert-1 A sent 323729: at 334593, fruitless",
        "5 model expert-1 B sent 323729: at 334593, fruitless",
        "5 update expert-1 A sent 335594: at 345810, aborted",
        "5 update trunk A sent 335594: lost after 648 of 648 by burst",
        "5 update expert-1 B sent 336594: at 346810, aborted",
        "5 update trunk B sent 336594: lost after 648 of 648 by burst",
        "6 model trunk B sent 423729: at 434377, used",
        "6 model trunk A sent 423729: at 434377, fruitless",
        "6 model expert-1 B sent 423729: at 434593, used",
        "6 model expert-1 A sent 423729: at 434593, used",
        "6 update expert-1 A sent 435594: at 445810, used",
        "6 update trunk A sent 435594: lost after 648 of 648 by burst",
        "6 update expert-1 B sent 436594: at 446810, used",
        "6 update trunk B sent 436594: at 447458, used",
        "7 model trunk A sent 523729: at 534377, fruitless",
        "7 model trunk B sent 523729: at 534377, used",
        "7 model expert-1 A sent 523729: at 534593, used",
        "7 model expert-1 B sent 523729: at 534593, used",
        "7 update expert-1 A sent 535594: at 545810, used",
        "7 update trunk A sent 535594: lost after 648 of 648 by burst",
        "7 update expert-1 B sent 536594: at 546810, used",
        "7 update trunk B sent 536594: at 547458, used",
      ]
    `)
    expect(flight.faults.map(({ fired, outcome }) => `${fired}: ${outcome}`)).toMatchInlineSnapshot(`
      [
        "2: 2 messages lost under way (135 bytes had left the sender)",
        "3: 2 messages lost that were sent into it (864 bytes had left the sender); 1 message lost under way (648 bytes had left the sender)",
        "5: 5 messages lost (3,240 bytes had left the sender)",
      ]
    `)
  })

  it('held at the door, together and one by one, and kept back', async () => {
    const { messages, told, flight } = await flown([
      clog({ from: 'client', to: 'aggregator' }, { from: 20_000, until: 30_000, id: 'together' }),
      // Of three trunks to A the second comes 100 microseconds late, the third 200, and when it is over; nothing overtakes.
      duplicate({ to: 'client-A', part: 'trunk' }, { times: 2, after: 100, rounds: [2, 2], id: 'thrice' }),
      clog({ to: 'client-A' }, { from: 40_000, until: 42_000, release: 'one by one', gap: ms(3), id: 'one by one' }),
      reorder({ from: 'client', to: 'expert' }, { by: ms(20), gap: 2, id: 'reorder' }),
    ], 3)
    expect(told).toMatchInlineSnapshot(`
      [
        "22729 6 held until 30000",
        "23729 8 held until 30000",
        "40648 12 held until 42000",
        "41396 13 held until 45000",
        "42144 14 held until 48000",
      ]
    `)
    expect(messages).toMatchInlineSnapshot(`
      [
        "1 model trunk B sent 0: at 10648, used",
        "1 model trunk A sent 0: at 10648, used",
        "1 model expert-1 B sent 0: at 10864, fruitless",
        "1 model expert-1 A sent 0: at 10864, fruitless",
        "1 update expert-1 A sent 11865: at 42081, late",
        "1 update trunk A sent 11865: at 30000, used",
        "1 update expert-1 B sent 12865: at 43081, late",
        "1 update trunk B sent 12865: at 30000, used",
        "2 model trunk B sent 30000: at 40648, used",
        "2 model trunk A sent 30000: at 42000, used",
        "2 model trunk A sent 30000: at 45000, duplicate",
        "2 model trunk A sent 30000: at 48000, duplicate",
        "2 model expert-1 B sent 30000: at 40864, used",
        "2 model expert-1 A sent 30000: at 42160, used",
        "2 update expert-1 B sent 42865: at 53081, used",
        "2 update trunk B sent 42865: at 53729, used",
        "2 update expert-1 A sent 43161: at 53377, used",
        "2 update trunk A sent 43161: at 54025, used",
        "3 model trunk A sent 54025: at 64673, used",
        "3 model trunk B sent 54025: at 64673, used",
        "3 model expert-1 A sent 54025: at 64889, fruitless",
        "3 model expert-1 B sent 54025: at 64889, fruitless",
        "3 update expert-1 A sent 65890: at 96106, late",
        "3 update trunk A sent 65890: at 76754, used",
        "3 update expert-1 B sent 66890: at 97106, late",
        "3 update trunk B sent 66890: at 77754, used",
      ]
    `)
    expect(flight.faults.map(({ fired, outcome }) => `${fired}: ${outcome}`)).toMatchInlineSnapshot(`
      [
        "2: 2 messages held; 2 released after 0.014 s in all",
        "1: 2 extra copies",
        "3: 3 messages held; 3 released after 0.011 s in all",
        "6: 4 messages kept back (0.080 s in all); 2 messages sent ahead",
      ]
    `)
  })

  it('cut off from the opening of round 2 to its close: the close of round 1 still arrives among servers', async () => {
    const { flight, told } = await flown([partition([['aggregator', 'client'], 'expert'], { rounds: [2, 2], id: 'servers' })], 3)
    // Round 1 closes at 23,729 as if nothing were to come, and round 2 when its time is up.
    expect(told).toEqual(['23729 cut by servers', '123729 heal by servers'])
    const servers = flight.ledger.filter(({ direction }) => direction === 'inside')
    expect(servers.map(({ kind, round, sent, delivered, fate }) => `${kind} ${round} sent ${sent}: ${delivered}, ${fate}`)).toEqual([
      'open 1 sent 0: 0, control',
      'close 1 sent 23729: 23729, control',
      'open 2 sent 23729: null, lost',
      'close 2 sent 123729: null, lost',
      'open 3 sent 123729: 123729, control',
      'close 3 sent 147458: 147458, control',
    ])
    expect(flight.rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'aborted', 'closed'])
  })

  it('what never comes to pass changes nothing, not even the digest', async () => {
    const losses = [lose({ from: 'client' }, { burst: { p: 0.2, r: 0.5 }, id: 'burst' }), delay({}, { by: 0, jitter: ms(2), correlation: 0.5, id: 'late' })]
    const { flight } = await flown(losses, 3)
    const beside = await flown([
      partition(['client-A'], { from: ms(3_600_000) }),
      clog({}, { from: ms(3_600_000) }),
      reorder({ from: 'client', to: 'client' }, { by: ms(5), gap: 2 }),
      ...losses,
    ], 3)
    expect(beside.flight.digest).toBe(flight.digest)
    expect(beside.flight.faults.slice(0, 3).map(({ fired }) => fired)).toEqual([0, 0, 0])
  })

  it('a clog by rounds lets go when the last one closes; what is held at the end is lost by its doing', async () => {
    const { messages, told, flight } = await flown([
      clog({ from: 'client-B' }, { rounds: [1, 1], id: 'first' }),
      clog({ from: 'client-A', to: 'aggregator' }, { from: 140_000, id: 'for good' }),
      delay({ from: 'client-B', to: 'aggregator' }, { by: ms(1), rounds: [2, 2] }),
    ], 3)
    expect(told).toMatchInlineSnapshot(`
      [
        "23081 7 held until Infinity",
        "23729 8 held until Infinity",
        "100000 release by first",
        "147458 26 held until Infinity",
      ]
    `)
    expect(messages).toMatchInlineSnapshot(`
      [
        "1 model trunk B sent 0: at 10648, fruitless",
        "1 model trunk A sent 0: at 10648, used",
        "1 model expert-1 B sent 0: at 10864, fruitless",
        "1 model expert-1 A sent 0: at 10864, used",
        "1 update expert-1 A sent 11865: at 22081, used",
        "1 update trunk A sent 11865: at 22729, used",
        "1 update expert-1 B sent 12865: at 100000, late",
        "1 update trunk B sent 12865: at 100000, late",
        "2 model trunk B sent 100000: at 110648, used",
        "2 model trunk A sent 100000: at 110648, used",
        "2 model expert-1 B sent 100000: at 110864, used",
        "2 model expert-1 A sent 100000: at 110864, used",
        "2 update expert-1 A sent 111865: at 122081, used",
        "2 update trunk A sent 111865: at 122729, used",
        "2 update expert-1 B sent 112865: at 123081, used",
        "2 update trunk B sent 112865: at 124729, used",
        "3 model trunk A sent 124729: at 135377, fruitless",
        "3 model trunk B sent 124729: at 135377, used",
        "3 model expert-1 A sent 124729: at 135593, used",
        "3 model expert-1 B sent 124729: at 135593, used",
        "3 update expert-1 A sent 136594: at 146810, used",
        "3 update trunk A sent 136594: lost after 648 of 648 by for good",
        "3 update expert-1 B sent 137594: at 147810, used",
        "3 update trunk B sent 137594: at 148458, used",
      ]
    `)
    expect(flight.faults.map(({ fired, outcome }) => `${fired}: ${outcome}`)).toMatchInlineSnapshot(`
      [
        "2: 2 messages held; 2 released after 0.153 s in all",
        "1: 1 message held; 1 message lost while held (648 bytes had left the sender)",
        "1: 1 message delayed (0.001 s in all)",
      ]
    `)
  })
})
