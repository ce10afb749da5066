import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../../src/engine/engine.js'
import { openEngine } from '../../../../src/engine/open.js'
import { setUp } from '../../../../src/flight/setup.js'
import { flyUnder } from '../../../../src/flight/fly.js'
import { resolve } from '../../../../src/simulation/resolve.js'
import { pfMsmtrec, pfMsmtrecMmoe, sgd, synchronous } from '../../../../src/simulation/script.js'
import { calm } from '../../calm.js'
import { clients, flown, head, local } from '../plain-numbers.js'
import { smallWorld } from '../../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** Weights of zero that do not learn: every client is served what it sent. */
const apart = { towerRound: 'second', alpha: 0, beta: 0, hyperRate: 0, lambda: 0 } as const

describe('R1 whose towers have a round of their own', () => {
  const near = (got: Iterable<number>, expected: readonly number[]) =>
    [...got].forEach((v, i) => expect(v, `entry ${i}`).toBeCloseTo(expected[i], 5))
  const inHead = (i: number) => head.includes(i)

  it('trains all, then towers alone from where the first left them: three rounds in plain numbers', async () => {
    const one = await flown(engine, pfMsmtrec(apart), 1)
    const two = await flown(engine, pfMsmtrec({ ...apart, towerEpochs: 2 }), 2)
    const three = await flown(engine, pfMsmtrec({ ...apart, towerEpochs: 2 }), 3)
    for (const client of clients) {
      const served = ({ flight }: typeof one) => flight.states.trunk.personal.get(client.name)!
      const first = local(client, one.initial)
      near(served(one), first.map((v, i) => (inHead(i) ? one.initial[i] : v)))
      const second = local(client, first, { steps: 2 * client.epochs, trains: inHead })
      near(served(two), second)
      near(three.flight.kept[client.name].towers, local(client, second))
    }
  })

  it('sends experts in odd rounds only, and folds nothing into them in even ones', async () => {
    const world = smallWorld({ NL: 20, ES: 15 })
    const fly = async (rounds: number) => {
      const resolved = resolve({
        world: { kind: 'storefronts' },
        model: pfMsmtrecMmoe({ embedding: 2, experts: 2, expert: [3], tower: [2], batchNorm: true }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: pfMsmtrec({ towerRound: 'second', coordination: 'fedfv' }),
        rounds: synchronous({ count: rounds }),
        evaluate: { every: 100, final: false, start: false },
      }, { seed: 1, engine: 'tfjs' })
      return flyUnder(await setUp(resolved, world, engine), () => calm(), { engine, stepCost: () => 1000 })
    }
    const [three, four] = [await fly(3), await fly(4)]
    const ups = four.ledger.filter(({ kind, from }) => kind === 'update' && from === 'client-NL')
    expect(ups.map(({ round, part }) => `${round} ${part}`)).toEqual([
      '1 expert-1', '1 expert-2', '1 trunk', '2 trunk', '3 expert-1', '3 expert-2', '3 trunk', '4 trunk',
    ])
    for (const part of ['expert-1', 'expert-2']) {
      expect(four.parts[part]).toEqual(three.parts[part])
      expect(four.states[part].personal).toEqual(three.states[part].personal)
    }
    expect(four.parts.trunk).not.toEqual(three.parts.trunk)
    // The hyper weights of the towers outlive the rounds that are not theirs.
    expect(Object.keys(three.states.trunk.memory)).toEqual(Object.keys(four.states.trunk.memory))
  })
})
