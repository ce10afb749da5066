import { describe, expect, it } from 'vitest'

import { pick, type Scene } from '../../src/dials/dial.js'
import { faultSchema } from '../../src/faults/registry.js'
import { drawFault, drawnKinds, milderFaults, planWildness, settingsOf, varied, wildness } from '../../src/faults/turn.js'
import { streams } from '../../src/random/streams.js'
import { ms } from '../../src/simulation/script.js'

const scene = (clients: number, experts: number, rounds: number, round: number): Scene => ({
  clients: Array.from({ length: clients }, (_, i) => `client-${i}`),
  experts: Array.from({ length: experts }, (_, i) => `expert-${i + 1}`),
  rounds,
  round,
})

const scenes = [scene(12, 2, 6, ms(100)), scene(1, 0, 1, ms(1)), scene(2, 1, 100, 3_600_000_000), scene(1000, 4, 6, ms(100))]

describe.each(drawnKinds)('%s', (kind) => {
  it('is drawn sound in every federation and at every intensity, and not by the order of draws', () => {
    for (const [nth, one] of scenes.entries()) {
      for (const intensity of [0, 0.01, 0.3, 1]) {
        for (let i = 0; i < 20; i++) {
          const draw = () => drawFault(kind, streams('turn')(kind, nth, i), intensity, one)
          const fault = draw()
          expect(faultSchema.safeParse(fault).success).toBe(true)
          expect(draw()).toEqual(fault)
          expect(wildness(fault, one)).toBeGreaterThanOrEqual(0)
          expect(wildness(fault, one)).toBeLessThanOrEqual(1)
        }
      }
    }
  })

  it('can be turned back step by step, which comes to an end, each step sound and no wilder in what it turns', () => {
    for (const [nth, one] of scenes.slice(0, 3).entries()) {
      for (let i = 0; i < 10; i++) {
        let fault = drawFault(kind, streams('back')(kind, nth, i), 1, one)
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(400)
          const milder = milderFaults(fault, one)
          if (milder.length === 0) break
          // The last is the smallest step: the longest way.
          for (const other of milder) {
            expect(other).not.toEqual(fault)
            expect(wildness(other, one)).toBeLessThanOrEqual(wildness(fault, one) + 1e-9)
          }
          fault = milder[milder.length - 1]
        }
      }
    }
  })

  it('is varied in one field and no other', () => {
    const [first] = scenes
    const fault = drawFault(kind, streams('vary')(kind), 1, first)
    for (const { field } of settingsOf(fault)) {
      const other = varied(fault, field, streams('vary')(kind, field), first)
      if (other === undefined) continue
      const differs = Object.keys({ ...fault, ...other }).filter((name) =>
        JSON.stringify((fault as Record<string, unknown>)[name]) !== JSON.stringify((other as Record<string, unknown>)[name]))
      const allowed = field === 'stretch' ? ['from', 'until'] : [field]
      expect(allowed).toEqual(expect.arrayContaining(differs))
    }
  })
})

it('is wilder on average the higher the intensity', () => {
  const [first] = scenes
  const meanAt = (intensity: number): number => {
    const all = drawnKinds.flatMap((kind) => Array.from({ length: 30 }, (_, i) => wildness(drawFault(kind, streams('mean')(kind, i), intensity, first), first)))
    return all.reduce((sum, one) => sum + one, 0) / all.length
  }
  expect(meanAt(0.1)).toBeLessThan(meanAt(0.5))
  expect(meanAt(0.5)).toBeLessThan(meanAt(1))
})

it('a plan is the wilder the more faults it has and the wilder they are, whatever their order', () => {
  const [first] = scenes
  expect(planWildness([], first)).toBe(0)
  for (let i = 0; i < 40; i++) {
    const toss = streams('plan')(i)
    const faults = Array.from({ length: 1 + Math.floor(toss() * 5) }, () => drawFault(pick(toss, drawnKinds), toss, 1, first))
    const all = planWildness(faults, first)
    // By itself a fault is between a tenth and 1.
    expect(all).toBeGreaterThanOrEqual(0.1 * faults.length)
    expect(all).toBeLessThanOrEqual(faults.length)
    expect(planWildness(faults.toReversed(), first)).toBeCloseTo(all, 12)
    for (const [at, fault] of faults.entries()) {
      expect(planWildness(faults.toSpliced(at, 1), first)).toBeLessThanOrEqual(all - 0.1 + 1e-9)
      for (const milder of milderFaults(fault, first)) {
        expect(planWildness(faults.with(at, milder), first)).toBeLessThanOrEqual(all + 1e-9)
      }
    }
  }
})
