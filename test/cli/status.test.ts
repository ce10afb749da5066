import { describe, expect, it } from 'vitest'
import { liveBlock, showProgress } from '../../src/cli/progress.js'
import { afterEvent, firstStatus, liveLines, roundLine, type Status } from '../../src/cli/status.js'
import type { FlightEvent } from '../../src/record/event.js'
import type { TrainingEnd } from '../../src/record/rows.js'
import { closed, event, settled } from '../record/events.js'
import { ledgerRow, metrics, rounds } from '../runs/flights.js'

const after = (events: readonly FlightEvent[]): Status => events.reduce(afterEvent, firstStatus(2))

const opened = event(0, 'aggregator', { kind: 'round-open', round: 1, selected: ['client-a', 'client-b'] })
const training = (client: string, at: number): FlightEvent =>
  event(at, client, { kind: 'train', round: 1, until: 40e6, whole: 40e6, examples: 10 })
const trained = (client: string, at: number, outcome: TrainingEnd): FlightEvent =>
  event(at, client, { kind: 'trained', round: 1, start: 10, outcome, examples: 10, continues: false })
const evaluated = (round: number): FlightEvent =>
  event(30e6, 'aggregator', {
    kind: 'evaluated',
    round,
    rows: metrics.slice(1, 3).map((row) => Object.assign({}, row, { split: 'validation' as const })),
  })
const late = { direction: 'up', kind: 'update', fate: 'late' } as const
const story: readonly FlightEvent[] = [
  opened,
  settled(5, ledgerRow({ travelled: 2048, bytes: 2048 })),
  training('client-a', 10),
  training('client-b', 10),
  trained('client-a', 20e6, 'computed'),
  event(25e6, 'client-b', { kind: 'leave', fault: 'x' }),
  trained('client-b', 25e6, 'interrupted'),
  settled(28e6, ledgerRow({ ...late, travelled: 1024 })),
  settled(28e6, ledgerRow({ ...late, part: 'expert-1', travelled: 0 })),
  settled(28e6, ledgerRow({ direction: 'inside', kind: 'close', fate: 'control' })),
]

describe('status', () => {
  it('knows who trains, who is away, what was late and what it cost', () => {
    expect(after(story.slice(0, 4)).training).toEqual(new Set(['client-a', 'client-b']))
    expect(after(story.filter(({ kind }) => kind !== 'leave')).away).toEqual(new Set(['client-b']))
    const status = after(story)
    expect(status).toMatchObject({ round: 1, selected: 2, late: 1, cutShort: 1 })
    expect(status).toMatchObject({ up: 1024, down: 2048, virtualTime: 28e6 })
    expect(status.training).toEqual(new Set())
    expect(status.away).toEqual(new Set(['client-b']))
    expect(afterEvent(status, opened).away).toEqual(new Set())
  })

  it('counts rounds by outcome and follows crashes', () => {
    const status = after([
      closed(rounds[0]),
      closed(rounds[1]),
      event(61e6, 'client-a', { kind: 'life', what: 'crash', fault: 'x', keeps: 'nothing', back: undefined }),
    ])
    expect(status).toMatchObject({ closed: 1, aborted: 1, virtualTime: 61e6 })
    expect(status.dead).toEqual(new Set(['client-a']))
  })

  it('shows what checkpoints took to their stores, where any did', () => {
    const wrote = event(29e6, 'aggregator', { kind: 'checkpoint', round: 1, bytes: 4096, until: 30e6 })
    const [without, stored] = [after(story), after([...story, wrote, wrote])]
    expect(stored.stored).toBe(8192)
    expect(liveLines(stored, 'x', 1, 120)[2]).toContain('up 1.0 KiB · down 2.0 KiB · checkpoints 8.0 KiB')
    expect(roundLine(stored, rounds[0])).toContain('up 1.0 KiB, down 2.0 KiB, checkpoints 8.0 KiB')
    expect(liveLines(without, 'x', 1, 120)[2]).not.toContain('checkpoints')
  })

  it('does not go back to the score of an earlier round', () => {
    const status = after([evaluated(2), evaluated(1)])
    expect(status.score).toEqual({ split: 'validation', metric: 'auc', value: 0.6875, round: 2 })
  })

  it('says how many updates were refused, and that a score is undefined where a model diverged', () => {
    const row = ledgerRow({ direction: 'up', kind: 'update', fate: 'rejected' })
    const refused = event(29e6, 'aggregator', { kind: 'settle', envelope: 1, fate: 'rejected', because: 'not finite', row })
    const lost = event(30e6, 'aggregator', {
      kind: 'evaluated', round: 1,
      rows: metrics.slice(1, 3).flatMap((each) =>
        ['auc', 'log-loss'].map((metric) => Object.assign({}, each, { split: 'validation' as const, metric, value: null }))),
    })
    const status = after([...story, refused, settled(29e6, row), lost])
    expect(status).toMatchObject({ refused: 1, score: { metric: 'auc', value: undefined, round: 1 } })
    expect(liveLines(status, 'x', 12, 100)[1]).toContain('1 late, 1 cut short, 1 refused')
    expect(roundLine(status, rounds[0])).toContain('1 cut short, 1 refused · validation AUC undefined · ')
  })

  it('draws three lines that fit any width', () => {
    const status = after([...story, closed(rounds[0]), evaluated(1)])
    expect(liveLines(status, 'first-flight', 12, 100)).toEqual([
      'first-flight ━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ round 1/2 · virtual 30.0 s · real 12 s, about 12 s left',
      '  clients: 0 training of 2 asked · 1 away · so far 1 late, 1 cut short',
      '  validation AUC 0.6875 · up 1.0 KiB · down 2.0 KiB',
    ])
    for (const width of [20, 40, 61, 200]) {
      for (const line of liveLines(status, 'first-flight', 12, width)) expect(line.length).toBeLessThanOrEqual(width)
    }
  })

  it('keeps the time that is left where there is little room', () => {
    const status = after([...story, closed(rounds[0]), evaluated(1)])
    expect(liveLines(status, 'first-flight', 12, 60)[0]).toBe('first-flight round 1/2 · virtual 30.0 s, about 12 s left')
    expect(liveLines(status, 'first-flight', 12, 45)[0]).toBe('first-flight ━━━╌╌ round 1/2, about 12 s left')
  })

  it('says of everybody that was asked and not folded why', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((x) => `client-${x}`)
    const row = { ...rounds[0], selected: names, folded: ['client-a'], refused: ['client-b'] }
    const status = after([
      event(0, 'aggregator', { kind: 'round-open', round: 1, selected: names }),
      training('client-c', 10),
      training('client-d', 10),
      trained('client-d', 20, 'interrupted'),
      settled(20, ledgerRow({ kind: 'update', direction: 'up', from: 'client-e', part: 'trunk', round: 1, fate: 'lost' })),
      settled(20, ledgerRow({ kind: 'model', direction: 'down', from: 'aggregator', to: 'client-f', part: 'trunk', round: 1, fate: 'lost' })),
      settled(20, ledgerRow({ kind: 'update', direction: 'up', from: 'client-h', part: 'expert-1', round: 1, fate: 'lost' })),
      event(21, 'client-g', { kind: 'life', what: 'crash', fault: 'x', keeps: 'nothing', back: undefined }),
    ])
    expect(roundLine(status, row)).toContain(
      '1 of 8 folded (1 crashed, 1 cut short, 2 lost, 1 refused, 1 still on the way, 1 still training) · so far',
    )
    expect(roundLine(status, { ...row, staleness: [0] })).toContain('1 of 8 folded · so far')
  })

  it('tells a round in one line', () => {
    const status = after([...story, evaluated(1)])
    expect(roundLine(status, rounds[0])).toBe(
      'round 1/2 closed (deadline) · virtual 30.0 s · 1 of 2 folded (1 cut short) · so far 1 late, 1 cut short · ' +
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
    for (const one of story) progress.event(one)
    progress.event(closed(rounds[0]))
    // What comes while its scores are awaited is of the next round.
    progress.event(settled(31e6, ledgerRow({ ...late, travelled: 4096 })))
    progress.event(event(32e6, 'client-a', { kind: 'leave', fault: 'x' }))
    progress.event(evaluated(1))
    progress.event(closed(rounds[1]))
    progress.end()
    const lines = pipe.written.join('').split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toBe(
      'round 1/2 closed (deadline) · virtual 30.0 s · 1 of 2 folded (1 cut short) · so far 1 late, 1 cut short · ' +
        'validation AUC 0.6875 · up 1.0 KiB, down 2.0 KiB',
    )
    expect(lines[1]).toMatch(/^round 2\/2 aborted/)
    expect(pipe.written.join('')).not.toContain('\x1b')
  })
})

it('what is drawn live is drawn over itself alone: what is said meanwhile stays', () => {
  const said: string[] = []
  const block = liveBlock({ write: (text) => said.push(text), control: (codes) => said.push(codes), isTTY: true })
  block.draw(['a', 'b'])
  block.draw(['c', 'd'])
  block.erase()
  said.push('interrupted')
  block.draw(['e'])
  block.erase()
  expect(said).toEqual(['a\nb', '\r\x1b[1A\x1b[J', 'c\nd', '\r\x1b[1A\x1b[J', 'interrupted', 'e', '\r\x1b[0C\x1b[J'])
})
