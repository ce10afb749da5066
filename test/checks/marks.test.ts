import { describe, expect, it } from 'vitest'

import { MarkCount } from '../../src/checks/mark.js'
import { allMarks } from '../../src/checks/marks.js'
import { FlightRecorder, type Told } from '../../src/record/flight-recorder.js'
import { Ledger } from '../../src/record/ledger.js'

/** Tells a made-up flight, event by event, and says how often a mark was passed. */
const passed = (name: string, events: readonly (readonly [actor: string, what: Told])[]): number => {
  let now = 0
  const record = new FlightRecorder(() => now++)
  const ledger = new Ledger(record)
  const count = new MarkCount(allMarks)
  record.read(ledger, ...count.readers)
  for (const [actor, what] of events) record.tell(actor, { ...what })
  return count.counts[name]
}

const life = (what: 'crash' | 'restart', keeps: 'nothing' | 'checkpoint' = 'checkpoint'): Told => ({ kind: 'life', what, fault: 'x', keeps, back: undefined })
const send = (envelope: number, to: string, attempt = 0, message: 'update' | 'status' = 'update'): Told => ({
  kind: 'send', envelope, to, message, round: 1, part: 'trunk', roles: [], direction: 'up', attempt, copy: 0, bytes: 1,
})
const drop = (envelope: number, from: string, fault = 'cut'): Told => ({ kind: 'drop', envelope, from, round: 1, travelled: 0, fault })
const numbered = (to: string, number: number): Told => ({ kind: 'numbered', to, number })
const acknowledged = (to: string, number: number): Told => ({ kind: 'acknowledged', to, number })
const back: Told = { kind: 'recovered', round: 2, kept: 1 }
const open: Told = { kind: 'round-open', round: 2, selected: [] }

describe('marks that remember', () => {
  it('an outbox is replayed where a message of before the crash comes over after it', () => {
    const before = [['expert-1', numbered('client-a', 1)], ['expert-1', numbered('client-a', 2)], ['expert-1', acknowledged('client-a', 1)]] as const
    const after = [['expert-1', life('restart')], ['expert-1', acknowledged('client-a', 2)]] as const
    expect(passed('outbox replayed', [...before, ['expert-1', life('crash')], ...after])).toBe(1)
    expect(passed('outbox replayed', [...before, ['expert-1', life('crash', 'nothing')], ...after])).toBe(0)
    // The same number, of another message.
    expect(passed('outbox replayed', [...before, ['expert-1', life('crash')], ['expert-1', numbered('client-a', 2)], ...after])).toBe(0)
    expect(passed('outbox replayed', [...before, ['expert-1', acknowledged('client-a', 2)]])).toBe(0)
  })

  it('a link heals in recovery where one message was lost to a fault and the next came through', () => {
    const lost = [['expert-1', life('restart')], ['expert-1', send(0, 'aggregator', 0, 'status')], ['aggregator', drop(0, 'expert-1')]] as const
    const through = [['aggregator', send(1, 'expert-1')], ['expert-1', { kind: 'arrive', envelope: 1 }]] as const
    expect(passed('link healed in recovery', [...lost, ...through])).toBe(1)
    expect(passed('link healed in recovery', [...lost, ['expert-1', back], ...through])).toBe(0)
    expect(passed('link healed in recovery', [...lost.slice(1), ...through])).toBe(0)
    expect(passed('link healed in recovery', [...lost.slice(0, 2), ...through])).toBe(0)
  })

  it('a server comes back in mid-round, or between rounds', () => {
    expect(passed('aggregator back in mid-round', [['aggregator', open], ['aggregator', back]])).toBe(1)
    expect(passed('aggregator back in mid-round', [['aggregator', back]])).toBe(0)
    expect(passed('expert back in mid-round', [['aggregator', open], ['expert-1', back]])).toBe(1)
    expect(passed('older than the trunk', [['expert-1', back], ['aggregator', back], ['expert-1', { ...back, kept: 2 } as Told]])).toBe(1)
  })

  it('death in recovery is of a server that has come back and knows nothing yet', () => {
    expect(passed('death in recovery', [['expert-1', life('restart')], ['expert-1', life('crash')]])).toBe(1)
    expect(passed('death in recovery', [['expert-1', life('restart')], ['expert-1', back], ['expert-1', life('crash')]])).toBe(0)
    expect(passed('death in recovery', [['client-a', life('restart')], ['client-a', life('crash')]])).toBe(0)
  })

  it('a client answers again, which its outbox alone does not', () => {
    expect(passed('answered again', [['client-a', send(0, 'expert-1', 1)]])).toBe(1)
    expect(passed('answered again', [['client-a', numbered('expert-1', 1)], ['client-a', send(0, 'expert-1', 1)]])).toBe(1)
    expect(passed('answered again', [['client-a', numbered('expert-1', 1)], ['client-a', send(0, 'expert-1')], ['client-a', send(1, 'expert-1', 1)]])).toBe(0)
  })
})
