import { describe, expect, it } from 'vitest'

import { SpecificationError } from '../../src/errors.js'
import { warningsOf } from '../../src/runs/warnings.js'
import { resolve } from '../../src/simulation/resolve.js'
import { away, crash, fedAvg, slow, synchronous } from '../../src/simulation/script.js'
import { flight } from '../runs/flights.js'
import { weatherOf } from './weather.js'

const withFault = (fault: object) => () => resolve({
  world: { kind: 'mb1' }, model: { kind: 'mlp', hidden: [2] }, strategy: fedAvg(), rounds: synchronous({ count: 1 }), faults: [fault as never],
})

describe('an event that a fault waits for', () => {
  it.each([
    [{ event: 'folded', message: 'model' }, /when\.message is not possible: only `sent`, `arrived` and `lost` have it/],
    [{ event: 'closed', from: 'client' }, /when\.from is not possible/],
    [{ event: 'died', to: 'client' }, /when\.to is not possible/],
    [{ event: 'sent', fault: 'x' }, /when\.fault is not possible: only `struck`, `died`, `returned` and `lost` have it/],
    [{ event: 'trained', fault: 'x' }, /when\.fault is not possible/],
  ])('is refused with a field that no such event has: %j', (when, why) => {
    expect(withFault({ kind: 'slow', who: 'client', by: 2, when })).toThrow(SpecificationError)
    expect(withFault({ kind: 'slow', who: 'client', by: 2, when })).toThrow(why)
    expect(withFault({ kind: 'crash', who: 'client', at: 1, restartWhen: when })).toThrow(SpecificationError)
    expect(withFault({ kind: 'slow', who: 'client', by: 2, until: when })).toThrow(SpecificationError)
  })

  it.each([
    { event: 'sent', from: 'client', message: 'model' }, { event: 'lost', fault: 'x', to: 'client' }, { event: 'struck', fault: 'x' }, { round: 2, after: 1 },
    { event: 'died', fault: 'x', actor: 'client' },
  ])('is taken with the fields that it has: %j', (when) => {
    expect(withFault({ kind: 'slow', who: 'client', by: 2, when })).not.toThrow()
  })

  it('is warned of where it is about somebody, a fault or a part that there is not', () => {
    const faults = [
      slow('client-NL', { by: 2, when: { event: 'died', actor: 'client-ZZ' }, id: 'actor' }),
      crash('client-NL', { at: 5, restartWhen: { event: 'struck', fault: 'nosuch' }, id: 'fault' }),
      away('client-NL', { from: 0, until: { event: 'folded', part: 'expert-99' }, id: 'part' }),
      slow('client-NL', { by: 2, when: { event: 'sent', to: 'experts' }, id: 'word' }),
      slow('client-NL', { by: 2, when: { round: 2, after: 1, part: 'trunk' }, id: 'sound' }),
      slow('client-NL', { by: 2, when: { event: 'lost', fault: 'schedule', from: 'client' }, id: 'schedule' }),
      slow('client-NL', { by: 2, when: { event: 'struck', fault: 'actor', actor: 'client-NL' }, id: 'another' }),
    ]
    const reports = weatherOf(faults).report()
    expect(Object.fromEntries(reports.flatMap(({ id, waitsFor }) => (waitsFor === undefined ? [] : [[id, waitsFor]])))).toEqual({
      actor: "'client-ZZ', who does not take part",
      fault: "the fault 'nosuch', which there is not",
      part: "part 'expert-99', of which there is none",
      word: "'experts', who does not take part",
    })
    expect(warningsOf({ ...flight, faults: reports })).toContain("the fault fault waits for an event of the fault 'nosuch', which there is not: that never happens")
  })
})
