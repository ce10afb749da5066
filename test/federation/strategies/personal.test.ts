import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { setUp } from '../../../src/flight/setup.js'
import { peerOf } from '../../../src/federation/strategies/fedfomo.js'
import { buildStrategy } from '../../../src/federation/strategies/registry.js'
import type { Update } from '../../../src/federation/strategies/strategy.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  adam, deadline, defineStrategy, ditto, fedAvg, fedAvgFineTuned, fedFomo, fedNova, fedPer, fedRep, mlp, pFedMe, scaffold,
  seconds, sgd, synchronous,
} from '../../../src/simulation/script.js'
import { calm, clear } from '../calm.js'
import { smallWorld } from '../small.js'
import { part, round, segment, sent } from './part.js'
import { clients, flown, head, local, loss, mean, rate, size } from './plain-numbers.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const near = (got: Iterable<number> | undefined, expected: readonly number[]): void => {
  const values = [...got!]
  expect(values).toHaveLength(expected.length)
  expected.forEach((v, i) => expect(values[i], `entry ${i}`).toBeCloseTo(v, 5))
}

const rounds = 3
const inHead = (i: number): boolean => head.includes(i)

describe('three rounds on three unequal clients, as plain numbers compute them', () => {
  it('FedAvg, which the others are measured against', async () => {
    const { initial, common } = await flown(engine, fedAvg(), rounds)
    let w = initial
    for (let r = 0; r < rounds; r++) w = mean(clients.map((client) => local(client, w)))
    near(common, w)
  })

  it.each([0, 2])('FedAvg with %d further epochs of fine-tuning: the common model is FedAvg’s', async (epochs) => {
    const { flight, initial, common } = await flown(engine, fedAvgFineTuned({ epochs }), rounds)
    let w = initial
    let tuned: number[][] = []
    for (let r = 0; r < rounds; r++) {
      const sent = clients.map((client) => local(client, w))
      tuned = clients.map((client, k) => local(client, sent[k], { steps: epochs * client.epochs }))
      w = mean(sent)
    }
    near(common, w)
    clients.forEach(({ name }, k) => near(flight.kept[name].tuned, tuned[k]))
  })

  it('Ditto', async () => {
    const lambda = 0.4
    const { flight, initial, common } = await flown(engine, ditto({ lambda }), rounds)
    let w = initial
    let v = clients.map(() => initial)
    for (let r = 0; r < rounds; r++) {
      v = clients.map((client, k) => local(client, v[k], { mu: lambda, centre: w }))
      w = mean(clients.map((client) => local(client, w)))
    }
    near(common, w)
    clients.forEach(({ name }, k) => near(flight.kept[name].personal, v[k]))
  })

  it('FedPer: joint training, the head at home', async () => {
    const { flight, initial } = await flown(engine, fedPer(), rounds)
    let models = clients.map(() => initial)
    for (let r = 0; r < rounds; r++) {
      const trained = clients.map((client, k) => local(client, models[k]))
      const base = mean(trained)
      models = trained.map((own) => own.map((t, i) => (inHead(i) ? t : base[i])))
    }
    near(flight.parts.trunk, models[0].filter((_, i) => !inHead(i)))
    clients.forEach(({ name }, k) => near(head.map((i) => flight.personal[name][i]), head.map((i) => models[k][i])))
  })

  it('FedRep: the head first, then the base under it', async () => {
    const { flight, initial } = await flown(engine, fedRep({ epochs: 2 }), rounds)
    let models = clients.map(() => initial)
    for (let r = 0; r < rounds; r++) {
      const trained = clients.map((client, k) => {
        const headed = local(client, models[k], { steps: 2 * client.epochs, trains: inHead })
        return local(client, headed, { trains: (i) => !inHead(i) })
      })
      const base = mean(trained)
      models = trained.map((own) => own.map((t, i) => (inHead(i) ? t : base[i])))
    }
    near(flight.parts.trunk, models[0].filter((_, i) => !inHead(i)))
    clients.forEach(({ name }, k) => near(head.map((i) => flight.personal[name][i]), head.map((i) => models[k][i])))
  })

  it('SCAFFOLD, option II, with its server rate', async () => {
    const { flight, initial, common } = await flown(engine, scaffold({ rate: 0.5 }), rounds)
    let x = initial
    let c: number[] = Array(size).fill(0)
    let own: number[][] = clients.map(() => Array(size).fill(0))
    for (let r = 0; r < rounds; r++) {
      const y = clients.map((client, k) => local(client, x, { correction: c.map((all, i) => all - own[k][i]) }))
      const next = clients.map(({ epochs }, k) =>
        own[k].map((ck, i) => ck - c[i] + (x[i] - y[k][i]) / (epochs * rate)))
      c = c.map((all, i) => all + clients.reduce((sum, _, k) => sum + next[k][i] - own[k][i], 0) / clients.length)
      x = x.map((xi, i) => xi + (0.5 * clients.reduce((sum, _, k) => sum + y[k][i] - xi, 0)) / clients.length)
      own = next
    }
    near(common, x)
    near(flight.states.trunk.memory.control, c)
    clients.forEach(({ name }, k) => near(flight.kept[name].control, own[k]))
  })

  it('FedNova: two, three and two steps', async () => {
    const { initial, common } = await flown(engine, fedNova(), rounds)
    const rows = clients.reduce((sum, { x }) => sum + x.length, 0)
    const p = clients.map(({ x }) => x.length / rows)
    const effective = clients.reduce((sum, { epochs }, k) => sum + p[k] * epochs, 0)
    let w = initial
    for (let r = 0; r < rounds; r++) {
      const sent = clients.map((client) => local(client, w))
      w = w.map((wi, i) =>
        wi + effective * clients.reduce((sum, { epochs }, k) => sum + (p[k] * (sent[k][i] - wi)) / epochs, 0))
    }
    near(common, w)
  })

  it('pFedMe: two inner problems a round, and a server that goes half the way', async () => {
    const [lambda, eta, beta] = [0.8, 0.5, 0.5]
    const { flight, initial, common } = await flown(engine, pFedMe({ lambda, rate: eta, inner: 2, beta }), rounds)
    let w = initial
    let personal: number[][] = []
    for (let r = 0; r < rounds; r++) {
      const copies = clients.map(() => w)
      personal = clients.map((client, k) => {
        let theta: number[] = []
        for (let problem = 0; problem < 2; problem++) {
          // Of three epochs of one batch the first problem has two batches, and the second has one.
          const steps = problem === 0 ? Math.ceil(client.epochs / 2) : Math.floor(client.epochs / 2)
          theta = local(client, copies[k], { steps, mu: lambda })
          copies[k] = copies[k].map((wi, i) => wi - eta * lambda * (wi - theta[i]))
        }
        return theta
      })
      const all = mean(copies)
      w = w.map((wi, i) => (1 - beta) * wi + beta * all[i])
    }
    near(common, w)
    clients.forEach(({ name }, k) => near(flight.kept[name].personal, personal[k]))
  })
})

describe('FedFomo in plain numbers', () => {
  /** The client's validation rows are its training rows in this world. */
  const weights = (losses: readonly number[], models: readonly (readonly number[])[], i: number): number[] => {
    const gains = models.map((model, n) => {
      const far = Math.sqrt(model.reduce((sum, v, j) => sum + (v - models[i][j]) ** 2, 0))
      return far > 0 ? Math.max(0, (losses[i] - losses[n]) / far) : 0
    })
    const total = gains.reduce((sum, gain) => sum + gain, 0)
    return gains.map((gain) => (total > 0 ? gain / total : 0))
  }

  it('mixes the models that its rows prefer into its own, then trains', async () => {
    // All but alike, but B takes three steps a round where the others take two: they had better follow it.
    const kin = clients.map((client, k) => ({ ...client, x: clients[1].x, y: k === 2 ? [0, 1, 1, 0] : clients[1].y }))
    const { flight, initial } = await flown(await openEngine({ engine: 'tfjs' }), fedFomo(), rounds, kin)
    let models = kin.map((client) => local(client, initial))
    let moved = false
    for (let r = 1; r < rounds; r++) {
      models = kin.map((client, i) => {
        const w = weights(models.map((model) => loss(client, model)), models, i)
        moved ||= w.some((v) => v > 0)
        const start = models[i].map((v, j) => v + models.reduce((sum, model, n) => sum + w[n] * (model[j] - v), 0))
        return local(client, start)
      })
    }
    expect(moved).toBe(true)
    kin.forEach(({ name }, k) => near(flight.states.trunk.personal.get(name), models[k]))
  })

  it('offers peers in turn where there are more than it may, and two more models down where there are two', async () => {
    // Five clients, two peers: client 0 meets 1 and 2, then 3 and 4, then 1 and 2 again, if the circle is as listed.
    const five = ['a', 'b', 'c', 'd', 'e']
    const met = (number: number) => [0, 1].map((m) => peerOf(0, m, round(five, { round: number }), 2))
    expect([1, 2, 3].map(met)).toEqual([[1, 2], [3, 4], [1, 2]])
    expect([0, 1].map((m) => peerOf(2, m, round(['a', 'b', 'c'], { round: 7 }), 5))).toEqual([0, 1])
    const [fomo, plain] = [await flown(engine, fedFomo(), 1), await flown(engine, fedAvg(), 1)]
    const down = ({ flight }: typeof fomo) => flight.ledger.find(({ kind }) => kind === 'model')!.bytes
    expect(down(fomo) - down(plain)).toBeGreaterThanOrEqual(2 * size * 4)
    // Round 1 has nothing to measure; measuring 3 models on 2 rows costs a step for client A in round 2.
    const { flight } = await flown(engine, fedFomo(), 2)
    const costs = flight.trainings.filter(({ client }) => client === 'client-A').map(({ round: r, start, end, examples }) => [r, end - start, examples])
    expect(costs).toEqual([[1, 2000, 4], [2, 1000, 0], [2, 2000, 4]])
  })
})

describe('special cases, bitwise', () => {
  const commonOf = async (strategy: Parameters<typeof flown>[1]) => (await flown(engine, strategy, rounds)).common

  it('what is personal beside it does not touch the common model: Ditto’s and fine-tuning’s are FedAvg’s', async () => {
    const plain = await commonOf(fedAvg())
    expect(await commonOf(ditto())).toEqual(plain)
    expect(await commonOf(fedAvgFineTuned({ epochs: 1 }))).toEqual(plain)
  })

  it('Ditto that is not held trains alone: its personal models are those of no federation at all', async () => {
    const { flight, initial } = await flown(engine, ditto({ lambda: 0 }), rounds)
    clients.forEach((client) => {
      near(flight.kept[client.name].personal, local(client, initial, { steps: rounds * client.epochs }))
    })
  })

  it('SCAFFOLD’s first round has no control: uniform averaging', async () => {
    const uniform = defineStrategy({
      name: 'uniform',
      weights: (updates) => new Float64Array(updates.length).fill(1 / updates.length),
    })
    const [first, plain] = [await flown(engine, scaffold(), 1), await flown(engine, uniform, 1)]
    first.common.forEach((v, i) => expect(v).toBeCloseTo(plain.common[i], 6))
  })
})

describe('properties of the folds', () => {
  const floats = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 2, maxLength: 2 })
  const update = fc.record({ values: floats, control: floats, examples: fc.integer({ min: 1, max: 9 }), steps: fc.integer({ min: 1, max: 9 }) })
  const kinds = [fedNova(), scaffold(), pFedMe({ beta: 0.5 }), ditto()] as const

  it.each(kinds)('$kind: who is called what does not matter, and clients that send what they got change nothing', (spec) => {
    const strategy = buildStrategy(spec)
    fc.assert(fc.property(fc.array(update, { minLength: 1, maxLength: 4 }), floats, (list, start) => {
      const about = round(list.map((_, k) => `c${k}`), { segments: [segment(0, 2)] })
      const fold = (updates: readonly Update[]) => {
        const { values, memory } = strategy.fold(part(start), updates, about)
        return [...values, ...(memory.control ?? [])]
      }
      const updates = list.map(({ values, control, examples, steps }, k) =>
        sent(`c${k}`, values, { examples, steps, extras: { control: Float32Array.from(control) } }))
      const forth = fold(updates)
      fold(updates.toReversed().map((u, k) => ({ ...u, client: `c${k}` }))).forEach((v, i) => expect(v).toBeCloseTo(forth[i], 4))
      const idle = updates.map((u) => ({ ...u, values: Float32Array.from(start), extras: { control: new Float32Array(2) } }))
      const same = fold(idle)
      start.forEach((v, i) => expect(same[i]).toBeCloseTo(v, 5))
    }))
  })

  it('FedNova with one client, or equal steps, is FedAvg; with momentum two steps of 0.5 count 2.5', () => {
    const nova = buildStrategy(fedNova())
    const one = nova.fold(part([1, 1]), [sent('a', [3, -1], { steps: 7 })], round(['a'], { segments: [segment(0, 2)] }))
    expect([...one.values]).toEqual([3, -1])
    // a: 1 step of weight 1; b: (1 + 0.5) + 1 = 2.5. tau_eff = 1.75; moves 1 and -5: 1.75 (0.5 * 1 - 0.5 * 5 / 2.5) = -0.875
    const optimizer = { kind: 'sgd', rate: 0.1, momentum: 0.5 }
    const two = nova.fold(
      part([0]), [sent('a', [1], { steps: 1 }), sent('b', [-5], { steps: 2 })], round(['a', 'b'], { segments: [segment(0, 1)], optimizer }),
    )
    expect(two.values[0]).toBeCloseTo(-0.875, 6)
  })
})

it('SCAFFOLD under Adam is refused, and told what to do', async () => {
  const resolved = resolve({
    world: { kind: 'storefronts' }, model: mlp({ hidden: [2] }), strategy: scaffold(), rounds: synchronous({ count: 1 }),
    local: { optimizer: adam() },
  })
  await expect(setUp(resolved, smallWorld({ A: 4 }), engine)).rejects.toThrow(
    /'scaffold' is defined for SGD .*local.optimizer is adam.*sgd\(rate\)/,
  )
})

describe('a client that leaves when its training is done', () => {
  const three = deadline({ count: 3, after: seconds(1) })
  const isB = (client: string, round: number) => client === 'client-B' && round === 2

  it('serves what it trained, sends nothing, and is charged', async () => {
    const weather = calm({ stays: (client, _, number) => !isB(client, number) })
    const { flight, initial, common } = await flown(engine, fedAvgFineTuned({ epochs: 1 }), 2, clients, {
      weather, rounds: deadline({ count: 2, after: seconds(1) }),
    })
    const first = mean(clients.map((client) => local(client, initial)))
    const trained = clients.map((client) => local(client, first))
    clients.forEach((client, k) => near(flight.kept[client.name].tuned, local(client, trained[k])))
    const [a, , c] = trained
    near(common, mean([a, c], [clients[0], clients[2]]))
    expect(flight.ledger.filter(({ from, round: number }) => isB(from, number))).toEqual([])
    const rows = flight.trainings.filter(({ client, round: number }) => isB(client, number))
    expect(rows.map(({ examples, outcome }) => [examples, outcome])).toEqual([[12, 'unsent'], [12, 'unsent']])
  })

  it.each([ditto(), fedPer(), fedRep(), scaffold(), pFedMe(), fedAvgFineTuned()])(
    '$kind: keeps the same as one whose update is lost', async (strategy) => {
      const about = { rounds: three, local: { epochs: 2, batch: 16, optimizer: sgd(rate, { momentum: 0.9 }), optimizerState: 'keep' } } as const
      const leaves = calm({ stays: (client, _, number) => !isB(client, number) })
      const lost = { ...clear, lost: { travelled: 0, fault: 'x' } }
      const loses = calm({ judge: ({ kind, from, round: number }) => (kind === 'update' && isB(from, number) ? lost : clear) })
      const [left, unheard] = [
        await flown(engine, strategy, 3, clients, { weather: leaves, ...about }),
        await flown(engine, strategy, 3, clients, { weather: loses, ...about }),
      ]
      expect(left.flight.digests.numbers).toBe(unheard.flight.digests.numbers)
      expect(left.flight.kept).toEqual(unheard.flight.kept)
      expect(left.flight.personal).toEqual(unheard.flight.personal)
    })
})
