import { describe, expect, it } from 'vitest'

import { asynchronous, buffered, deadline, quorum, synchronous } from '../../../src/federation/rounds/all.js'
import { roundRules, roundsSchema, type RoundsInput } from '../../../src/federation/rounds/registry.js'
import { answered, available, begin, machine, refused, timer } from './situation.js'

const rulesOf = (rounds: RoundsInput) => roundRules(roundsSchema.parse(rounds))
const of = (rounds: RoundsInput, about: Parameters<typeof machine>[1] = {}) => machine(rulesOf(rounds), about)

const opened = { opened: 0, asked: 5 }

describe('who is asked', () => {
  it.each([[50, 0.1, 55], [25, 0.12, 28], [5, 0.4, 7], [50, 0.101, 56], [10, 0, 10], [90, 0.5, 100]])(
    'of 100 clients, %i wanted and %f more: %i', (select, overSelect, asked) => {
      for (const rounds of [deadline({ count: 1, after: 9, select, overSelect }), quorum({ count: 1, quorum: 1, select, overSelect })]) {
        expect(of(rounds)(begin).ask?.clients).toBe(asked)
      }
    })

  it('no more than there are, with what they must know', () => {
    const rounds = deadline({ count: 1, after: 700, select: 500, quorum: 3, patience: 40, missing: 'sit-out' })
    expect(of(rounds, { now: 300 })(begin).ask).toEqual({
      clients: 100, atLeast: 3, timeout: undefined, patience: 40, missing: 'sit-out', deadline: 1000,
    })
    expect(of(asynchronous({ count: 1, concurrency: 4, timeout: 9 }), { atWork: 1 })(begin).ask).toMatchObject({
      clients: 3, atLeast: 0, timeout: 9, deadline: undefined,
    })
  })
})

describe('common rounds', () => {
  it('close when all have answered, and the last is the last', () => {
    const next = of(synchronous({ count: 2 }), { round: 2, ...opened })
    expect(next({ kind: 'asked', clients: 5 })).toEqual({})
    expect(next(answered, { answers: 4 })).toEqual({})
    expect(next(answered, { answers: 5 })).toEqual({
      close: { outcome: 'closed', reason: 'all answered', after: 'late' }, done: true,
    })
  })

  it('close at the goal: what comes after it is surplus', () => {
    const next = of(deadline({ count: 9, after: 100, select: 4, overSelect: 0.25 }), opened)
    expect(next({ kind: 'asked', clients: 5 })).toEqual({ timers: [{ name: 'deadline', at: 100 }] })
    expect(next(answered, { answers: 3 })).toEqual({})
    expect(next(answered, { answers: 4 })).toEqual({
      close: { outcome: 'closed', reason: 'goal reached', after: 'surplus' }, done: false,
    })
  })

  it('count a refused answer as one that will not come again, and not as an update', () => {
    const next = of(synchronous({ count: 9 }), opened)
    expect(next(refused, { answers: 3, refused: 1 })).toEqual({})
    expect(next(answered, { answers: 4 }).close).toEqual({ outcome: 'closed', reason: 'all answered', after: 'late' })
    const all = { outcome: 'aborted', reason: 'all answered, below quorum', after: 'aborted' }
    expect(of(synchronous({ count: 9 }), { ...opened, refused: 5 })(refused).close).toEqual(all)
    expect(of(deadline({ count: 9, after: 100, quorum: 4 }), { ...opened, answers: 3, refused: 2 })(answered).close).toEqual(all)
    const goal = of(deadline({ count: 9, after: 100, select: 4, overSelect: 0.5 }), { opened: 0, asked: 6, refused: 1 })
    expect(goal(answered, { answers: 4 }).close?.reason).toBe('goal reached')
  })

  it('close at the deadline with a quorum, and abort below it', () => {
    const rounds = deadline({ count: 9, after: 100, quorum: 2 })
    expect(of(rounds, { ...opened, answers: 2 })(timer).close).toEqual({ outcome: 'closed', reason: 'deadline', after: 'late' })
    expect(of(rounds, { ...opened, answers: 1 })(timer).close).toEqual({ outcome: 'aborted', reason: 'deadline, below quorum', after: 'aborted' })
  })

  it('with too few there look again when somebody may be back, and say in the end what was so', () => {
    const short = (there: number) => ({ kind: 'short', there }) as const
    const next = of(deadline({ count: 9, after: 100, quorum: 2 }))
    next(begin)
    expect(next(short(0), { nextReturn: 40 })).toEqual({ lookAt: 40 })
    expect(next(available, { now: 40, nextReturn: undefined }).ask?.atLeast).toBe(2)
    expect(next(short(1))).toEqual({ timers: [{ name: 'deadline', at: 100 }] })
    expect(next(timer, { now: 100 }).close).toEqual({ outcome: 'aborted', reason: '1 of 2 available', after: 'aborted' })
    expect(next(begin, { round: 2, since: 100 }).ask).toBeDefined()
    expect(next(short(0)).timers).toEqual([{ name: 'deadline', at: 200 }])
    expect(next(timer, { now: 200 }).close?.reason).toBe('nobody available')
  })

  it('without an end of their own give up at once where nobody will come', () => {
    const next = of(synchronous({ count: 9 }))
    next(begin)
    expect(next({ kind: 'short', there: 0 }).close).toEqual({ outcome: 'aborted', reason: 'nobody available', after: 'aborted' })
  })
})

describe('rounds without a common clock', () => {
  it('keep places filled, and fold at the goal', () => {
    const next = of(buffered({ count: 2, buffer: 2, concurrency: 3 }))
    expect(next(begin).ask?.clients).toBe(3)
    expect(next({ kind: 'asked', clients: 3 }, { opened: 0, asked: 3, atWork: 3 })).toEqual({})
    expect(next(answered, { atWork: 2, answers: 1 }).ask?.clients).toBe(1)
    expect(next(answered, { atWork: 2, answers: 2 })).toEqual({
      close: { outcome: 'closed', reason: 'goal reached', after: 'late' }, done: false,
    })
    expect(next(answered, { round: 2 }).done).toBe(true)
  })

  it('ask somebody else in place of one that was refused, and come to nothing when all were', () => {
    const next = of(buffered({ count: 2, buffer: 2, concurrency: 3 }), { opened: 0, asked: 3 })
    expect(next(refused, { atWork: 2, refused: 1 }).ask?.clients).toBe(1)
    const asked = { kind: 'asked', clients: 0 } as const
    expect(next(asked, { atWork: 0, refused: 3 }).close).toEqual({ outcome: 'aborted', reason: 'nobody left to answer', after: 'aborted' })
    expect(next(asked, { answers: 1 }).close?.outcome).toBe('closed')
  })

  it('that wait fold when no client at work is at the bound, whoever lets go of it', () => {
    const next = of(buffered({ count: 9, buffer: 2, maxStaleness: 1, beyond: 'wait' }), { opened: 0, asked: 3, atWork: 1 })
    expect(next(answered, { answers: 2, stalest: 1 }).close).toBeUndefined()
    expect(next(answered, { answers: 3, stalest: 0 }).close?.reason).toBe('goal reached')
    expect(next(available, { stalest: 1 }).close).toBeUndefined()
    expect(next(available, { stalest: undefined }).close?.reason).toBe('goal reached')
    expect(next(refused, { answers: 1 }).close).toBeUndefined()
  })

  it('with nobody at work and nobody to come fold what is there, or come to nothing', () => {
    const rounds = buffered({ count: 2, buffer: 2 })
    const asked = { kind: 'asked', clients: 0 } as const
    expect(of(rounds, { nextReturn: 70 })(asked)).toEqual({ lookAt: 70 })
    expect(of(rounds, { answers: 1 })(asked).close?.reason).toBe('nobody left to answer')
    expect(of(rounds)(asked).close).toEqual({ outcome: 'aborted', reason: 'nobody available', after: 'aborted' })
    expect(of(rounds, { atWork: 1 })(asked)).toEqual({})
  })
})
