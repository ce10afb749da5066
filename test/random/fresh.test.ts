import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createDraws, createLexicon } from '../../src/random/draws.js'
import { Fresh, freshened } from '../../src/random/fresh.js'
import { streams } from '../../src/random/streams.js'

const plain = () => createDraws(streams('7'), createLexicon(), 'coins')
const about = { attempt: 0, again: 0, round: 3, from: 'client-a', to: 'aggregator', part: 'trunk' }

describe('chance that falls anew from a moment on', () => {
  it('is what it was before the moment, and stays that for what was decided then', () => {
    const fresh = new Fresh('salt')
    const draws = fresh.draws(plain(), 'coins')
    const before = [draws.visit('client-a', 2, 0), draws.message(1, about, '', 0)]
    expect(before).toEqual([plain().visit('client-a', 2, 0), plain().message(1, about, '', 0)])
    fresh.turn()
    expect([draws.visit('client-a', 2, 0), draws.message(1, about, '', 0)]).toEqual(before)
    // A second number about the same is decided with the first.
    expect(draws.visit('client-a', 2, 1)).toBe(plain().visit('client-a', 2, 1))
    expect(draws.visit('client-a', 3, 0)).not.toBe(plain().visit('client-a', 3, 0))
    expect(draws.visit('client-b', 2, 0)).not.toBe(plain().visit('client-b', 2, 0))
    for (const other of [{ ...about, attempt: 1 }, { ...about, again: 1 }]) {
      expect(draws.message(1, other, '', 0)).not.toBe(plain().message(1, other, '', 0))
    }
  })

  it('is the same with the same salt, whatever was decided before, and another with another', () => {
    const after = (salt: string, ...decided: readonly number[]) => {
      const fresh = new Fresh(salt)
      const draws = fresh.draws(plain(), 'coins')
      for (const round of decided) draws.visit('client-a', round, 0)
      fresh.turn()
      return draws.visit('client-a', 9, 0)
    }
    expect(after('x', 1, 2)).toBe(after('x'))
    expect(after('x')).not.toBe(after('y'))
  })

  it('is told apart by what it is for', () => {
    const fresh = new Fresh('salt')
    fresh.turn()
    expect(fresh.draws(plain(), 'a').visit('client-a', 1, 0)).not.toBe(fresh.draws(plain(), 'b').visit('client-a', 1, 0))
    expect(fresh.streams(streams('7'), 'a')('x')()).not.toBe(fresh.streams(streams('7'), 'b')('x')())
  })

  it('begins in the middle of a stream, and a stream that is opened again has the same middle', () => {
    fc.assert(fc.property(fc.nat(6), fc.nat(6), (before, after) => {
      const fresh = new Fresh('salt')
      const own = fresh.streams(streams('7'), 'link')
      const first = own('to', 'a')
      const drawn = Array.from({ length: before }, () => first())
      fresh.turn()
      drawn.push(...Array.from({ length: after }, () => first()))
      const again = own('to', 'a')
      expect(Array.from({ length: before + after }, () => again())).toEqual(drawn)
      const old = streams('7')('to', 'a')
      const known = Array.from({ length: before + after }, () => old())
      expect(drawn.slice(0, before)).toEqual(known.slice(0, before))
      for (let i = before; i < before + after; i++) expect(drawn[i]).not.toBe(known[i])
    }))
  })

  it('keeps the seed of what had begun', () => {
    const fresh = new Fresh('salt')
    const seed = fresh.seed('7/batches', 'batches')
    expect(seed('client-a', 1)).toBe('7/batches')
    fresh.turn()
    expect(seed('client-a', 1)).toBe('7/batches')
    expect(seed('client-a', 2)).not.toBe('7/batches')
    expect(seed('client-a', 2)).toBe(seed('client-b', 9))
  })

  it('is nothing at all where there is no moment', () => {
    const draws = plain()
    expect(freshened(undefined, draws, 'coins')).toBe(draws)
  })
})
