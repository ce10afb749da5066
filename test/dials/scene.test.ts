import { describe, expect, it } from 'vitest'

import * as dial from '../../src/dials/all.js'
import type { Dial, Scene } from '../../src/dials/dial.js'
import { Turned } from '../../src/dials/turn.js'
import { streams } from '../../src/random/streams.js'
import { ms } from '../../src/simulation/script.js'

/* What is drawn in a federation's own measure: its phases, its clients, those in focus. */

const plain: Scene = { clients: ['client-a', 'client-b', 'client-c', 'client-d'], experts: ['expert-1'], rounds: 6, round: ms(40) }
const phased: Scene = { ...plain, phases: [ms(16), ms(3), ms(21)] }
const draws = <T>(one: Dial<T> | { draw: (...args: never[]) => unknown }, scene: Scene, intensity = 1): T[] =>
  Array.from({ length: 600 }, (_, i) => (one as Dial<T>).draw(streams('scene')(i), intensity, scene))
const shareOf = <T>(all: readonly T[], is: (one: T) => boolean): number => all.filter(is).length / all.length

describe('an instant', () => {
  const inTraining = (at: number): boolean => at % ms(40) > ms(16) && at % ms(40) <= ms(19)

  it('falls into each phase as often, however short it is', () => {
    expect(shareOf(draws<number>(dial.instant(), phased), inTraining)).toBeGreaterThan(0.27)
    expect(shareOf(draws<number>(dial.instant(), plain), inTraining)).toBeLessThan(0.12)
  })

  it('lies in early rounds more often, and in all of them', () => {
    const rounds = draws<number>(dial.instant(), phased).map((at) => Math.floor((at - 1) / ms(40)))
    expect(new Set(rounds)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    expect(shareOf(rounds, (round) => round === 0)).toBeGreaterThan(0.35)
  })
})

it('somebody in focus is drawn in half of the cases, and others too', () => {
  const near: Scene = { ...plain, clients: Array.from({ length: 50 }, (_, i) => `client-${i}`), focus: ['client-7', 'expert-1'] }
  const named = draws<{ names: readonly string[] }>(dial.clients(0.01), near).map(({ names }) => names[0])
  expect(shareOf(named, (name) => name === 'client-7')).toBeGreaterThan(0.4)
  expect(new Set(named).size).toBeGreaterThan(20)
  expect(shareOf(draws<{ names: readonly string[] }>(dial.clients(0.01), { ...near, focus: undefined }), ({ names }) => names[0] === 'client-7')).toBeLessThan(0.1)
  for (const { names } of draws<{ names: readonly string[] }>(dial.clients(), near)) expect(new Set(names).size).toBe(names.length)
})

it('whom something is about is in focus for all else that is drawn of it', () => {
  const turned = new Turned({ fields: { who: dial.clients(0.01) }, ways: [dial.moments[2]] }, () => true)
  for (let i = 0; i < 60; i++) {
    const { who, when } = turned.draw(streams('own')(i), 1, { ...phased, focus: ['client-a'] }) as { who: { names: string[] }; when: { event: string; actor: string } }
    expect(who.names).toContain(when.actor)
    expect(when.event).toBe('began training')
  }
})

it('an event is waited for as often as there may be such events', () => {
  const all = draws<{ event: string; actor?: string; nth: number }>(dial.trigger(), { ...phased, focus: ['client-b', 'expert-1'] })
  expect(new Set(all.map(({ event }) => event)).size).toBe(12)
  for (const { event, nth } of all) {
    expect(nth).toBeLessThanOrEqual(36)
    if (event === 'opened' || event === 'closed') expect(nth).toBeLessThanOrEqual(6)
    if (event === 'died' || event === 'returned') expect(nth).toBeLessThanOrEqual(3)
  }
  for (const { event, actor } of all) {
    if (actor === 'client-b') expect(['folded', 'recovered', 'opened', 'closed', 'struck']).not.toContain(event)
    if (actor === 'expert-1') expect(['began training', 'trained']).not.toContain(event)
  }
  expect(shareOf(all, ({ actor }) => actor !== undefined)).toBeGreaterThan(0.4)
  expect(draws<{ actor?: string }>(dial.trigger(), plain).some(({ actor }) => actor !== undefined)).toBe(false)
})

describe.each([
  ['places', dial.places(), 4, 1], ['doublings', dial.doublings(1, 64), 1, 64],
  // 50 W over 3 ms are .15 J.
  ['energy', dial.energy(50, 8, 0.25), 1.2, 0.038],
] as const)('%s', (_, one, mildest, wildest) => {
  it('lie between the mildest and the wildest, and come down to the mildest', () => {
    const all = draws<number>(one, phased)
    expect(Math.max(...all)).toBeCloseTo(Math.max(mildest, wildest), 2)
    expect(Math.min(...all)).toBeCloseTo(Math.min(mildest, wildest), 2)
    expect(draws<number>(one, phased, 0).every((value) => value === mildest)).toBe(true)
    let value = wildest as number
    for (let steps = 0; ; steps++) {
      expect(steps).toBeLessThan(200)
      const milder = one.milder(value, phased) as readonly number[]
      if (milder.length === 0) break
      for (const other of milder) expect(one.measure(other, phased)).toBeLessThan(one.measure(value, phased))
      value = milder[0]
    }
    expect(one.measure(value, phased)).toBeCloseTo(0, 1)
  })
})

it('comes again after so long, so often at most, and is milder the less often', () => {
  const all = draws<{ times: number; every: number } | undefined>(dial.moments[0].repeat, phased)
  expect(shareOf(all, (one) => one === undefined)).toBeGreaterThan(0.4)
  for (const one of all) {
    if (one === undefined) continue
    expect(one.times >= 2 && one.times <= 8 && one.every <= ms(40)).toBe(true)
    for (const other of dial.moments[0].repeat.milder(one, phased) as readonly typeof all[number][]) {
      expect(other === undefined || other.times < one.times).toBe(true)
    }
  }
})
