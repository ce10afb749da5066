import { beforeAll, describe, expect, it } from 'vitest'

import { Coverage, triples } from '../../src/checks/coverage.js'
import { allMarks } from '../../src/checks/marks.js'
import { LivenessError } from '../../src/errors.js'
import type { Flight } from '../../src/flight/flight.js'
import { storm } from './storm.js'

const flights = new Map<string, Flight>()
const failed = new Map<string, Error>()
beforeAll(async () => {
  await storm((name, flight) => flights.set(name, flight), (name, error) => failed.set(name, error))
}, 120_000)

const sum = (of: (flight: Flight) => Readonly<Record<string, number>>): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const flight of flights.values()) for (const [name, times] of Object.entries(of(flight))) sums.set(name, (sums.get(name) ?? 0) + times)
  return sums
}

describe('a storm of flights', () => {
  it('breaks no promise; what cannot end waits for an answer that was lost', () => {
    expect([...failed].filter(([, error]) => !(error instanceof LivenessError))).toEqual([])
    for (const name of failed.keys()) expect(name).toMatch(/^synchronous/)
    expect(flights.size).toBeGreaterThan(85)
  })

  it('handles nothing but what the table of the protocol has, and most of that', () => {
    const handled = sum(({ coverage }) => coverage.triples)
    expect([...handled.keys()].filter((triple) => !triples.includes(triple))).toEqual([])
    const tried = triples.filter((triple) => handled.has(triple))
    console.log(`handled ${tried.length} of ${triples.length}; never: ${triples.filter((triple) => !handled.has(triple)).join(', ')}`)
    expect(tried.length).toBeGreaterThan(0.72 * triples.length)
    for (const { coverage } of flights.values()) {
      expect(coverage.exist).toBe(triples.length)
      expect(coverage.handled).toBe(Object.keys(coverage.triples).length)
    }
  })

  it('passes every mark', () => {
    const passed = sum(({ marks }) => marks)
    expect([...passed.keys()].toSorted()).toEqual(allMarks.map(({ name }) => name).toSorted())
    expect([...passed].filter(([, times]) => times === 0)).toEqual([])
  })

  it('tells calm from storm', () => {
    const { marks } = flights.get('synchronous, checkpoints that take time')!
    expect(marks['duplicate suppressed']).toBeGreaterThan(0)
    expect(marks['slept through']).toBe(0)
    expect(marks['message given up']).toBe(0)
  })
})

it('triples are named once each, and counted', () => {
  expect(new Set(triples).size).toBe(triples.length)
  const coverage = new Coverage()
  coverage.handles('client', 'gathering', 'model')
  coverage.handles('client', 'gathering', 'model')
  coverage.handles('expert', 'open', 'update')
  coverage.handles('client', 'gathering', 'begin')
  expect(coverage.report()).toEqual({
    handled: 2, exist: triples.length,
    triples: { 'client gathering begin': 1, 'client gathering model': 2, 'expert open update': 1 },
  })
})

it('marks have a name and a sentence of their own', () => {
  expect(new Set(allMarks.map(({ name }) => name)).size).toBe(allMarks.length)
  for (const { sentence } of allMarks) expect(sentence).toMatch(/^[A-Z].*\.$/)
})
