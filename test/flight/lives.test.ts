import { describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { SurrogateEngine } from '../../src/engine/surrogate/surrogate-engine.js'
import type { Life } from '../../src/faults/fault.js'
import type { Weather } from '../../src/faults/weather.js'
import { aggregatorLife } from '../../src/federation/aggregator.js'
import type { AggregatorState } from '../../src/federation/aggregator-state.js'
import { ScenarioClient } from '../../src/federation/client.js'
import { expertLife } from '../../src/federation/expert-network.js'
import type { ActorLife } from '../../src/federation/life.js'
import type { Terms } from '../../src/federation/terms.js'
import type { Flight } from '../../src/flight/flight.js'
import { flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp, termsOf } from '../../src/flight/setup.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, fedAvg, mmoe, ms, quorum, sgd, type Specification,
} from '../../src/simulation/script.js'
import { calm } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

/** Without training: what it sends back is a digest of all that went in, so any difference is in the numbers' digest. */
const engine = new SurrogateEngine()

const world = smallWorld({ A: 6, B: 12, C: 18 })

const setupOf = (rounds: Specification['rounds'], trainer: Engine = engine): Promise<Setup> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds,
      checkpoint: { every: 'message' },
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'surrogate' },
  )
  return setUp(resolved, world, trainer)
}

/** C answers late in round 2, and never in round 3: what rounds do then, timers of the aggregator decide. */
const trying = (changes: Partial<Weather> = {}): Weather =>
  calm({
    latency: () => 10_000,
    span: (client, start, cost, round) => {
      if (client !== 'client-C' || round < 2) return { until: start + cost }
      const whole = start + 40 * cost
      return round === 2 ? { until: whole } : { until: start + 1, interrupted: 'away', whole }
    },
    ...changes,
  })

const flown = (setup: Setup, changes: Partial<Weather> = {}, trainer: Engine = engine): Promise<Flight> =>
  flyUnder(setup, () => trying(changes), { engine: trainer, stepCost: () => 10_000 })

const crash = (who: string, at: number, keeps: 'nothing' | 'checkpoint' = 'checkpoint', restartAt = at): Life => ({
  kind: 'crash', who, at, restartAt, keeps, fault: 'crash-1',
})

const events = ({ events: lines }: Flight): string[] => lines.filter((line) => !line.includes('"event":"life"'))

/** Instants between events, until the last round closes: nothing arrives, ends or fires at them. */
const between = ({ events: lines, virtualTime }: Flight): number[] => {
  const all = lines.map((line) => (JSON.parse(line) as { at: number }).at)
  const times = [...new Set(all)].filter((at) => at <= virtualTime).sort((a, b) => a - b)
  return times.slice(1).flatMap((at, i) => (at - times[i] > 2 ? [times[i] + Math.floor((at - times[i]) / 2)] : []))
}

const rounds = {
  deadline: deadline({ count: 4, after: ms(300) }),
  quorum: quorum({ count: 4, quorum: 2, after: ms(900) }),
  asynchronous: asynchronous({ count: 12, timeout: ms(250) }),
  buffered: buffered({ count: 6, buffer: 2, concurrency: 2, timeout: ms(250) }),
} satisfies Record<string, Specification['rounds']>

describe.each(Object.entries(rounds))('%s rounds', (_, policy) => {
  it.each(['aggregator', 'expert-1'])('go on as if nothing had been when %s dies and comes back in one instant, whenever', async (who) => {
    const setup = await setupOf(policy)
    const undisturbed = await flown(setup)
    const instants = between(undisturbed)
    expect(instants.length).toBeGreaterThan(5)
    for (const at of instants) {
      const flight = await flown(setup, { lives: [crash(who, at)] })
      expect(events(flight), `${who} at ${at}`).toEqual(events(undisturbed))
      expect(flight.digests.numbers).toBe(undisturbed.digests.numbers)
      expect(flight.events).toHaveLength(undisturbed.events.length + 2)
    }
  })

  it('go on in the round that the others are in when the aggregator keeps nothing', async () => {
    const setup = await setupOf(policy)
    const undisturbed = await flown(setup)
    const at = between(undisturbed)[4]
    const flight = await flown(setup, { lives: [crash('aggregator', at, 'nothing')] })
    expect(flight.status).toBe('complete')
    expect(flight.rounds.map(({ round }) => round)).toEqual(undisturbed.rounds.map(({ round }) => round))
  })
})

it('an aggregator that is back only after its timers were due has them at once', async () => {
  const setup = await setupOf(rounds.deadline)
  const undisturbed = await flown(setup)
  const { opened, closed } = undisturbed.rounds[2]
  expect(undisturbed.rounds[2].reason).toBe('deadline')
  const late = await flown(setup, { lives: [crash('aggregator', closed - 100, 'checkpoint', closed + 5000)] })
  expect(late.rounds[2]).toMatchObject({ opened, closed: closed + 5000, reason: 'deadline' })
})

it('a wait for clients outlives the aggregator that waits', async () => {
  const setup = await setupOf(deadline({ count: 2, after: ms(300) }))
  const away = {
    available: (_: string, now: number) => now >= 70_000,
    nextChange: (now: number) => (now < 70_000 ? 70_000 : undefined),
  }
  const undisturbed = await flown(setup, away)
  expect(undisturbed.rounds[0].opened).toBe(70_000)
  const flight = await flown(setup, { ...away, lives: [crash('aggregator', 35_000)] })
  expect(events(flight)).toEqual(events(undisturbed))
})

describe('a client', () => {
  it('between two rounds dies and comes back without a trace, if it keeps what it knows', async () => {
    // Trained: how many steps its balancer had made it forgets, which this one, that weighs all alike, does not read.
    const trainer = await openEngine({ engine: 'tfjs' })
    const setup = await setupOf(rounds.quorum, trainer)
    const undisturbed = await flown(setup, {}, trainer)
    const answered = undisturbed.ledger.findLast(({ from, round }) => from === 'client-A' && round === 1)!.sent
    const next = undisturbed.ledger.find(({ to, round }) => to === 'client-A' && round === 2)!.delivered!
    const at = Math.floor((answered + 20_000 + next) / 2)
    const flight = await flown(setup, { lives: [crash('client-A', at)] }, trainer)
    await trainer.close()
    expect(events(flight)).toEqual(events(undisturbed))
    expect(flight.digests.numbers).toBe(undisturbed.digests.numbers)
  })

  it('in the middle of its training loses that training, and no more', async () => {
    const setup = await setupOf(rounds.deadline)
    const undisturbed = await flown(setup)
    const { start, end } = undisturbed.trainings.find(({ client, round }) => client === 'client-B' && round === 2)!
    const flight = await flown(setup, { lives: [crash('client-B', Math.floor((start + end) / 2))] })
    const of = (given: Flight) => given.trainings.filter(({ client }) => client === 'client-B').map(({ outcome }) => outcome)
    expect(of(undisturbed)).toEqual(['used', 'used', 'used', 'used'])
    expect(of(flight)).toEqual(['used', 'crashed', 'used', 'used'])
  })
})

/** Empties all that a state collects. What is in there (rows, models, vectors) is replaced and never written to. */
const scribble = (state: object): void => {
  for (const value of Object.values(state) as unknown[]) {
    if (value instanceof Map || value instanceof Set) value.clear()
    else if (Array.isArray(value)) value.length = 0
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) scribble(value)
  }
}

describe('a checkpoint', () => {
  /** The state of an aggregator as it is between two events of a flight, and the lives of each role. */
  const inMidFlight = async (): Promise<{ terms: Terms; state: AggregatorState }> => {
    const setup = await setupOf(rounds.buffered)
    const terms = termsOf(setup, trying(), () => 10_000)
    const life = aggregatorLife(terms)
    const state = life.begin()
    state.selected = ['client-A']
    state.past = [{ round: 1, opened: 0, closed: 1, selected: ['client-A'], folded: [], outcome: 'aborted', reason: 'so' }]
    state.timers.set('deadline', { at: 5, number: 3 })
    state.atWork.set('client-A', { round: 1, overdue: { at: 9, number: 4 } })
    state.machine = { seen: [1, 2] }
    state.holding.endings[1] = { outcome: 'aborted', reason: 'so', after: 'aborted' }
    state.holding.answered.set('client-A', 1)
    state.holding.sent.set('client-A', [{ round: 1, values: new Float32Array([1]) }])
    return { terms, state }
  }

  const sharesNothing = <State extends object, Kept>(life: ActorLife<State, Kept, never>, state: State): void => {
    const kept = life.checkpoint(state)
    const before = structuredClone(kept)
    const back = life.restore(kept)
    scribble(state)
    expect(kept).toEqual(before)
    scribble(back)
    expect(kept).toEqual(before)
    expect(life.checkpoint(life.restore(kept))).toEqual(before)
  }

  it('of an aggregator shares nothing that the living may change', async () => {
    const { terms, state } = await inMidFlight()
    const life = aggregatorLife(terms)
    const kept = life.checkpoint(state)
    expect(kept.timers.get('deadline')).toEqual({ at: 5, number: undefined })
    expect(kept.atWork.get('client-A')!.overdue).toEqual({ at: 9, number: undefined })
    const { idle, ...plain } = state
    expect(kept.idle).not.toBe(idle)
    sharesNothing(life as unknown as ActorLife<AggregatorState, AggregatorState, never>, { ...plain, idle: undefined })
  })

  it('of an expert network shares nothing that the living may change', async () => {
    const { terms, state: { holding } } = await inMidFlight()
    sharesNothing(expertLife(terms, terms.parts[1]) as never, { holding } as never)
  })

  it('of a client is its parameters and what its strategy keeps, as the last answer left them', async () => {
    const { terms } = await inMidFlight()
    const client = new ScenarioClient(terms, terms.clients[0])
    const state = client.begin()
    state.kept = { control: new Float32Array([2]) }
    state.round = 7
    state.phase = 'training'
    expect(client.restore(client.checkpoint(state))).toEqual({ ...client.begin(), kept: { control: new Float32Array([2]) } })
  })
})
