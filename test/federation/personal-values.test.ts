import { map } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Weather } from '../../src/faults/weather.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import { flyUnder } from '../../src/flight/fly.js'
import { putPart } from '../../src/federation/parts.js'
import { train } from '../../src/federation/strategies/define.js'
import type { Strategy, Update } from '../../src/federation/strategies/strategy.js'
import { scoresOf } from '../../src/metrics/scores.js'
import { readSafetensors } from '../../src/network/safetensors.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, defineStrategy, ditto, fedAvg, mmoe, seconds, sgd, synchronous } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { calm } from './calm.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ ES: 20, NL: 30 })

interface Seen {
  readonly from: string
  readonly to: string
  readonly kind: string
  readonly round: number
  readonly part: string
  readonly tensors: Readonly<Record<string, readonly number[]>>
  readonly bytes: number
}

const fly = async (
  strategy: Specification['strategy'],
  changes: Partial<Specification> = {},
  weather: Weather = calm(),
  plant: (setup: Setup) => Setup = (setup) => setup,
): Promise<{ flight: Flight; setup: Setup; seen: Seen[] }> => {
  const seen: Seen[] = []
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2], batchNorm: true }),
      local: { epochs: 2, batch: 10, optimizer: sgd(0.1) },
      rounds: synchronous({ count: 2 }),
      link: (envelopes$) => envelopes$.pipe(map((envelope) => {
        const { from, to, kind, round, part, bytes } = envelope
        if (kind === 'model' || kind === 'update') {
          const read = readSafetensors(bytes.slice(32))
          const tensors = (read.ok ? read.tensors : []).map(({ name, values }) => [name, [...values]] as const)
          seen.push({ from, to, kind, round, part, tensors: Object.fromEntries(tensors), bytes: bytes.length })
        }
        return envelope
      })),
      ...changes,
      strategy,
    },
    { seed: 1, engine: 'tfjs' },
  )
  const setup = plant(await setUp(resolved, world, engine))
  return { flight: await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 }), setup, seen }
}

const numbers = ({ tensors }: Seen): number[] =>
  Object.entries(tensors).flatMap(([name, values]) => (name.startsWith('extra:') ? [] : values))

describe('personal values', () => {
  /** Everybody but ES gets the mean; ES gets what it sent, and 1 more in its last float. */
  const favouring = defineStrategy({
    name: 'favouring',
    fold: (state, updates) => {
      const own = updates.find(({ client }) => client === 'client-ES')!.values.slice()
      own[own.length - 1] += 1
      return { ...state, values: updates.find(({ client }) => client === 'client-NL')!.values, personal: new Map([['client-ES', own]]) }
    },
  })

  it('go to their client, part by part, and the common ones to all others', async () => {
    const { flight, seen } = await fly(favouring)
    for (const part of ['trunk', 'expert-1', 'expert-2']) {
      const of = (kind: string, round: number, client: string) =>
        numbers(seen.find((s) => s.kind === kind && s.round === round && s.part === part && (s.from === client || s.to === client))!)
      const expected = of('update', 1, 'client-ES')
      expected[expected.length - 1] = Math.fround(expected[expected.length - 1] + 1)
      expect(of('model', 2, 'client-ES')).toEqual(expected)
      expect(of('model', 2, 'client-NL')).toEqual(of('update', 1, 'client-NL'))
      const { personal, values } = flight.states[part]
      expect([...personal.keys()]).toEqual(['client-ES'])
      expect(values).toEqual(flight.parts[part])
    }
  })

  it('are what the client serves when it is scored', async () => {
    const { flight, setup } = await fly(favouring, { evaluate: { on: ['test'], final: false } })
    for (const { client, scenario, split, table, program, data } of setup.exams) {
      if (split !== 'test') continue
      const served = flight.personal[client].slice()
      for (const part of setup.parts) {
        const { values, personal } = flight.states[part.name]
        putPart(personal.get(client) ?? values, part, served)
      }
      const [job] = engine.score([{ kind: 'score', client, program, data, parameters: served }])
      const expected = scoresOf(table, setup.tasks, (await job).scores)
      const rows = flight.metrics.filter((row) => row.round === 2 && row.scenario === scenario && row.split === split)
      expect(expected.length).toBeGreaterThan(3)
      for (const row of expected) expect(rows.map(({ task, metric, value }) => ({ task, metric, value }))).toContainEqual(row)
    }
  })

  it('are in the digest of numbers, and so is what the strategy remembers', async () => {
    const remembering = (memory: number) =>
      defineStrategy({ name: 'r', fold: (state) => ({ ...state, memory: { m: Float32Array.of(memory) } }) })
    const once = { rounds: synchronous({ count: 1 }), evaluate: { every: 100, final: false, start: false } }
    const [one, same, two] = [await fly(remembering(1), once), await fly(remembering(1), once), await fly(remembering(2), once)]
    expect(same.flight.digest).toBe(one.flight.digest)
    expect(two.flight.digests.events).toBe(one.flight.digests.events)
    expect(two.flight.digests.numbers).not.toBe(one.flight.digests.numbers)
    const owning = defineStrategy({ name: 'r', fold: (state) => ({ ...state, personal: new Map([['client-NL', state.values]]) }) })
    const plain = defineStrategy({ name: 'r', fold: (state) => state })
    expect((await fly(owning, once)).flight.digests.numbers).not.toBe((await fly(plain, once)).flight.digests.numbers)
  })
})

describe('tensors beside the values', () => {
  const received: Record<string, readonly Update[]> = {}
  const given: Float32Array[] = []
  /** Sends its whole model again, its training losses and three numbers; each part's memory holds its first update. */
  const talkative: Strategy = defineStrategy({
    name: 'talkative',
    template: (segment) => (segment.role === 'batch-norm' ? 'private' : 'global'),
    extras: {
      up: [{ name: 'again', length: 'part' }, { name: 'loss', length: 'tasks' }, { name: 'three', length: 3 }],
      down: [{ name: 'first', length: 'part' }],
    },
    finish: (local) => {
      if (local.client === 'client-NL') given.push(local.given.first)
      const { made, losses } = local
      return { sent: made.train, extras: { again: made.train, loss: losses.train, three: Float32Array.of(1, 2, 3) } }
    },
    fold: (state, updates, { round }) => {
      received[`${state.part} ${round}`] = updates
      return { ...state, memory: { first: updates[0].extras.again } }
    },
  })

  it('reach the fold and the client, are counted in bytes, and hold nothing private', async () => {
    const canary = Math.fround(7.7777777)
    const private_ = ({ layout }: Setup) => layout.segments.filter(({ role }) => role === 'batch-norm')
    const { seen, setup } = await fly(
      { ...talkative, legs: [{ ...train, trains: ({ role }) => role !== 'batch-norm' }] }, {}, calm(),
      (settled) => {
        const initial = settled.initial.slice()
        for (const { offset, size } of private_(settled)) initial.fill(canary, offset, offset + size)
        return { ...settled, initial }
      },
    )
    for (const part of setup.parts) {
      const [first, second] = received[`${part.name} 1`]
      expect([first.client, second.client]).toEqual(['client-ES', 'client-NL'])
      expect(first.extras.again).toEqual(first.values)
      expect(first.extras.loss).toHaveLength(2)
      expect(first.extras.loss[0]).toBeGreaterThan(0.1)
      expect([...first.extras.three]).toEqual([1, 2, 3])
      // 20 and 30 rows in batches of 10, twice.
      expect([first.steps, second.steps, first.examples]).toEqual([4, 6, 20])
      const update = seen.find((s) => s.kind === 'update' && s.part === part.name)!
      expect(Object.keys(update.tensors).slice(-3)).toEqual(['extra:again', 'extra:loss', 'extra:three'])
      expect(update.bytes).toBe(32 + part.up.header.length + 4 * (2 * part.length + 2 + 3))
      const flat = new Float32Array(setup.layout.size)
      putPart(first.values, part, flat)
      const last = given.at(-1)!
      flat.forEach((v, i) => v !== 0 && expect(last[i]).toBe(v))
    }
    expect(given[0].every((v) => v === 0)).toBe(true)
    expect(given).toHaveLength(2)
    const wire = seen.flatMap(({ tensors }) => Object.values(tensors).flat())
    expect(wire.length).toBeGreaterThan(1000)
    expect(wire).not.toContain(canary)
  })

  it('that are declared and not sent end the run with the name of who owes what', async () => {
    const silent = defineStrategy({ name: 'silent', extras: { up: [{ name: 'loss', length: 'tasks' }] } })
    await expect(fly(silent)).rejects.toThrow("strategy 'silent' declares 'loss' and sends none")
  })
})

describe('legs', () => {
  it('are charged one after the other, each at its own cost, and share the fate of their answer', async () => {
    const { flight } = await fly(ditto({ epochs: 2 }), { rounds: synchronous({ count: 1 }) })
    const rows = flight.trainings.filter(({ client }) => client === 'client-NL')
    expect(rows.map(({ start, end, examples, outcome }) => [end - start, examples, outcome])).toEqual([
      [6000, 60, 'used'], [12000, 120, 'used'],
    ])
    expect(rows[1].start).toBe(rows[0].end)
  })

  it('come to nothing together when one of them is interrupted, and nothing is kept', async () => {
    const weather = calm({
      span: (client, start, cost) =>
        client === 'client-NL' && cost === 12_000 ? { until: start + 100, interrupted: 'away' } : { until: start + cost },
    })
    const rounds = deadline({ count: 1, after: seconds(1) })
    const { flight } = await fly(ditto({ epochs: 2 }), { rounds }, weather)
    const rows = flight.trainings.filter(({ client }) => client === 'client-NL')
    expect(rows.map(({ outcome }) => outcome)).toEqual(['interrupted', 'interrupted'])
    expect(flight.kept['client-NL']).toEqual({})
    expect(Object.keys(flight.kept['client-ES'])).toEqual(['personal'])
    expect(flight.rounds[0].folded).toEqual(['client-ES'])
  })

  it('what a client keeps comes back with its checkpoint, and is gone without', async () => {
    const crash = (keeps: 'checkpoint' | 'nothing') =>
      calm({ lives: [{ kind: 'crash', who: 'client-NL', at: 13_000, fault: 'x', keeps, restartAt: 13_500 }] })
    const rounds = deadline({ count: 2, after: 20_000 })
    const [kept, lost] = [await fly(ditto(), { rounds }, crash('checkpoint')), await fly(ditto(), { rounds }, crash('nothing'))]
    expect(Object.keys(kept.flight.kept['client-NL'])).toEqual(['personal'])
    expect(lost.flight.kept['client-NL']).toEqual({})
    expect(lost.flight.kept['client-ES']).toEqual(kept.flight.kept['client-ES'])
  })

  it('take place in the rounds that they are for; in a round without legs a client sends what it got', async () => {
    const alternating = defineStrategy({ name: 'even', legs: [{ name: 'train', when: (round) => round % 2 === 0 }] })
    const { flight, seen } = await fly(alternating)
    expect(new Set(flight.trainings.map(({ round }) => round))).toEqual(new Set([2]))
    const idle = seen.filter(({ round, part }) => round === 1 && part === 'trunk').map(numbers)
    expect(idle).toHaveLength(4)
    for (const values of idle) expect(values).toEqual(idle[0])
  })

  it('an expert’s part stays at home in rounds that do not send it, and is not folded then', async () => {
    const resting = defineStrategy({ name: 'resting', sends: (round, part) => round === 1 || part !== 'expert-2' })
    const { flight, seen } = await fly(resting)
    const sent = seen.filter(({ kind, from }) => kind === 'update' && from === 'client-NL').map(({ round, part }) => `${round} ${part}`)
    expect(sent).toEqual(['1 expert-1', '1 expert-2', '1 trunk', '2 expert-1', '2 trunk'])
    const once = await fly(resting, { rounds: synchronous({ count: 1 }) })
    expect(flight.parts['expert-2']).toEqual(once.flight.parts['expert-2'])
    expect(flight.parts['expert-1']).not.toEqual(once.flight.parts['expert-1'])
  })

  it('that train nothing of a model are refused by name', async () => {
    const headless = defineStrategy({ name: 'x', legs: [{ name: 'attention', trains: ({ name }) => name === 'attention' }] })
    await expect(fly(headless)).rejects.toThrow(/leg 'attention' of the strategy trains nothing of this model, which has .*gate/)
  })
})

it('a constructor that was not called is told apart from a strategy', async () => {
  await expect(fly(fedAvg as never)).rejects.toThrow('call it, as in strategy: fedavg(...)')
})

describe('the check of a fold’s outcome', () => {
  it('stops a run whose strategy forgets half of a part', async () => {
    const short = defineStrategy({ name: 'short', fold: (state) => ({ ...state, values: state.values.slice(1) }) })
    await expect(fly(short)).rejects.toThrow(/check 'state' at .*: the fold of round 1 of (trunk|expert-.)/)
  })
})
