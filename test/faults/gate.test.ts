import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Gate } from '../../src/faults/gate.js'
import type { Trigger } from '../../src/faults/trigger.js'
import type { When } from '../../src/faults/window.js'
import type { FlightEvent } from '../../src/record/event.js'

const parts = ['trunk', 'expert-1']
const client = fc.constantFrom('client-a', 'client-b')
const round = fc.integer({ min: 1, max: 3 })

/** What happens, as far as gates look at it. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('round-open'), actor: fc.constant('aggregator'), round }),
  fc.record({ kind: fc.constant('round-close'), actor: fc.constant('aggregator'), row: fc.record({ round }) }),
  fc.record({ kind: fc.constant('send'), actor: client, to: fc.constant('aggregator'), envelope: fc.nat(3), message: fc.constant('update'), round, part: fc.constantFrom(...parts) }),
  fc.record({ kind: fc.constantFrom('arrive', 'drop'), actor: fc.constant('aggregator'), envelope: fc.nat(3) }),
  fc.record({ kind: fc.constant('admit'), actor: fc.constant('aggregator'), message: fc.constant('update'), from: client, round, part: fc.constant('trunk') }),
  fc.record({ kind: fc.constant('life'), actor: client, what: fc.constantFrom('crash', 'restart') }),
  fc.record({ kind: fc.constantFrom('train', 'fold', 'settle', 'calm'), actor: client, round }),
)

const flight = fc.array(fc.tuple(fc.nat(3), happening), { minLength: 1, maxLength: 40 }).map((all): FlightEvent[] => {
  let at = 0
  return all.map(([later, what], id) => ({ ...what, id, at: (at += later), cause: -1 }) as unknown as FlightEvent)
})

const trigger: fc.Arbitrary<Trigger> = fc.oneof(
  fc.record({ round, after: fc.nat(2), of: fc.constant('updates' as const) }),
  fc.record({
    event: fc.constantFrom('sent' as const, 'arrived' as const, 'lost' as const, 'opened' as const, 'closed' as const, 'died' as const, 'began training' as const),
    nth: fc.integer({ min: 1, max: 2 }),
  }, { requiredKeys: ['event', 'nth'] }),
)

const when: fc.Arbitrary<When> = fc.oneof(
  fc.record({ rounds: fc.constant([2, 3] as const), until: trigger }, { requiredKeys: [] }),
  fc.record({ from: fc.nat(20), until: fc.oneof(fc.integer({ min: 21, max: 60 }), trigger) }, { requiredKeys: [] }),
  fc.record({ when: trigger, lasts: fc.nat(20), until: trigger, repeat: fc.record({ times: fc.integer({ min: 2, max: 3 }) }) }, { requiredKeys: ['when'] }),
)

it('is on and off as if it had seen everything, when it has seen what it asks for alone', () => {
  fc.assert(fc.property(when, flight, (own, events) => {
    const [whole, part] = [new Gate(own, parts), new Gate(own, parts)]
    for (const event of events) {
      whole.see(event)
      if (part.kinds === undefined || part.kinds.includes(event.kind)) part.see(event)
      const known = (gate: Gate) => [gate.isOn(), gate.isOn(event.at), gate.endsAt(event.at)]
      expect(known(part)).toEqual(known(whole))
    }
  }), { numRuns: 1000 })
})
