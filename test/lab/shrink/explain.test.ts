import { describe, expect, it } from 'vitest'

import type { FaultInput } from '../../../src/faults/registry.js'
import type { Case } from '../../../src/lab/explore/case.js'
import { explain } from '../../../src/lab/shrink/explain.js'
import { plainFault, written } from '../../../src/lab/shrink/units.js'
import { ground, made, own } from './ground.js'

const slow = (by: number, name = 'client-3'): FaultInput => ({ kind: 'slow', who: { select: 'named', names: [name] }, by, id: 'f1' })
const delay = (by: number): FaultInput => ({ kind: 'delay', link: { from: 'client-2' }, by, probability: 0.5, id: 'f2' })
const field = (of: Case, i: number, name: string): number => (of.faults[i] as unknown as Record<string, number>)[name]
const wordsOf = (all: readonly { part: string; words: string; variants: number }[]) => Object.fromEntries(all.map(({ part, words, variants }) => [part, `${words}, ${variants}`]))

describe('explain', () => {
  it('says what may be anything, and from where on', async () => {
    const { ground: on } = ground(({ faults: [fault], rounds = own }) =>
      fault?.kind === 'slow' && (fault as { by: number }).by >= 2 && (rounds as { count: number }).count >= 3)
    const told = await explain({ chance: 'x', faults: [slow(4)], rounds: { ...own, count: 3 } }, made, on)
    expect(wordsOf(told.free)).toEqual({
      'f1.who': 'any client, 4', 'f1.by': 'any by >= 2 (up to 62), 30', rounds: 'any kind of rounds, 30', chance: 'any chance, 30',
      'rounds.count': 'any number of rounds >= 3 (up to 14), 13',
    })
    expect(told.alone).toEqual([])
    expect(told.together).toBeGreaterThan(25)
  })

  it('writes times as times, and says nothing of what has to be as it is', async () => {
    const { ground: on } = ground(({ chance, faults: [fault] }) =>
      chance === 'x' && (fault as { by: number }).by >= 20_000 && (fault as { link: { from: string } }).link.from === 'client-2')
    const told = await explain({ chance: 'x', faults: [delay(40_000)] }, made, on)
    expect(wordsOf(told.free)).toMatchObject({ 'f2.by': 'any by >= 37 ms (up to 291 ms), 30', 'f2.probability': 'any probability (0.05 to 1), 19' })
    expect(told.free.map(({ part }) => part)).not.toContain('chance')
    expect(told.free.map(({ part }) => part)).not.toContain('f2.link')
  })

  it('takes back what does not hold together', async () => {
    // Either may be anything, and not both be large.
    const { ground: on } = ground((of) => of.chance === 'x' && !(field(of, 0, 'by') > 6 && field(of, 1, 'by') > 60_000))
    const told = await explain({ chance: 'x', faults: [slow(1.5), delay(1000)] }, made, on)
    const [free, alone] = [told.free.map(({ part }) => part), told.alone.map(({ part }) => part)]
    expect([...free, ...alone].toSorted()).toEqual(['f1.by', 'f1.who', 'f2.by', 'f2.link', 'f2.probability', 'rounds', 'rounds.count'])
    expect(alone).toEqual(['f2.by'])
  })

  it('is the same each time', async () => {
    const fails = ({ faults }: Case): boolean => (faults[0] as { by: number }).by > 3
    const once = await explain({ chance: 'x', faults: [slow(4)] }, made, ground(fails).ground)
    expect(await explain({ chance: 'x', faults: [slow(4)] }, made, ground(fails).ground)).toEqual(once)
  })
})

describe('a fault as people write it', () => {
  it('has times with units, and nothing that is so anyway', () => {
    expect([80_000, 1500, 120e6, 1_500_000, 7200e6].map(written)).toEqual(['80 ms', '1500 us', '2 min', '1500 ms', '2 h'])
    expect(plainFault({ kind: 'duplicate', link: { message: 'update' }, probability: 1, times: 2, after: 80_000, lasts: 3000, when: { event: 'sent', nth: 1 }, id: 'f1' }))
      .toEqual({ kind: 'duplicate', link: { message: 'update' }, times: 2, after: '80 ms', lasts: '3 ms', when: { event: 'sent', nth: 1 }, id: 'f1' })
  })
})
