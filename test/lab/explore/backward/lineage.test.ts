import { describe, expect, it } from 'vitest'

import { enoughOf } from '../../../../src/federation/rounds/enough.js'
import { CaseLab } from '../../../../src/lab/explore/case-lab.js'
import { type Atom, atomOf, faultOf, keyOf } from '../../../../src/lab/explore/backward/atom.js'
import { Pool, smallestCuts, type Support } from '../../../../src/lab/explore/backward/formula.js'
import { Lineage } from '../../../../src/lab/explore/backward/lineage.js'
import type { FaultInput } from '../../../../src/faults/registry.js'
import type { FlightEvent } from '../../../../src/record/event.js'
import { deadline, fedAvg, mbps, minutes, mmoe, ms, quorum, sgd, type Specification, synchronous } from '../../../../src/simulation/script.js'

const names = ['client-store-1', 'client-store-2', 'expert-1', 'aggregator']

const specification: Specification = {
  world: { kind: 'storefronts', scenarios: 2, impressions: 200 },
  model: mmoe({ embedding: 2, experts: 1, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 2, after: minutes(1) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
}

const acknowledged = { acknowledge: true, retries: 2, timeout: ms(60) }

const flown = async (of: Specification, faults: readonly FaultInput[] = []): Promise<{ readonly events: FlightEvent[]; readonly support: Support }> => {
  const lab = new CaseLab(of, { rounds: 2, cwd: process.cwd() })
  const lineage = new Lineage(names, enoughOf(of.rounds as Parameters<typeof enoughOf>[0]))
  const events: FlightEvent[] = []
  const outcome = await lab.fly({ faults, chance: 'x' }, { onEvent: (event) => {
    events.push(event)
    lineage.see(event)
  } })
  expect(outcome.failed).toBe(false)
  return { events, support: lineage.support() }
}

/** Who is who, briefly: `m 1>2 model trunk`, `client-1 dies after ...`. */
const words = (key: string): string => {
  const atom = atomOf(key)
  const short = (name: string): string => name.replace('client-store-', 'c').replace('expert-', 'e').replace('aggregator', 'agg')
  if (atom.kind === 'message') return `${short(atom.from)}>${short(atom.to)} ${atom.message} ${atom.round}${atom.nth > 1 ? ` again` : ''}`
  const { after, who, back } = atom
  const what = 'from' in after ? `${after.event} ${short(after.from)}>${short(after.to)} ${after.message}` : after.event
  return `${short(who)} ${back ? 'away' : 'dead'} after ${what} ${after.round}`
}

/** The cuts of one goal, in words, deaths left out or not. */
const cuts = (support: Support, goal: readonly unknown[], upTo: number, deaths = false): string[] => {
  const pool = new Pool()
  const formula = pool.take(support, new Set()).goals.get(JSON.stringify(goal))
  if (formula === undefined) throw new Error(`no ${JSON.stringify(goal)}`)
  return smallestCuts(pool, formula, upTo)
    .map((cut) => cut.map((atom) => pool.key(atom)))
    .filter((keys) => deaths || keys.every((key) => atomOf(key).kind === 'message'))
    .map((keys) => keys.map(words).sort().join(' + '))
    .sort()
}

describe('what a flight rests on, by hand', () => {
  it('is for an update that counted all that its client had to be sent, and its own way back', async () => {
    const { support } = await flown(specification)
    expect(cuts(support, ['count', 'client-store-1', 'trunk', 1], 2)).toEqual(['agg>c1 model 1', 'agg>e1 open 1', 'c1>agg update 1', 'e1>c1 model 1'])
    expect(cuts(support, ['count', 'client-store-1', 'expert-1', 1], 2)).toEqual([
      'agg>c1 model 1', 'agg>e1 close 1', 'agg>e1 open 1', 'c1>e1 update 1', 'e1>c1 model 1',
    ])
  })

  it('is of a fold one client or the other: what both need, or something of each', async () => {
    const { support } = await flown(specification)
    const pairs = ['agg>c1 model 1', 'c1>agg update 1', 'e1>c1 model 1'].flatMap((one) =>
      ['agg>c2 model 1', 'c2>agg update 1', 'e1>c2 model 1'].map((other) => [one, other].sort().join(' + ')))
    expect(cuts(support, ['fold', 'trunk', 1], 2)).toEqual(['agg>e1 open 1', ...pairs].sort())
  })

  it('is nothing but the aggregator’s life where a round closes in time whatever comes', async () => {
    const { support } = await flown(specification)
    expect(cuts(support, ['close', 1], 2)).toEqual([])
    expect(cuts(support, ['close', 1], 2, true)).toEqual(['agg away after closed 1', 'agg away after opened 1'])
  })

  it('is of a round that waits for all everything of each, and at a quorum of one of either', async () => {
    const all = await flown({ ...specification, rounds: synchronous({ count: 2 }) })
    expect(cuts(all.support, ['close', 1], 2)).toEqual([
      'agg>c1 model 1', 'agg>c2 model 1', 'agg>e1 open 1', 'c1>agg update 1', 'c2>agg update 1', 'e1>c1 model 1', 'e1>c2 model 1',
    ])
    // The first answer closes the round: the flight knows of one only, and what else would do is found by flying.
    const one = await flown({ ...specification, rounds: quorum({ count: 2, quorum: 1 }) })
    expect(cuts(one.support, ['close', 1], 1)).toHaveLength(4)
  })

  it('is of a life its moments: of a client those in which it takes a model, trains and sends', async () => {
    const { support } = await flown(specification)
    const own = cuts(support, ['count', 'client-store-1', 'trunk', 1], 1, true).filter((cut) => cut.startsWith('c1 dead'))
    expect(own).toEqual([
      'c1 dead after arrived agg>c1 model 1', 'c1 dead after arrived e1>c1 model 1', 'c1 dead after began training 1', 'c1 dead after sent c1>agg update 1',
    ])
  })

  it('is where messages are acknowledged also what was to be heard before the next could go', async () => {
    const { support } = await flown({ ...specification, delivery: acknowledged })
    // The trunk's update goes when the expert's is acknowledged.
    expect(cuts(support, ['count', 'client-store-1', 'trunk', 1], 1)).toEqual([
      'agg>c1 model 1', 'agg>e1 open 1', 'c1>agg update 1', 'c1>e1 update 1', 'e1>c1 ack 1', 'e1>c1 model 1',
    ])
    const heard = cuts(support, ['heard', 'client-store-1', 'aggregator', 'update', 1, 'trunk', 1], 1)
    expect(heard).toContain('agg>c1 ack 1')
    expect(heard).toContain('c1>agg update 1')
  })

  it('is under a cut other support, if the flight comes to the same', async () => {
    const lost: Atom = { kind: 'message', from: 'client-store-1', to: 'aggregator', message: 'update', round: 1, part: 'trunk', nth: 1 }
    const { support } = await flown({ ...specification, delivery: acknowledged }, [faultOf(lost, 'f1', 1000)])
    expect(cuts(support, ['count', 'client-store-1', 'trunk', 1], 1)).toContain('c1>agg update 1 again')
    expect(cuts(support, ['count', 'client-store-1', 'trunk', 1], 1)).not.toContain('c1>agg update 1')
  })
})

describe('a fault of an atom', () => {
  it('takes away that message and no other', async () => {
    const { events: whole } = await flown({ ...specification, delivery: acknowledged })
    const sent = whole.filter((event) => event.kind === 'send')
    for (const { actor, to, message, round, part, envelope } of [sent[0], sent[4], sent[9], sent.at(-1)!]) {
      const nth = sent.filter((one) => one.envelope <= envelope && one.actor === actor && one.to === to && one.message === message && one.round === round && one.part === part).length
      const atom: Atom = { kind: 'message', from: actor, to, message, round, ...(part !== '' && { part }), nth }
      const { events } = await flown({ ...specification, delivery: acknowledged }, [faultOf(atom, 'f1', 1000)])
      expect(events.filter((event) => event.kind === 'drop').map((event) => event.envelope)).toEqual([envelope])
    }
  })

  it('ends a life at that moment', async () => {
    const atom: Atom = { kind: 'life', who: 'client-store-1', back: true, after: { event: 'began training', actor: 'client-store-1', round: 2, nth: 1 } }
    const { events } = await flown(specification, [faultOf(atom, 'f1', 5000)])
    const death = events.find((event) => event.kind === 'life')
    const train = events.find((event) => event.kind === 'train' && event.actor === 'client-store-1' && event.round === 2)!
    expect(death).toMatchObject({ what: 'crash', actor: 'client-store-1', at: train.at, back: train.at + 5000 })
  })

  it('has a name that says the same wherever it is written', () => {
    const atom: Atom = { kind: 'message', nth: 2, from: 'expert-1', to: 'client-a', message: 'model', round: 1, part: 'expert-1' }
    expect(atomOf(keyOf(atom))).toEqual(atom)
  })
})
