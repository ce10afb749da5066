import { describe, expect, it } from 'vitest'
import { showProgress } from '../../src/cli/progress.js'
import { afterEvent, firstStatus, liveLines, roundLine, type Status } from '../../src/cli/status.js'
import type { FlightEvent } from '../../src/runs/record.js'
import { ledgerRow, metrics, rounds } from '../runs/flights.js'

const after = (events: readonly FlightEvent[]): Status => events.reduce(afterEvent, firstStatus(2))

const opened: FlightEvent = { kind: 'round-open', at: 0, round: 1, selected: ['client-a', 'client-b'] }
const training = (client: string, at: number): FlightEvent => ({ kind: 'training', at, round: 1, client })
const evaluated: FlightEvent = {
  kind: 'evaluated',
  at: 30e6,
  round: 1,
  rows: metrics.slice(1, 3).map((row) => Object.assign({}, row, { split: 'validation' as const })),
}
const late = { direction: 'up', kind: 'update', fate: 'late' } as const
const story: readonly FlightEvent[] = [
  opened,
  { kind: 'settled', at: 5, row: ledgerRow({ travelled: 2048, bytes: 2048 }) },
  training('client-a', 10),
  training('client-b', 10),
  { kind: 'trained', at: 20e6, round: 1, client: 'client-a', outcome: 'computed' },
  { kind: 'life', at: 25e6, who: 'client-b', what: 'away' },
  { kind: 'trained', at: 25e6, round: 1, client: 'client-b', outcome: 'interrupted' },
  { kind: 'settled', at: 28e6, row: ledgerRow({ ...late, travelled: 1024 }) },
  { kind: 'settled', at: 28e6, row: ledgerRow({ ...late, part: 'expert-1', travelled: 0 }) },
  { kind: 'settled', at: 28e6, row: ledgerRow({ direction: 'inside', kind: 'close', fate: 'control' }) },
]

describe('status', () => {
  it('knows who trains, who is away, what was late and what it cost', () => {
    expect(after(story.slice(0, 4)).training).toEqual(new Set(['client-a', 'client-b']))
    expect(after(story.filter(({ kind }) => kind !== 'life')).away).toEqual(new Set(['client-b']))
    const status = after(story)
    expect(status).toMatchObject({ round: 1, selected: 2, late: 1, cutShort: 1 })
    expect(status).toMatchObject({ up: 1024, down: 2048, virtualTime: 28e6 })
    expect(status.training).toEqual(new Set())
    expect(status.away).toEqual(new Set(['client-b']))
    expect(afterEvent(status, { kind: 'life', at: 29e6, who: 'client-b', what: 'back' }).away).toEqual(new Set())
    expect(afterEvent(status, { ...opened, round: 2 }).away).toEqual(new Set())
  })

  it('counts rounds by outcome and follows crashes', () => {
    const status = after([
      { kind: 'round-close', at: 30e6, row: rounds[0] },
      { kind: 'round-close', at: 60e6, row: rounds[1] },
      { kind: 'life', at: 61e6, who: 'client-a', what: 'crash' },
    ])
    expect(status).toMatchObject({ closed: 1, aborted: 1, virtualTime: 61e6 })
    expect(status.dead).toEqual(new Set(['client-a']))
  })

  it('does not go back to the score of an earlier round', () => {
    const status = after([{ ...evaluated, round: 2 }, evaluated])
    expect(status.score).toEqual({ split: 'validation', metric: 'auc', value: 0.6875, round: 2 })
  })

  it('draws three lines that fit any width', () => {
    const status = after([...story, { kind: 'round-close', at: 30e6, row: rounds[0] }, evaluated])
    expect(liveLines(status, 'first-flight', 12, 100)).toEqual([
      'first-flight ━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ round 1/2 · virtual 30.0 s · real 12 s, about 12 s left',
      '  clients: 0 training of 2 asked · 1 away · so far 1 late, 1 cut short',
      '  validation AUC 0.6875 · up 1.0 KiB · down 2.0 KiB',
    ])
    for (const width of [20, 40, 61, 200]) {
      for (const line of liveLines(status, 'first-flight', 12, width)) expect(line.length).toBeLessThanOrEqual(width)
    }
  })

  it('tells a round in one line', () => {
    const status = after([...story, evaluated])
    expect(roundLine(status, rounds[0])).toBe(
      'round 1/2 closed (deadline) · virtual 30.0 s · 1 of 2 folded · 1 late, 1 away, 1 cut short · ' +
        'validation AUC 0.6875 · up 1.0 KiB, down 2.0 KiB',
    )
  })
})

const output = (isTTY: boolean) => {
  const written: string[] = []
  return { written, write: (text: string) => void written.push(text), isTTY, columns: 100 }
}

describe('progress', () => {
  it('writes a line per round into a pipe, with the score of that round', () => {
    const pipe = output(false)
    const progress = showProgress(pipe, 'tiny', 2)
    for (const event of story) progress.event(event)
    progress.event({ kind: 'round-close', at: 30e6, row: rounds[0] })
    progress.event(evaluated)
    progress.event({ kind: 'round-close', at: 60e6, row: rounds[1] })
    progress.end()
    const lines = pipe.written.join('').split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/^round 1\/2 closed .* validation AUC 0\.6875 · /)
    expect(lines[1]).toMatch(/^round 2\/2 aborted/)
    expect(pipe.written.join('')).not.toContain('\x1b')
  })
})
