import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { AbsenceHook } from '../../src/faults/fault.js'
import { Returns } from '../../src/faults/returns.js'
import { calendar, type Calendar } from '../../src/schedules/calendar.js'
import type { Micros } from '../../src/time/micros.js'

interface Client {
  readonly calendar: Calendar | undefined
  readonly hooks: readonly AbsenceHook[]
}

/** By looking at everybody, whenever it is asked. */
const slowly = (clients: readonly Client[], ends: readonly Micros[], now: Micros): Micros | undefined => {
  const found: Micros[] = [...ends]
  for (const { calendar: own, hooks } of clients) {
    const window = own?.next(now)
    if (window !== undefined) found.push(window.from > now ? window.from : (own!.next(window.until)?.from ?? Infinity))
    for (const { phase, window: { until } } of hooks) if (phase === undefined && typeof until === 'number') found.push(until)
  }
  const next = Math.min(...found.filter((at) => at > now))
  return next === Infinity ? undefined : next
}

const time = (scale: number) => fc.integer({ min: 0, max: 60 * scale })
const scales = fc.constantFrom(1, 1000, 1_000_000)

const windowsOf = (scale: number) =>
  fc.array(fc.tuple(time(scale), time(scale)).map(([a, b]) => ({ from: Math.min(a, b), until: Math.max(a, b) })), { maxLength: 4 })

const clientOf = (scale: number): fc.Arbitrary<Client> =>
  fc.record({
    calendar: fc.option(
      fc.record({ windows: windowsOf(scale), period: fc.constantFrom(Infinity, 25 * scale), phase: fc.constantFrom(0, -7 * scale) })
        .map(({ windows, period, phase }) => calendar(windows, period, period === Infinity ? 0 : phase)),
      { nil: undefined },
    ),
    hooks: fc.array(
      fc.record({ phase: fc.constantFrom(undefined, 'training'), until: fc.option(time(scale), { nil: undefined }) })
        .map(({ phase, until }) => ({ phase, window: { until } }) as unknown as AbsenceHook),
      { maxLength: 2 },
    ),
  })

test('the next return is the one that a look at everybody finds, whatever was asked and added before', () => {
  const cases = scales.chain((scale) =>
    fc.record({
      clients: fc.array(clientOf(scale), { maxLength: 5 }),
      steps: fc.array(fc.record({ ask: time(scale), add: fc.option(time(scale), { nil: undefined }) }), { maxLength: 12 }),
      inOrder: fc.boolean(),
    }))
  fc.assert(
    fc.property(cases, ({ clients, steps, inOrder }) => {
      const returns = new Returns(clients)
      const ends: Micros[] = []
      const asked = inOrder ? steps.toSorted((a, b) => a.ask - b.ask) : steps
      for (const { ask, add } of asked) {
        expect(returns.after(ask)).toBe(slowly(clients, ends, ask))
        if (add === undefined) continue
        ends.push(add)
        returns.add(add)
        expect(returns.after(ask)).toBe(slowly(clients, ends, ask))
      }
    }),
    { numRuns: 400 },
  )
})
