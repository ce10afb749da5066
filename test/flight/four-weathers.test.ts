import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, lose, mlp, ms, partition, seconds, sgd, skew } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/*
 * By hand. Lines carry a byte a microsecond, and 10 ms of latency: a model or an update (968 bytes, and a trailer of 16) takes
 * 984 + 10,000, an acknowledgement (37 and 16) 53 + 10,000. A step takes 400 ms; A does one and B three, and the microsecond
 * that each training is rounded up to. An acknowledgement is waited for as long as the line takes, 968 + 20,000, and 300 ms
 * more, the second time 600.
 *   Round 1: A has trained at 10,984 + 400,001 = 410,985, in the burst; again at + 320,968 = 731,953, still in it; and at
 *   + 620,968 = 1,352,921, after it. The update is there 10,984 later, and the round closes.
 *   Round 4 opens at 3,807,896 and ends 3 s later. A is cut off from 3,425,000 to 4,000,000: its model does not leave the server,
 *   and leaves it again at + 320,968 = 4,128,864. B has trained at 3,818,933 + 1,200,001 = 5,018,934, in time; its clock shows
 *   7,018,934, after the end, so it gives up and says so.
 */
it('two clients through a burst, a partition that heals and a clock that is 2 s ahead, with retransmissions, to the microsecond', async () => {
  const told: string[] = []
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mlp({ hidden: [2] }),
      local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 4, after: seconds(3), quorum: 1, late: 'give-up' }),
      network: { up: 8e6, down: 8e6, latency: ms(10) },
      devices: { stepOverhead: 400_000, gflops: 1e9, memoryGBps: 1e9 },
      delivery: { acknowledge: true, timeout: ms(300), backoff: 2, jitter: 0, retries: 5 },
      faults: [
        lose({ from: 'client-A' }, { burst: { p: 1, r: 1e-9 }, from: 100_000, until: 1_000_000, id: 'burst' }),
        partition(['client-A'], { from: 3_425_000, until: 4_000_000, id: 'island' }),
        skew('client-B', { ahead: seconds(2), from: 5_000_000, until: 7_000_000, id: 'ahead' }),
      ],
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'tfjs' },
  )
  const flight = await fly(resolved, {
    world: smallWorld({ A: 16, B: 48 }), engine,
    onEvent: (event) => {
      if (event.kind === 'timed') told.push(`${event.at} ${event.actor} ${event.does} round ${event.round}`)
      if (event.kind === 'link') told.push(`${event.at} ${event.what} by ${event.fault}`)
    },
  })
  const rows = flight.ledger.map(({ sent, from, to, kind, round, attempt, bytes, travelled, delivered, fate }) =>
    `${sent} ${from.at(-1)} > ${to.at(-1)} ${kind} ${round}.${attempt}, ${delivered === null ? `${travelled} of ${bytes} bytes` : `${bytes} bytes: ${delivered}`} ${fate}`)
  expect(told).toMatchInlineSnapshot(`
    [
      "410985 client-A sends round 1",
      "1210985 client-B sends round 1",
      "1774943 client-A sends round 2",
      "2574890 client-B sends round 2",
      "2996859 client-A sends round 3",
      "3425000 cut by island",
      "3796912 client-B sends round 3",
      "4000000 heal by island",
      "4539849 client-A sends round 4",
      "5018934 client-B gives up round 4",
    ]
  `)
  expect(rows).toMatchInlineSnapshot(`
    [
      "0 r > B model 1.0, 984 bytes: 10984 used",
      "0 r > A model 1.0, 984 bytes: 10984 used",
      "10984 B > r ack 1.0, 53 bytes: 21037 control",
      "10984 A > r ack 1.0, 53 bytes: 21037 control",
      "410985 A > r update 1.0, 984 of 984 bytes lost",
      "731953 A > r update 1.1, 984 of 984 bytes lost",
      "1210985 B > r update 1.0, 984 bytes: 1221969 used",
      "1221969 r > B ack 1.0, 53 bytes: 1232022 control",
      "1352921 A > r update 1.2, 984 bytes: 1363905 used",
      "1363905 r > A ack 1.2, 53 bytes: 1373958 control",
      "1363905 r > B model 2.0, 984 bytes: 1374889 used",
      "1363905 r > A model 2.0, 984 bytes: 1374942 used",
      "1374889 B > r ack 2.0, 53 bytes: 1384942 control",
      "1374942 A > r ack 2.0, 53 bytes: 1384995 control",
      "1774943 A > r update 2.0, 984 bytes: 1785927 used",
      "1785927 r > A ack 2.0, 53 bytes: 1795980 control",
      "2574890 B > r update 2.0, 984 bytes: 2585874 used",
      "2585874 r > B ack 2.0, 53 bytes: 2595927 control",
      "2585874 r > A model 3.0, 984 bytes: 2596858 used",
      "2585874 r > B model 3.0, 984 bytes: 2596911 used",
      "2596858 A > r ack 3.0, 53 bytes: 2606911 control",
      "2596911 B > r ack 3.0, 53 bytes: 2606964 control",
      "2996859 A > r update 3.0, 984 bytes: 3007843 used",
      "3007843 r > A ack 3.0, 53 bytes: 3017896 control",
      "3796912 B > r update 3.0, 984 bytes: 3807896 used",
      "3807896 r > B ack 3.0, 53 bytes: 3817949 control",
      "3807896 r > B model 4.0, 984 bytes: 3818933 fruitless",
      "3807896 r > A model 4.0, 0 of 984 bytes lost",
      "3818933 B > r ack 4.0, 53 bytes: 3828986 control",
      "4128864 r > A model 4.1, 984 bytes: 4139848 used",
      "4139848 A > r ack 4.1, 53 bytes: 4149901 control",
      "4539849 A > r update 4.0, 984 bytes: 4550833 used",
      "4550833 r > A ack 4.0, 53 bytes: 4560886 control",
      "5018934 B > r status 4.0, 74 bytes: 5029008 control",
      "5029008 r > B ack 4.0, 53 bytes: 5039061 control",
    ]
  `)
  expect(flight.rounds.map(({ round, opened, closed, folded, reason }) => `${round}: ${opened} to ${closed}, ${folded.join(' and ')}, ${reason}`)).toMatchInlineSnapshot(`
    [
      "1: 0 to 1363905, client-A and client-B, all answered",
      "2: 1363905 to 2585874, client-A and client-B, all answered",
      "3: 2585874 to 3807896, client-A and client-B, all answered",
      "4: 3807896 to 5029008, client-A, all answered that could",
    ]
  `)
  expect(flight.trainings.map(({ client, round, start, end, outcome }) => `${client} ${round}: ${start} to ${end}, ${outcome}`)).toMatchInlineSnapshot(`
    [
      "client-A 1: 10984 to 410985, used",
      "client-B 1: 10984 to 1210985, used",
      "client-A 2: 1374942 to 1774943, used",
      "client-B 2: 1374889 to 2574890, used",
      "client-A 3: 2596858 to 2996859, used",
      "client-B 3: 2596911 to 3796912, used",
      "client-A 4: 4139848 to 4539849, used",
      "client-B 4: 3818933 to 5018934, unsent",
    ]
  `)
})
