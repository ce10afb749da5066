import { beforeAll, describe, expect, it } from 'vitest'

import { Coverage, triplesOf } from '../../src/checks/coverage.js'
import { marksOf } from '../../src/checks/mark.js'
import { allMarks } from '../../src/checks/marks.js'
import { LivenessError } from '../../src/errors.js'
import type { Flight } from '../../src/flight/flight.js'
import { storm } from './storm.js'

const plain = { peers: false, masks: false, regions: false }
const kinds = [plain, { ...plain, masks: true }, { ...plain, regions: true }, { ...plain, peers: true }]
/** What those that fly in the storm can come to. */
const triples = [...new Set(kinds.slice(0, 3).flatMap(triplesOf))]

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
      expect(kinds.map((has) => triplesOf(has).length)).toContain(coverage.exist)
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
  for (const has of kinds) expect(new Set(triplesOf(has)).size).toBe(triplesOf(has).length)
  const coverage = new Coverage(plain)
  coverage.handles('client', 'gathering', 'model')
  coverage.handles('client', 'gathering', 'model')
  coverage.handles('expert', 'open', 'update')
  coverage.handles('client', 'gathering', 'begin')
  expect(coverage.report()).toEqual({
    handled: 2, exist: triplesOf(plain).length,
    triples: { 'client gathering begin': 1, 'client gathering model': 2, 'expert open update': 1 },
  })
})

it('what a federation has not is neither counted nor missed', () => {
  const [star, masked, regional, peers] = kinds.map((has) => ({ triples: triplesOf(has), marks: marksOf(allMarks, has).map(({ name }) => name) }))
  const about = (word: RegExp, { triples: all, marks }: typeof star) => [...all, ...marks].filter((one) => word.test(one)).length
  expect([about(/unmask|keys|shares|cohort|threshold/, star), about(/region/, star)]).toEqual([0, 0])
  expect([about(/unmask|keys|shares|cohort|threshold/, masked) > 20, about(/region/, masked)]).toEqual([true, 0])
  expect([about(/unmask|keys|shares|cohort|threshold/, regional), about(/region/, regional) > 30]).toEqual([0, true])
  expect(about(/aggregator|expert|region/, peers)).toBe(0)
  expect([star.marks.length, masked.marks.length, regional.marks.length, peers.marks.length]).toEqual([22, 26, 24, 16])
})

it('marks have a name and a sentence of their own', () => {
  expect(new Set(allMarks.map(({ name }) => name)).size).toBe(allMarks.length)
  for (const { sentence } of allMarks) expect(sentence).toMatch(/^[A-Z].*\.$/)
})
