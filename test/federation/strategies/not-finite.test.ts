import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { buildStrategy, strategyEntries, type StrategySpec } from '../../../src/federation/strategies/registry.js'
import { warningsOf } from '../../../src/runs/warnings.js'
import { fly } from '../../../src/flight/fly.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, defineStrategy, fedAvg, mlp, mmoe, ms, quorum, seconds, sgd, synchronous,
} from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { allFinite, unequal } from '../every-fault.js'

let engine: Engine
let recorded: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
  recorded = await openEngine({ engine: 'onnx', workers: 0 })
})
afterAll(() => Promise.all([engine.close(), recorded.close()]))

/** One client's rows hold a number that is none, and so does all that it learns. */
const poisoned = (names: readonly string[]): typeof unequal => ({
  ...unequal,
  scenarios: unequal.scenarios.map((scenario) =>
    names.includes(scenario.name)
      ? { ...scenario, train: { ...scenario.train, numeric: scenario.train.numeric.map(() => Number.NaN) } }
      : scenario),
})

const flown = (changes: Partial<Specification>, names: readonly string[] = ['DE'], on = engine): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 3, after: seconds(1), quorum: 1, patience: ms(200) }),
        devices: { stepOverhead: 8000 },
        evaluate: { every: 3, start: false },
        onDivergence: 'go-on',
        ...changes,
      },
      { seed: 5 },
    ),
    { world: poisoned(names), engine: on },
  )

const vectorsOf = ({ states }: Flight): Float32Array[] =>
  Object.values(states).flatMap(({ values, personal, memory }) => [values, ...personal.values(), ...Object.values(memory)])

const outcomesOf = ({ trainings }: Flight, client: string): string[] =>
  trainings.flatMap((row) => (row.client === client ? [row.outcome] : []))

/** What reaches an owner from these is of every client, or holds nothing that can go wrong. */
const apart = new Set(['local-only', 'pooled'])

describe('an update that is not finite', () => {
  it.each(strategyEntries.map(({ kind }) => kind).filter((kind) => !apart.has(kind)))('reaches nobody under %s', async (kind) => {
    const flight = await flown({ strategy: { kind } as StrategySpec })
    expect(allFinite(vectorsOf(flight))).toBe(true)
    expect(flight.rounds.map(({ refused }) => refused)).toEqual([['client-DE'], ['client-DE'], ['client-DE']])
    expect(flight.rounds.map(({ folded }) => folded)).toEqual(Array(3).fill(['client-ES', 'client-FR', 'client-NL']))
    const own = flight.ledger.filter(({ kind, from, part }) => kind === 'update' && from === 'client-DE' && part === 'trunk')
    expect(own.map(({ fate }) => fate)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(new Set(outcomesOf(flight, 'client-DE'))).toEqual(new Set(['rejected']))
    expect(new Set(outcomesOf(flight, 'client-ES'))).toEqual(new Set(['used']))
    expect(Object.keys(flight.refused)).toEqual(['client-DE'])
  })

  it('is an answer: rounds close with the others, whatever they wait for', async () => {
    const close = async (rounds: Specification['rounds'], names?: readonly string[]) =>
      (await flown({ rounds, model: mlp({ hidden: [4], embedding: 2 }) }, names)).rounds
        .map(({ outcome, reason, folded }) => `${outcome}, ${reason}: ${folded.length}`)
    expect(await close(synchronous({ count: 1 }))).toEqual(['closed, all answered: 3'])
    expect(await close(quorum({ count: 1, quorum: 3 }))).toEqual(['closed, all answered: 3'])
    expect(await close(quorum({ count: 1, quorum: 4 }))).toEqual(['aborted, all answered, below quorum: 0'])
    const everybody = ['DE', 'ES', 'FR', 'NL']
    expect(await close(synchronous({ count: 2 }), everybody)).toEqual(Array(2).fill('aborted, all answered, below quorum: 0'))
    expect(await close(buffered({ count: 2, buffer: 4 }))).toEqual([
      'closed, nobody left to answer: 3', 'closed, nobody left to answer: 3',
    ])
    expect(await close(asynchronous({ count: 5 }))).toEqual(Array(5).fill('closed, goal reached: 1'))
    expect(await close(asynchronous({ count: 2, concurrency: 1 }), everybody))
      .toEqual(Array(2).fill('aborted, nobody left to answer: 0'))
  })

  it('gives its client the next model all the same, and ends those it had', async () => {
    const { ledger, trainings } = await flown({ rounds: asynchronous({ count: 9 }) })
    const down = ledger.filter(({ kind, to }) => kind === 'model' && to === 'client-DE')
    expect(down.length).toBeGreaterThan(3)
    expect(down.filter(({ fate }) => fate === 'unresolved' || fate === 'used')).toEqual([])
    expect(trainings.filter(({ client }) => client === 'client-DE').length).toBeGreaterThan(1)
  })

  it('is one if what travels beside the values is not finite', async () => {
    const strategy = defineStrategy({
      name: 'extra', source: 'a test', absent: 'nothing',
      extras: { up: [{ name: 'beside', length: 2 }] },
      finish: ({ client, made }) => ({
        sent: made.train, extras: { beside: Float32Array.of(0, client === 'client-ES' ? Infinity : 1) },
      }),
    })
    const { rounds } = await flown({ strategy }, [])
    expect(rounds.map(({ refused }) => refused)).toEqual(Array(3).fill(['client-ES']))
  })

  it('is its own client’s alone: whoever shares a cohort with it trains as if there were nobody', async () => {
    const local = { epochs: 1, batch: 16, optimizer: sgd(0.1) }
    const [alone, together] = await Promise.all([1, 4].map((cohort) => flown({ local: { ...local, cohort } }, ['DE'], recorded)))
    expect(Object.keys(together.refused)).toEqual(['client-DE'])
    expect(together.rounds).toEqual(alone.rounds)
    expect(together.parts).toEqual(alone.parts)
    expect(allFinite(vectorsOf(together))).toBe(true)
  })

  it('changes nothing where there is none', async () => {
    const { rounds, refused } = await flown({}, [])
    expect(rounds.every((row) => !('refused' in row))).toBe(true)
    expect(refused).toEqual({})
  })
})

describe('an aggregate that is not finite', () => {
  /** A rule that is right but in its second round, where it overflows for the trunk. */
  const overflowing = defineStrategy({
    name: 'overflowing',
    fold: (state, updates, about) => {
      const after = buildStrategy({ kind: 'fedavg' }).fold(state, updates, about)
      if (about.round !== 2 || state.part !== 'trunk') return after
      return { ...after, values: after.values.map((value) => value * 1e38 * 1e38) }
    },
  })

  it('is refused: the part stays bit for bit as it was, its updates are rejected, and it is said', async () => {
    const flight = await flown({ strategy: overflowing }, [])
    expect(allFinite(vectorsOf(flight))).toBe(true)
    expect(flight.unfit).toEqual({ trunk: 1 })
    expect(flight.rounds.map(({ folded }) => folded.length)).toEqual([4, 0, 4])
    const own = flight.ledger.filter(({ kind, part, round }) => kind === 'update' && part === 'trunk' && round === 2)
    expect(own.map(({ fate, because }) => `${fate}, ${because}`)).toEqual(Array(4).fill('rejected, aggregate'))
    expect(warningsOf(flight)).toContain('what was to be folded into trunk (1 round) was not finite, and was refused: the model stayed as it was there')
  })

  it('ends the flight by default, and is kept where that is asked for', async () => {
    await expect(flown({ strategy: overflowing, onDivergence: 'stop' }, []).then(({ status }) => status))
      .rejects.toThrow(/what was folded into trunk was not finite/)
    const kept = await flown({ strategy: overflowing, onDivergence: 'keep' }, [])
    expect(kept.unfit).toEqual({})
    expect(allFinite(vectorsOf(kept))).toBe(false)
  })
})
