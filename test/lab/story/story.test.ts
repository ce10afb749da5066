import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Failure } from '../../../src/flight/failure.js'
import { chainOf, faultOf, tellable } from '../../../src/lab/story/chain.js'
import { storyOf, storyText } from '../../../src/lab/story/story.js'
import type { FlightEvent } from '../../../src/record/event.js'

const departure = { part: 'trunk', roles: [], direction: 'up', attempt: 0, copy: 0, bytes: 100 } as const
const late: Failure = { kind: 'safety', what: 'punctual', message: "check 'punctual' at 9.000 s: late", time: 9e6, envelopes: [2] }

/** Two clients answer in round 1, the second too late, because of f1; f2 does something to somebody else. */
const events = [
  { id: 0, at: 0, actor: 'aggregator', cause: -1, kind: 'round-open', round: 1, selected: ['client-1', 'client-2'] },
  { id: 1, at: 0, actor: 'aggregator', cause: 0, kind: 'send', envelope: 0, to: 'client-1', message: 'model', round: 1, ...departure, direction: 'down' },
  { id: 2, at: 0, actor: 'aggregator', cause: 0, kind: 'send', envelope: 1, to: 'client-2', message: 'model', round: 1, ...departure, direction: 'down' },
  { id: 3, at: 1e6, actor: 'client-1', cause: 1, kind: 'arrive', envelope: 0 },
  { id: 4, at: 1e6, actor: 'client-2', cause: 2, kind: 'arrive', envelope: 1 },
  { id: 5, at: 1e6, actor: 'client-1', cause: 3, kind: 'fault', fault: 'f2', unit: 'client-1 1', effect: 'training slowed', amount: 2e6 },
  { id: 6, at: 1e6, actor: 'client-2', cause: 4, kind: 'train', round: 1, until: 2e6, whole: 2e6, examples: 1400 },
  { id: 7, at: 2e6, actor: 'client-2', cause: 6, kind: 'trained', round: 1, start: 1e6, outcome: 'computed', examples: 1400, continues: false },
  { id: 8, at: 2e6, actor: 'client-2', cause: 7, kind: 'send', envelope: 2, to: 'aggregator', message: 'update', round: 1, ...departure },
  { id: 9, at: 2e6, actor: 'client-2', cause: 7, kind: 'fault', fault: 'f1', unit: 2, effect: 'message delayed', amount: 6e6 },
  { id: 10, at: 3e6, actor: 'aggregator', cause: -1, kind: 'round-close', row: { round: 1, outcome: 'closed', reason: 'deadline', folded: ['client-1'], opened: 0, closed: 3e6, selected: ['client-1', 'client-2'] }, last: true },
  { id: 11, at: 9e6, actor: 'aggregator', cause: 8, kind: 'arrive', envelope: 2 },
  { id: 12, at: 9e6, actor: 'aggregator', cause: 11, kind: 'settle', envelope: 2, fate: 'late', row: undefined },
] as unknown as readonly FlightEvent[]

const kinds = [{ id: 'f1', kind: 'delay' }, { id: 'f2', kind: 'slow' }]

describe('a story', () => {
  it('is what led there, back to what nobody did, with what faults did to it, and nothing else', () => {
    // Not the model of client-1 and its arrival, which f2 struck at: of that there is the strike alone, with what brought it about.
    expect(chainOf(events, late, ['f1']).map(({ id }) => id)).toEqual([0, 2, 4, 6, 7, 8, 9, 10, 11, 12])
    expect(chainOf(events, late, ['f1', 'f2']).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('reads so', () => {
    expect(storyText(storyOf(events, late, kinds.slice(0, 1)))).toEqual([
      'what led there, 10 of 13 events:',
      '  0.000 s  aggregator  opens round 1 for client-1, client-2',
      '  0.000 s  aggregator  sends client-2 the model of round 1 for trunk (#1)',
      '  1.000 s  client-2    the model of round 1 for trunk (#1) arrives from aggregator',
      '  2.000 s  client-2    has trained for round 1 (computed, 1,400 examples)',
      '  2.000 s  client-2    sends aggregator the update of round 1 for trunk (#2)',
      '  2.000 s  client-2    f1: 1 message delayed (6.000 s in all) (update of round 1 for trunk (#2))',
      '  3.000 s  aggregator  closes round 1 (deadline), folded client-1',
      '  9.000 s  aggregator  the update of round 1 for trunk (#2) arrives from client-2',
      '  9.000 s  aggregator  the update of round 1 for trunk (#2) from client-2 is late',
      "  check 'punctual' at 9.000 s: late",
    ])
  })

  it('of few lines keeps its end and whose fault it is, and says how much it leaves out', () => {
    const told = tellable(chainOf(events, late, ['f1']), 3)
    expect(told.map(({ event: { id } }) => id)).toEqual([9, 11, 12])
    expect(told.map(({ left }) => left)).toEqual([5, 1, 0])
  })

  it('ends where a silent one lost what it was sent', () => {
    const lost = { id: 11, at: 8e6, actor: 'aggregator', cause: 8, kind: 'drop', envelope: 2, from: 'client-2', round: 1, travelled: 3, fault: 'f1' }
    const stuck: Failure = { kind: 'liveness', what: 'LivenessError', message: 'Round 1 can never close', time: 8e6, round: 1, actors: ['client-2'] }
    const told = chainOf([...events.slice(0, 10), lost as unknown as FlightEvent], stuck, ['f1']).map(({ id }) => id)
    expect(told).toEqual([0, 2, 4, 6, 7, 8, 9, 11])
  })

  it('holds of any events: causes of what is in it are in it, and a fault that struck is', () => {
    const event = fc.record({
      kind: fc.constantFrom('send', 'arrive', 'fault', 'trained', 'life', 'settle'), back: fc.nat(6), envelope: fc.nat(5), actor: fc.constantFrom('a', 'b', 'c'), fault: fc.constantFrom('f1', 'f2'),
    })
    fc.assert(fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), fc.subarray([0, 1, 2, 3, 4, 5]), (drawn, envelopes) => {
      const all = drawn.map(({ back, fault, kind, ...rest }, id) => ({
        ...rest, kind, id, at: id, cause: id - 1 - back < 0 ? -1 : id - 1 - back, round: 1, to: 'a', fate: 'late', what: 'crash',
        ...((kind === 'fault' || kind === 'life') && { fault }), ...(kind === 'fault' && { unit: rest.envelope }),
      })) as unknown as FlightEvent[]
      const chain = chainOf(all, { ...late, envelopes, actors: ['b'] }, ['f1', 'f2'])
      const ids = chain.map(({ id }) => id)
      expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b))
      expect(ids.at(-1)).toBe(all.length - 1)
      for (const fault of ['f1', 'f2']) expect(chain.some((one) => faultOf(one) === fault)).toBe(all.some((one) => faultOf(one) === fault))
      const told = tellable(chain, 8)
      expect(told.length).toBeLessThanOrEqual(8)
      expect(told.at(-1)!.event.id).toBe(all.length - 1)
    }))
  })
})
