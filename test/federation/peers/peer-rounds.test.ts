import { describe, expect, it } from 'vitest'

import { PeerRounds } from '../../../src/federation/peers/peer-rounds.js'
import { FlightRecorder, type Told } from '../../../src/record/flight-recorder.js'
import type { Name } from '../../../src/roster/participant.js'

const values = { values: new Float32Array(1), personal: new Map(), memory: {} }

/** What an observer tells of a flight that the test makes up: who, and what. */
const observed = (count = 3, goal = { reached: false }) => {
  const told: string[] = []
  const record = new FlightRecorder(() => 0)
  const rounds = new PeerRounds(['a', 'b', 'c'], count, (actor, what, cause) => void record.tell(actor, what, cause), goal)
  record.read(rounds, {
    kinds: ['round-open', 'round-close'],
    see: (event) => {
      if (event.kind === 'round-open') told.push(`${event.actor} opens ${event.round} for ${event.selected.join('')}`)
      if (event.kind === 'round-close') told.push(`${event.actor} ${event.row.outcome === 'closed' ? 'closes' : 'aborts'} ${event.row.round} ${event.row.selected.join('')}/${event.row.folded.join('')}${event.last ? ', the last' : ''}`)
    },
  })
  const tell = (actor: Name, what: Told): void => void record.tell(actor, what)
  return {
    told,
    goal,
    trains: (actor: Name, round: number) => tell(actor, { kind: 'train', round, until: 1, whole: 1, examples: 1 }),
    mixes: (actor: Name, round: number, clients: string) => {
      const updates = clients.split('').map((client) => ({ client, round, staleness: 0 }))
      tell(actor, { kind: 'part-close', round, part: 'trunk', outcome: 'closed', updates, ends: 'round' })
      tell(actor, { kind: 'fold', round, part: 'trunk', updates, weights: undefined, before: values, after: values })
    },
    gives: (actor: Name, round: number) => tell(actor, { kind: 'part-close', round, part: 'trunk', outcome: 'aborted', updates: [], ends: 'round' }),
    life: (actor: Name, what: 'crash' | 'restart' | 'pause' | 'resume') => tell(actor, { kind: 'life', what, fault: 'f', keeps: 'checkpoint', back: undefined }),
  }
}

describe('rounds of peers, as they are seen from outside', () => {
  it('open with the first training, and close with the last that mixes; some may be further', () => {
    const { told, trains, mixes } = observed()
    for (const peer of 'abc') trains(peer, 1)
    mixes('a', 1, 'ab')
    trains('a', 2)
    mixes('b', 1, 'ab')
    expect(told).toEqual(['a opens 1 for abc'])
    mixes('c', 1, 'c')
    expect(told).toEqual(['a opens 1 for abc', 'c closes 1 abc/abc', 'c opens 2 for abc'])
  })

  it('are held up by nobody who is dead; somebody else who is awake ends what he was waited for in', () => {
    const { told, trains, mixes, life } = observed()
    for (const peer of 'abc') trains(peer, 1)
    mixes('a', 1, 'ab')
    mixes('b', 1, 'ab')
    life('a', 'pause')
    life('c', 'crash')
    expect(told.slice(1)).toEqual(['b closes 1 abc/ab'])
    trains('b', 2)
    life('a', 'resume')
    mixes('b', 2, 'b')
    life('a', 'crash')
    expect(told.slice(2)).toEqual(['b opens 2 for ab', 'b closes 2 b/b'])
  })

  it('wait for somebody to wake where all that could end them sleep', () => {
    const { told, trains, mixes, life } = observed()
    for (const peer of 'abc') trains(peer, 1)
    mixes('a', 1, 'a')
    mixes('b', 1, 'b')
    life('a', 'pause')
    life('b', 'pause')
    life('c', 'crash')
    expect(told).toHaveLength(1)
    life('b', 'resume')
    expect(told.slice(1)).toEqual(['b closes 1 abc/ab'])
  })

  it('are held up by nobody who takes no part, unless nobody does', () => {
    const { told, trains, mixes, gives } = observed()
    gives('c', 1)
    for (const peer of 'ab') trains(peer, 1)
    mixes('a', 1, 'ab')
    mixes('b', 1, 'ab')
    trains('a', 2)
    trains('b', 2)
    mixes('a', 2, 'ab')
    mixes('b', 2, 'ab')
    expect(told).toEqual(['a opens 1 for abc', 'b closes 1 ab/ab', 'a opens 2 for abc', 'b closes 2 ab/ab'])
    gives('a', 3)
    gives('b', 3)
    expect(told).toHaveLength(4)
    gives('c', 3)
    expect(told.slice(4)).toEqual(['c aborts 3 /, the last'])
  })

  it('wait for one that has come back, and never open again', () => {
    const { told, trains, mixes, gives, life } = observed()
    for (const peer of 'abc') trains(peer, 1)
    for (const peer of 'abc') mixes(peer, 1, 'abc')
    life('c', 'crash')
    life('c', 'restart')
    for (const peer of 'ab') trains(peer, 2)
    for (const peer of 'ab') mixes(peer, 2, 'ab')
    expect(told.at(-1)).toBe('a opens 2 for abc')
    trains('c', 1)
    mixes('c', 1, 'c')
    expect(told.at(-1)).toBe('a opens 2 for abc')
    gives('c', 2)
    expect(told.at(-1)).toBe('c closes 2 ab/ab')
  })

  it('end with the last, or where what was flown for is there', () => {
    const last = observed(1)
    for (const peer of 'abc') last.trains(peer, 1)
    for (const peer of 'abc') last.mixes(peer, 1, 'abc')
    last.life('a', 'crash')
    expect(last.told).toEqual(['a opens 1 for abc', 'c closes 1 abc/abc, the last'])
    const goal = observed()
    for (const peer of 'abc') goal.trains(peer, 1)
    for (const peer of 'abc') goal.mixes(peer, 1, 'abc')
    goal.goal.reached = true
    goal.trains('a', 2)
    expect(goal.told).toHaveLength(2)
  })

  it('do not close where everybody is dead', () => {
    const { told, trains, life } = observed()
    for (const peer of 'abc') trains(peer, 1)
    for (const peer of 'abc') life(peer, 'crash')
    expect(told).toEqual(['a opens 1 for abc'])
  })
})
