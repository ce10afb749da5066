import { expect, expectTypeOf, test } from 'vitest'

import {
  asynchronous, type Candidate, check, type Check, type Choose, crash, deadline, defineStrategy, type FaultInput, fedAvg, type Flight, type FlightEvent,
  Lab, type LabFlight, lose, mbps, minutes, mmoe, one, type Plan, roundMachine, type RoundRules, type Run, type Running,
  simulate, simulation, type Situation, type Specification, type Strategy, type View,
} from '../../src/index.js'

/*
 * What the compiler knows of the public face. `npm run typecheck` is what runs these: at run time they pass.
 */

test('a script is data that the compiler knows, whole and in parts', () => {
  expectTypeOf(simulation).parameters.toEqualTypeOf<[Specification]>()
  expectTypeOf(simulation).returns.toEqualTypeOf<Specification>()
  expectTypeOf<Specification>().toHaveProperty('world')
  expectTypeOf<Specification['checks']>().toEqualTypeOf<readonly Check[] | undefined>()
  expectTypeOf(deadline({ count: 1, after: minutes(1) }).kind).toEqualTypeOf<'deadline'>()
  expectTypeOf<Specification['choose']>().toEqualTypeOf<Choose | undefined>()
  expectTypeOf<Parameters<Choose>[0][number]>().toEqualTypeOf<Candidate>()
  expectTypeOf(asynchronous({ count: 1 })).toExtend<Specification['rounds']>()
  expectTypeOf(mmoe({ embedding: 1, experts: 1, expert: [1], tower: [1] })).toExtend<Specification['model']>()
  expectTypeOf(fedAvg()).toExtend<Specification['strategy']>()
  expectTypeOf(lose({ from: 'client', to: 'aggregator' }, { probability: 0.1 })).toExtend<FaultInput>()
  expectTypeOf(crash(one(), { when: { round: 1, after: 1 }, keeps: 'nothing' })).toExtend<FaultInput>()
  expectTypeOf(mbps(1)).toEqualTypeOf<number>()
})

test('what is flown says what it gives', () => {
  expectTypeOf(simulate).parameter(0).toEqualTypeOf<Specification>()
  expectTypeOf(simulate).returns.toEqualTypeOf<Running>()
  expectTypeOf<Awaited<Running>>().toExtend<Run>()
  expectTypeOf<Lab['fly']>().returns.resolves.toEqualTypeOf<Flight>()
  expectTypeOf<NonNullable<Parameters<Lab['fly']>[0]>>().toEqualTypeOf<LabFlight>()
  expectTypeOf<LabFlight['plan']>().toEqualTypeOf<Plan | undefined>()
})

test('events tell by their kind what they hold', () => {
  type Kind = FlightEvent['kind']
  expectTypeOf<'send'>().toExtend<Kind>()
  expectTypeOf<'sent'>().not.toExtend<Kind>()
  type Send = Extract<FlightEvent, { kind: 'send' }>
  expectTypeOf<Send['bytes']>().toEqualTypeOf<number>()
  expectTypeOf<Extract<FlightEvent, { kind: 'arrive' }>>().not.toHaveProperty('bytes')
  expectTypeOf<FlightEvent>().toHaveProperty('cause')
})

test('checks, round machines and strategies of one’s own are typed by what they remember', () => {
  const counting = check<{ count: number }>({
    name: 'counting', promise: 'Counts.', begin: () => ({ count: 0 }),
    see: (event, view, memory) => {
      expectTypeOf(event).toEqualTypeOf<FlightEvent>()
      expectTypeOf(view).toEqualTypeOf<View>()
      expectTypeOf(memory).toEqualTypeOf<{ count: number }>()
    },
  })
  expectTypeOf(counting).toExtend<Check>()
  const rules = roundMachine<{ asked: number }>((state, moment, situation) => {
    expectTypeOf(state).toEqualTypeOf<{ asked: number } | undefined>()
    expectTypeOf(situation).toEqualTypeOf<Situation>()
    return { state: { asked: (state?.asked ?? 0) + (moment.kind === 'asked' ? moment.clients : 0) } }
  })
  expectTypeOf(rules).toEqualTypeOf<RoundRules>()
  expectTypeOf(defineStrategy).returns.toExtend<Strategy>()
  expect(counting.name).toBe('counting')
})
