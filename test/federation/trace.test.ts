import { expect, it } from 'vitest'

import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, lose, mmoe, ms, sgd } from '../../src/simulation/script.js'
import { smallWorld } from './small.js'

/*
 * A federation small enough to check by hand: two clients, one expert, two rounds, lines of one byte per microsecond,
 * 10 ms of latency, and a device on which a step takes 1 ms whatever the model. Every upload of the trunk is lost in
 * round 2.
 */
it('a tiny simulation, event by event', async () => {
  const world = smallWorld({ A: 16, B: 32 })
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 2, after: ms(100), quorum: 2 }),
      network: { up: 8e6, down: 8e6, latency: ms(10) },
      devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
      faults: [lose({ from: 'client', to: 'aggregator' }, { probability: 1, rounds: [2, 2] })],
      evaluate: { every: 100, final: false },
    },
    { seed: 1, engine: 'tfjs' },
  )
  const engine = await openEngine({ engine: 'tfjs' })
  const flight = await fly(resolved, { world, engine })
  await engine.close()
  expect(flight.events).toMatchInlineSnapshot(`
    [
      "{"at":0,"event":"round-open","actor":"aggregator","round":1,"selected":2}",
      "{"at":0,"event":"send","actor":"aggregator","id":0,"to":"expert-1","message":"open","round":1,"part":"","bytes":68}",
      "{"at":0,"event":"send","actor":"aggregator","id":1,"to":"client-B","message":"model","round":1,"part":"trunk","bytes":648}",
      "{"at":0,"event":"send","actor":"aggregator","id":2,"to":"client-A","message":"model","round":1,"part":"trunk","bytes":648}",
      "{"at":0,"event":"arrive","actor":"expert-1","id":0}",
      "{"at":0,"event":"settle","actor":"expert-1","id":0,"fate":"control"}",
      "{"at":0,"event":"send","actor":"expert-1","id":3,"to":"client-B","message":"model","round":1,"part":"expert-1","bytes":216}",
      "{"at":0,"event":"send","actor":"expert-1","id":4,"to":"client-A","message":"model","round":1,"part":"expert-1","bytes":216}",
      "{"at":10648,"event":"arrive","actor":"client-B","id":1}",
      "{"at":10648,"event":"arrive","actor":"client-A","id":2}",
      "{"at":10864,"event":"arrive","actor":"client-B","id":3}",
      "{"at":10864,"event":"train","actor":"client-B","round":1,"until":12865,"examples":32}",
      "{"at":10864,"event":"arrive","actor":"client-A","id":4}",
      "{"at":10864,"event":"train","actor":"client-A","round":1,"until":11865,"examples":16}",
      "{"at":11865,"event":"trained","actor":"client-A","round":1,"outcome":"computed","examples":16}",
      "{"at":11865,"event":"send","actor":"client-A","id":5,"to":"expert-1","message":"update","round":1,"part":"expert-1","bytes":216}",
      "{"at":11865,"event":"send","actor":"client-A","id":6,"to":"aggregator","message":"update","round":1,"part":"trunk","bytes":648}",
      "{"at":12865,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":32}",
      "{"at":12865,"event":"send","actor":"client-B","id":7,"to":"expert-1","message":"update","round":1,"part":"expert-1","bytes":216}",
      "{"at":12865,"event":"send","actor":"client-B","id":8,"to":"aggregator","message":"update","round":1,"part":"trunk","bytes":648}",
      "{"at":22081,"event":"arrive","actor":"expert-1","id":5}",
      "{"at":22729,"event":"arrive","actor":"aggregator","id":6}",
      "{"at":23081,"event":"arrive","actor":"expert-1","id":7}",
      "{"at":23729,"event":"arrive","actor":"aggregator","id":8}",
      "{"at":23729,"event":"settle","actor":"aggregator","id":6,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"aggregator","id":8,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"client-B","id":1,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"client-A","id":2,"fate":"used"}",
      "{"at":23729,"event":"send","actor":"aggregator","id":9,"to":"expert-1","message":"close","round":1,"part":"","bytes":91}",
      "{"at":23729,"event":"round-close","actor":"aggregator","round":1,"folded":2,"outcome":"closed","reason":"all answered"}",
      "{"at":23729,"event":"round-open","actor":"aggregator","round":2,"selected":2}",
      "{"at":23729,"event":"send","actor":"aggregator","id":10,"to":"expert-1","message":"open","round":2,"part":"","bytes":68}",
      "{"at":23729,"event":"send","actor":"aggregator","id":11,"to":"client-B","message":"model","round":2,"part":"trunk","bytes":648}",
      "{"at":23729,"event":"send","actor":"aggregator","id":12,"to":"client-A","message":"model","round":2,"part":"trunk","bytes":648}",
      "{"at":23729,"event":"arrive","actor":"expert-1","id":9}",
      "{"at":23729,"event":"settle","actor":"expert-1","id":9,"fate":"control"}",
      "{"at":23729,"event":"settle","actor":"expert-1","id":5,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"expert-1","id":7,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"client-B","id":3,"fate":"used"}",
      "{"at":23729,"event":"settle","actor":"client-A","id":4,"fate":"used"}",
      "{"at":23729,"event":"arrive","actor":"expert-1","id":10}",
      "{"at":23729,"event":"settle","actor":"expert-1","id":10,"fate":"control"}",
      "{"at":23729,"event":"send","actor":"expert-1","id":13,"to":"client-B","message":"model","round":2,"part":"expert-1","bytes":216}",
      "{"at":23729,"event":"send","actor":"expert-1","id":14,"to":"client-A","message":"model","round":2,"part":"expert-1","bytes":216}",
      "{"at":34377,"event":"arrive","actor":"client-B","id":11}",
      "{"at":34377,"event":"arrive","actor":"client-A","id":12}",
      "{"at":34593,"event":"arrive","actor":"client-B","id":13}",
      "{"at":34593,"event":"train","actor":"client-B","round":2,"until":36594,"examples":32}",
      "{"at":34593,"event":"arrive","actor":"client-A","id":14}",
      "{"at":34593,"event":"train","actor":"client-A","round":2,"until":35594,"examples":16}",
      "{"at":35594,"event":"trained","actor":"client-A","round":2,"outcome":"computed","examples":16}",
      "{"at":35594,"event":"send","actor":"client-A","id":15,"to":"expert-1","message":"update","round":2,"part":"expert-1","bytes":216}",
      "{"at":35594,"event":"send","actor":"client-A","id":16,"to":"aggregator","message":"update","round":2,"part":"trunk","bytes":648}",
      "{"at":36458,"event":"drop","actor":"aggregator","id":16,"travelled":648}",
      "{"at":36458,"event":"settle","actor":"aggregator","id":16,"fate":"lost"}",
      "{"at":36594,"event":"trained","actor":"client-B","round":2,"outcome":"computed","examples":32}",
      "{"at":36594,"event":"send","actor":"client-B","id":17,"to":"expert-1","message":"update","round":2,"part":"expert-1","bytes":216}",
      "{"at":36594,"event":"send","actor":"client-B","id":18,"to":"aggregator","message":"update","round":2,"part":"trunk","bytes":648}",
      "{"at":37458,"event":"drop","actor":"aggregator","id":18,"travelled":648}",
      "{"at":37458,"event":"settle","actor":"aggregator","id":18,"fate":"lost"}",
      "{"at":45810,"event":"arrive","actor":"expert-1","id":15}",
      "{"at":46810,"event":"arrive","actor":"expert-1","id":17}",
      "{"at":123729,"event":"settle","actor":"client-B","id":11,"fate":"fruitless"}",
      "{"at":123729,"event":"settle","actor":"client-A","id":12,"fate":"fruitless"}",
      "{"at":123729,"event":"send","actor":"aggregator","id":19,"to":"expert-1","message":"close","round":2,"part":"","bytes":105}",
      "{"at":123729,"event":"round-close","actor":"aggregator","round":2,"folded":0,"outcome":"aborted","reason":"deadline, below quorum"}",
      "{"at":123729,"event":"arrive","actor":"expert-1","id":19}",
      "{"at":123729,"event":"settle","actor":"expert-1","id":19,"fate":"control"}",
      "{"at":123729,"event":"settle","actor":"expert-1","id":15,"fate":"aborted"}",
      "{"at":123729,"event":"settle","actor":"expert-1","id":17,"fate":"aborted"}",
      "{"at":123729,"event":"settle","actor":"client-B","id":13,"fate":"fruitless"}",
      "{"at":123729,"event":"settle","actor":"client-A","id":14,"fate":"fruitless"}",
    ]
  `)
  expect(flight.ledger.map(({ kind, part, from, to, round, bytes, fate }) => `${round} ${kind} ${part} ${from} > ${to} ${bytes} ${fate}`)).toMatchInlineSnapshot(`
    [
      "1 open  aggregator > expert-1 68 control",
      "1 model trunk aggregator > client-B 648 used",
      "1 model trunk aggregator > client-A 648 used",
      "1 model expert-1 expert-1 > client-B 216 used",
      "1 model expert-1 expert-1 > client-A 216 used",
      "1 update expert-1 client-A > expert-1 216 used",
      "1 update trunk client-A > aggregator 648 used",
      "1 update expert-1 client-B > expert-1 216 used",
      "1 update trunk client-B > aggregator 648 used",
      "1 close  aggregator > expert-1 91 control",
      "2 open  aggregator > expert-1 68 control",
      "2 model trunk aggregator > client-B 648 fruitless",
      "2 model trunk aggregator > client-A 648 fruitless",
      "2 model expert-1 expert-1 > client-B 216 fruitless",
      "2 model expert-1 expert-1 > client-A 216 fruitless",
      "2 update expert-1 client-A > expert-1 216 aborted",
      "2 update trunk client-A > aggregator 648 lost",
      "2 update expert-1 client-B > expert-1 216 aborted",
      "2 update trunk client-B > aggregator 648 lost",
      "2 close  aggregator > expert-1 105 control",
    ]
  `)
})
