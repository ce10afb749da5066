import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, lose, mmoe, ms, partition, seconds, sgd, skew } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/*
 * Two clients and one expert, simulated by hand to the microsecond. Lines of one byte per microsecond, 10 ms of latency; a
 * step takes 1 ms, and all of a training the microsecond that it is rounded up to: A does one step, B two. A frame of the
 * trunk has 648 bytes, one of the expert 216, an acknowledgement 37, and each 16 for its number. Who waits for an
 * acknowledgement allows for the bytes of the frame and the latency there and back, and 100, 300, 900, 2,700 ms more.
 */
it('a partition that heals, a burst, a clock that is 2 s ahead, and messages that are sent again', async () => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 3, after: seconds(2), quorum: 1, late: 'give-up' }),
      delivery: { acknowledge: true, timeout: ms(100), backoff: 3, jitter: 0 },
      network: { up: 8e6, down: 8e6, latency: ms(10) },
      devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
      faults: [
        partition(['client-A'], { from: 12_000, until: 200_000, id: 'cut off' }),
        lose({ from: 'client-B', message: 'update' }, { burst: { p: 0.4, r: 0.6 }, rounds: [2, 2], id: 'burst' }),
        skew('client-A', { ahead: '2 s', from: seconds(1), id: 'ahead' }),
      ],
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'surrogate' },
  )
  const told: string[] = []
  const drops = new Map<number, string | undefined>()
  const flight = await fly(resolved, {
    world: smallWorld({ A: 16, B: 32 }), engine,
    onEvent: (event) => {
      if (event.kind === 'drop') drops.set(event.envelope, event.fault)
      if (event.kind === 'timed') told.push(`${event.at} ${event.actor} ${event.does} round ${event.round}`)
      if (event.kind === 'link') told.push(`${event.at} ${event.what}`)
      if (event.kind === 'round-close') told.push(`${event.at} round ${event.row.round} ${event.row.outcome}: ${event.row.folded.join()}`)
    },
  })
  const messages = flight.ledger.filter(({ direction }) => direction !== 'inside').map(
    ({ id, round, kind, part, from, to, sent, delivered, travelled, bytes, attempt, fate }) =>
      `${round} ${from.slice(-1)}>${to.slice(-1)} ${kind} ${part} ${attempt} (${bytes}) ${sent}: ${delivered ?? `after ${travelled} ${drops.get(id)}`} ${fate}`)
  expect(told).toEqual([
    '11897 client-A sends round 1',
    '12000 cut',
    '12897 client-B sends round 1',
    '200000 heal',
    '483278 round 1 closed: client-A,client-B',
    '495228 client-A sends round 2',
    '496175 client-B sends round 2',
    '2483278 round 2 closed: client-A',
    '2493942 client-A gives up round 3',
    '2496175 client-B sends round 3',
    '4483278 round 3 aborted: ',
  ])
  expect(messages).toEqual([
    // Round 1. 664 bytes and 10 ms; the expert's 232 come behind them on the same line.
    '1 r>B model trunk 0 (664) 0: 10664 used',
    '1 r>A model trunk 0 (664) 0: 10664 used',
    '1 1>B model expert-1 0 (232) 0: 10896 used',
    '1 1>A model expert-1 0 (232) 0: 10896 used',
    '1 B>r ack trunk 0 (53) 10664: 20717 control',
    '1 A>r ack trunk 0 (53) 10664: after 53 cut off lost',
    '1 B>1 ack expert-1 0 (53) 10896: 20949 control',
    '1 A>1 ack expert-1 0 (53) 10896: after 53 cut off lost',
    // A has been sending for 103 microseconds when it is cut off, and its acknowledgements never arrive.
    '1 A>1 update expert-1 0 (232) 11897: after 103 cut off lost',
    '1 B>1 update expert-1 0 (232) 12897: 23129 used',
    // The trunk's update goes when all else is acknowledged.
    '1 1>B ack expert-1 0 (53) 23129: 33182 control',
    '1 B>r update trunk 0 (664) 33182: 43846 used',
    '1 r>B ack trunk 0 (53) 43846: 53899 control',
    // Overdue: 216 and 648 bytes and 20 ms there and back, and 100 ms.
    '1 1>A model expert-1 1 (232) 120216: after 0 cut off lost',
    '1 r>A model trunk 1 (664) 120648: after 0 cut off lost',
    '1 A>1 update expert-1 1 (232) 132113: after 0 cut off lost',
    // And 300 ms after those; by then A is back. It has the models, and says so.
    '1 1>A model expert-1 2 (232) 440432: 450664 retransmitted',
    '1 r>A model trunk 2 (664) 441296: 451960 retransmitted',
    '1 A>1 ack expert-1 2 (53) 450664: 460717 control',
    '1 A>r ack trunk 2 (53) 451960: 462013 control',
    '1 A>1 update expert-1 2 (232) 452329: 462561 used',
    '1 1>A ack expert-1 2 (53) 462561: 472614 control',
    '1 A>r update trunk 0 (664) 472614: 483278 used',
    // Round 2. A's line down is busy with 53 bytes.
    '1 r>A ack trunk 0 (53) 483278: 493331 control',
    '2 r>B model trunk 0 (664) 483278: 493942 fruitless',
    '2 r>A model trunk 0 (664) 483278: 493995 used',
    '2 1>B model expert-1 0 (232) 483278: 494174 fruitless',
    '2 1>A model expert-1 0 (232) 483278: 494227 used',
    '2 B>r ack trunk 0 (53) 493942: 503995 control',
    '2 A>r ack trunk 0 (53) 493995: 504048 control',
    '2 B>1 ack expert-1 0 (53) 494174: 504227 control',
    '2 A>1 ack expert-1 0 (53) 494227: 504280 control',
    '2 A>1 update expert-1 0 (232) 495228: 505460 used',
    // In a burst: all of B's, after 120,216, 320,216 and 920,216 microseconds, and nothing of B's is in time.
    '2 B>1 update expert-1 0 (232) 496175: after 232 burst lost',
    '2 1>A ack expert-1 0 (53) 505460: 515513 control',
    '2 A>r update trunk 0 (664) 515513: 526177 used',
    '2 r>A ack trunk 0 (53) 526177: 536230 control',
    '2 B>1 update expert-1 1 (232) 616391: after 232 burst lost',
    '2 B>1 update expert-1 2 (232) 936607: after 232 burst lost',
    '2 B>1 update expert-1 3 (232) 1856823: after 232 burst lost',
    // Round 3. By A's clock it is over: 4.493942 s. B's update waits for the one before it, unacknowledged, and is sent again.
    '3 r>A model trunk 0 (664) 2483278: 2493942 fruitless',
    '3 r>B model trunk 0 (664) 2483278: 2493942 fruitless',
    '3 1>A model expert-1 0 (232) 2483278: 2494174 fruitless',
    '3 1>B model expert-1 0 (232) 2483278: 2494174 fruitless',
    '3 A>r ack trunk 0 (53) 2493942: 2503995 control',
    '3 B>r ack trunk 0 (53) 2493942: 2503995 control',
    '3 A>1 ack expert-1 0 (53) 2494174: 2504227 control',
    '3 B>1 ack expert-1 0 (53) 2494174: 2504227 control',
    '3 B>1 update expert-1 0 (232) 2496175: 2506407 aborted',
    '3 B>1 update expert-1 1 (232) 2616391: 2626623 retransmitted',
    '3 B>1 update expert-1 2 (232) 2936607: 2946839 retransmitted',
    '3 B>1 update expert-1 3 (232) 3856823: 3867055 retransmitted',
    // 2,720,216 microseconds after the last try, and after the end: what waited behind it comes, too.
    '2 B>1 update expert-1 4 (232) 4577039: 4587271 late',
    '2 1>B ack expert-1 4 (53) 4587271: 4597324 control',
    '3 1>B ack expert-1 0 (53) 4587271: 4597377 control',
    '2 B>r update trunk 0 (664) 4597377: 4608041 late',
    '2 r>B ack trunk 0 (53) 4608041: 4618094 control',
    '3 B>r update trunk 0 (664) 4618094: 4628758 aborted',
    '3 r>B ack trunk 0 (53) 4628758: 4638811 control',
  ])
})
