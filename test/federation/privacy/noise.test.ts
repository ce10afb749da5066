import { expect, it } from 'vitest'

import { drawsOf } from '../../../src/codecs/coding/draws.js'
import type { Departure } from '../../../src/federation/local-training.js'
import { addGaussian } from '../../../src/federation/privacy/gaussian.js'
import type { PartTemplate } from '../../../src/federation/parts.js'
import type { PrivacyTerms } from '../../../src/federation/privacy/privacy.js'
import { privateMean } from '../../../src/federation/privacy/private-mean.js'
import { protect } from '../../../src/federation/privacy/protect.js'
import type { StaleUpdate } from '../../../src/federation/strategies/stale-updates.js'
import type { PartState } from '../../../src/federation/strategies/strategy.js'
import { crc32 } from 'node:zlib'

/** Two parts of a vector of 12 numbers; the last two are private. */
const part = (name: string, from: number, length: number): PartTemplate =>
  ({ name, length, runs: Int32Array.of(from, length), segments: [], roles: [], expert: undefined }) as unknown as PartTemplate
const parts = [part('trunk', 0, 6), part('expert-1', 6, 4)]

const termsWith = (changes: Partial<PrivacyTerms> = {}): PrivacyTerms => ({
  clip: 1, noise: 1, where: 'client', per: 'update', cap: undefined, parts: 2, wanted: 4, divisor: 4,
  draws: (...key) => drawsOf([crc32(JSON.stringify(key)), 7]),
  ...changes,
})

const received = Float32Array.from({ length: 12 }, (_, i) => i / 4)
const learnt = (step: number): Departure => ({
  sent: received.map((value, i) => value + step * (i + 1)), roomy: false, extras: {}, kept: {}, steps: 1, examples: 6, optimizers: undefined,
})
const sending = { client: 'client-A', round: 1, life: 1 }
const moved = ({ sent }: Departure): number[] => [...sent].map((value, i) => value - received[i])
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

it('what a client sends is clipped over all its parts; what is private, and the vector that it keeps, stay', () => {
  const departure = learnt(1)
  const kept = departure.sent.slice()
  const told = moved(protect(termsWith({ noise: 0 }), parts, departure, received, sending))
  expect(norm(told.slice(0, 10))).toBeCloseTo(1, 6)
  expect(told.slice(10)).toEqual([11, 12])
  // In its direction.
  told.slice(0, 10).forEach((value, i) => expect(value / told[0]).toBeCloseTo(i + 1, 4))
  expect(departure.sent).toEqual(kept)
})

it('what is short enough is sent to the bit', () => {
  const departure = learnt(1e-3)
  expect(protect(termsWith({ noise: 0, where: 'server' }), parts, departure, received, sending).sent).toEqual(departure.sent)
})

it('per part each is clipped by itself, to C over the root of their number', () => {
  const told = moved(protect(termsWith({ noise: 0, per: 'part' }), parts, learnt(1), received, sending))
  expect(norm(told.slice(0, 6))).toBeCloseTo(Math.SQRT1_2, 6)
  expect(norm(told.slice(6, 10))).toBeCloseTo(Math.SQRT1_2, 6)
})

it('a cap weighs by rows', () => {
  const at = (cap: number): number => norm(moved(protect(termsWith({ noise: 0, cap }), parts, learnt(1), received, sending)).slice(0, 10))
  expect(at(24)).toBeCloseTo(0.25, 6)
  expect(at(6)).toBeCloseTo(1, 6)
  expect(at(3)).toBeCloseTo(1, 6)
})

it('what is not finite stays so, that its owner refuses it', () => {
  for (const odd of [Number.NaN, Infinity]) {
    const departure = learnt(1)
    departure.sent[3] = odd
    expect([...protect(termsWith({ noise: 0 }), parts, departure, received, sending).sent].every(Number.isFinite)).toBe(false)
  }
})

it('a client’s noise depends on whose it is, on the round, the part and the life, and on nothing else', () => {
  const noise = (about: Partial<typeof sending>): string => String(moved(protect(termsWith(), parts, learnt(0), received, { ...sending, ...about })))
  const all = [noise({}), noise({ client: 'client-B' }), noise({ round: 2 }), noise({ life: 2 })]
  expect(new Set(all).size).toBe(4)
  expect(noise({})).toBe(all[0])
  const told = moved(protect(termsWith(), parts, learnt(0), received, sending))
  expect(told.slice(0, 4)).not.toEqual(told.slice(6, 10))
})

it('shares of clients make up the noise of all: each has 1 / wanted of its variance', () => {
  const values: number[] = []
  for (let round = 1; round <= 400; round++) {
    values.push(...moved(protect(termsWith({ noise: 2, clip: 3 }), parts, learnt(0), received, { ...sending, round })).slice(0, 10))
  }
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length
  expect(Math.abs(variance / 9 - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length))
})

it('neighbours have nothing in common', () => {
  const noise = new Float64Array(20_001)
  addGaussian(noise, 3, drawsOf([3, 4]))
  for (const [step, apart] of [[2, 1], [1, 1], [1, 2]]) {
    let [sum, pairs] = [0, 0]
    for (let i = 0; i + apart < noise.length; i += step, pairs++) sum += (noise[i] * noise[i + apart]) / 9
    expect(Math.abs(sum / Math.sqrt(pairs))).toBeLessThan(4)
  }
  // Nor have their sizes: a pair shares one radius.
  let sum = 0
  for (let i = 0; i + 1 < noise.length; i += 2) sum += ((noise[i] / 3) ** 2 - 1) * ((noise[i + 1] / 3) ** 2 - 1)
  expect(Math.abs(sum / Math.sqrt(10_000) / 2)).toBeLessThan(4)
})

const state: PartState = { part: 'trunk', values: Float32Array.of(1, 2, 3, 4), personal: new Map(), memory: {} }
const update = (client: string, ...delta: number[]): StaleUpdate => ({
  update: { client, round: 1, examples: 6, steps: 1, values: state.values.map((value, i) => value + delta[i]), extras: {} }, base: state.values, staleness: 0,
})
const meanOf = (terms: PrivacyTerms, updates: readonly StaleUpdate[], life = 1, round = 1): number[] =>
  [...privateMean(terms, 'trunk', state, updates, round, life).update.values].map((value, i) => value - state.values[i])

it('a client that does not clip moves a server’s mean by no more than one that does', () => {
  const terms = termsWith({ noise: 0, where: 'server' })
  expect(norm(meanOf(terms, [update('client-A', 1e6, 0, 0, 0)]))).toBeCloseTo(1 / 4, 6)
  expect(meanOf(terms, [update('client-A', 0.5, 0, 0, 0), update('client-B', 0, 0.25, 0, 0)])).toEqual([0.125, 0.0625, 0, 0])
})

it('the divisor is fixed: of fewer answers each counts as much', () => {
  const terms = termsWith({ noise: 0, where: 'server', divisor: 8 })
  expect(meanOf(terms, [update('client-A', 0.5, 0, 0, 0)])).toEqual([0.0625, 0, 0, 0])
})

it('a server adds its noise once, anew in every round and life; clients’ shares get none on top', () => {
  const terms = termsWith({ where: 'server' })
  const [one, life, round] = [meanOf(terms, []), meanOf(terms, [], 2), meanOf(terms, [], 1, 2)]
  expect(one).toEqual(meanOf(terms, []))
  expect(life).not.toEqual(one)
  expect(round).not.toEqual(one)
  expect(meanOf(termsWith({ where: 'client' }), [])).toEqual([0, 0, 0, 0])
})
