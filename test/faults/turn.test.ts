import { describe, expect, it } from 'vitest'

import { pick, type Scene } from '../../src/dials/dial.js'
import { faultSchema, type FaultInput } from '../../src/faults/registry.js'
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

describe('the numbers of an attack', () => {
  const [first] = scenes
  const poison = (send: unknown): FaultInput => ({ kind: 'poison', who: { select: 'named', names: ['client-0'] }, send, probability: 0.05 }) as FaultInput
  /** As mild as it gets where all fails that a rule says. */
  const mildest = (fault: FaultInput, fails: (send: Record<string, number>) => boolean): unknown => {
    for (let steps = 0; ; steps++) {
      expect(steps).toBeLessThan(200)
      const milder = milderFaults(fault, first).find((other) => fails((other as unknown as { send: Record<string, number> }).send))
      if (milder === undefined) return (fault as unknown as { send: unknown }).send
      expect(faultSchema.safeParse(milder).success).toBe(true)
      expect(wildness(milder, first)).toBeLessThanOrEqual(wildness(fault, first) + 1e-9)
      fault = milder
    }
  }

  it.each([
    [{ attack: 'scale', by: 500 }, 'by', 1.1], [{ attack: 'scale', by: -40 }, 'by', 0.9], [{ attack: 'noise', sd: 700, instead: false }, 'sd', 1e-6],
    [{ attack: 'noise', relative: 50, instead: false }, 'relative', 0.01], [{ attack: 'sign-flip', by: 80 }, 'by', 1], [{ attack: 'inner-product', epsilon: 9 }, 'epsilon', 0.01],
    [{ attack: 'a-little-is-enough', z: 4, knows: 'attackers' }, 'z', 0],
  ])('are turned back as far as it goes, and to where it still fails: %o', (send, field, least) => {
    const own = ({ attack }: { attack?: unknown }): boolean => attack === send.attack
    expect(mildest(poison(send), own)).toEqual({ ...send, [field]: least })
    const given = Number((send as Record<string, unknown>)[field])
    const [from, off] = send.attack === 'scale' ? [1, Math.abs(given - 1)] : [0, given]
    const far = (value: number): number => Math.abs(value - from)
    const kept = mildest(poison(send), (other) => own(other) && far(other[field]) >= off / 5 && Math.sign(other[field] - from) === Math.sign(given - from)) as Record<string, number>
    // Within a step of the threshold.
    expect(far(kept[field])).toBeGreaterThanOrEqual(off / 5)
    expect(far(kept[field])).toBeLessThan((off / 5) * 1.3)
  })

  it('give way to a milder attack, also where a run wrote it with what it leaves out', () => {
    for (const [wild, mild] of [['sign-flip', 'noise'], [{ attack: 'sign-flip', by: 1 }, 'scale'], [{ attack: 'a-little-is-enough', knows: 'all' }, 'sign-flip'], [{ attack: 'inner-product', epsilon: 2 }, 'sign-flip']] as const) {
      expect(milderFaults(poison(wild), first).map((fault) => (fault as unknown as { send: { attack: string } }).send.attack)).toContain(mild)
    }
    expect(wildness(poison('sign-flip'), first)).toBe(wildness(poison({ attack: 'sign-flip', by: 1 }), first))
    const all = ['scale', 'noise', 'sign-flip', 'inner-product', 'a-little-is-enough', 'nan'].map((attack) => wildness(poison({ attack }), first))
    expect(all).toEqual(all.toSorted((a, b) => a - b))
    expect(new Set(all).size).toBe(6)
    expect(wildness(poison({ attack: 'sign-flip', by: 1e9 }), first)).toBeLessThanOrEqual(wildness(poison({ attack: 'inner-product', epsilon: 1 }), first))
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
