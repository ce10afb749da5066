import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { fedAvg, fedProx, mlp, slow, synchronous } from '../../../src/simulation/script.js'
import { scriptSource } from '../../../src/documents/source.js'
import { cellsOf, pairsOf, pointOf, specificationOf } from '../../../src/runs/study/cell.js'
import { grouped } from '../../../src/runs/sweep/groups.js'
import { studyOf } from '../../../src/runs/sweep/plan.js'
import { pointsOf, type Refuse } from '../../../src/runs/sweep/points.js'
import type { Axes, SweepPlan } from '../../../src/runs/sweep/sweep.js'
import { storefronts } from '../../../scenarios/index.js'

const refuse: Refuse = (field, axis, why) => {
  throw new Error(`${field} ${axis}: ${why}`)
}

const values = (axes: Axes): unknown[] => pointsOf(axes, refuse).points.map((point) => Object.fromEntries(point.map(({ path, name, value }) => [path, name ?? value])))

const base = { world: storefronts({ scenarios: 2, impressions: 100 }), model: mlp({ hidden: [4] }), strategy: fedAvg(), rounds: synchronous({ count: 1 }), faults: [slow('client', { by: 2 })] }

const studied = (plan: SweepPlan, own: object = base) =>
  studyOf({ base: own, plan, name: 'mine', source: scriptSource('mine.ts'), typed: false, where: (field) => `mine.ts: ${field} ` })

describe('the points of a sweep', () => {
  it('are every combination of a grid, the last axis turning fastest', () => {
    expect(values({ grid: { 'strategy.mu': [0.01, 0.1], 'local.epochs': [1, 2] } })).toEqual([
      { 'strategy.mu': 0.01, 'local.epochs': 1 }, { 'strategy.mu': 0.01, 'local.epochs': 2 },
      { 'strategy.mu': 0.1, 'local.epochs': 1 }, { 'strategy.mu': 0.1, 'local.epochs': 2 },
    ])
  })

  it('are those of a list, which may give different fields', () => {
    expect(values({ list: [{ 'local.epochs': 1, 'local.batch': 64 }, { 'local.epochs': 2 }] })).toEqual([{ 'local.epochs': 1, 'local.batch': 64 }, { 'local.epochs': 2 }])
  })

  it('are drawn by path and number: the same however many there are, and whatever else is drawn', () => {
    const random = { rate: { log: [1e-4, 1e-1] }, mu: { uniform: [0, 1] }, epochs: { integer: [1, 3] }, model: ['a', 'b'], strategy: { of: { plain: 1, proximal: 2 } } } as const
    const drawn = values({ random, draws: 3 })
    expect(drawn).toEqual([
      { rate: 0.000523415, mu: 0.0416723, epochs: 1, model: 'a', strategy: 'plain' },
      { rate: 0.0062813, mu: 0.202411, epochs: 1, model: 'b', strategy: 'proximal' },
      { rate: 0.00622904, mu: 0.273758, epochs: 2, model: 'b', strategy: 'plain' },
    ])
    expect(values({ random, draws: 5 }).slice(0, 3)).toEqual(drawn)
    expect(values({ random: { rate: random.rate }, draws: 3 })).toEqual(drawn.map((point) => ({ rate: (point as { rate: number }).rate })))
    expect(values({ random, draws: 3, drawSeed: 2 })).not.toEqual(drawn)
  })

  it('of a grid, a list and draws are every combination of theirs; draws that came to the same are one', () => {
    expect(values({ grid: { a: [1, 2] }, list: [{ b: 1 }, { b: 2 }], random: { c: ['x'] }, draws: 3 })).toEqual([
      { a: 1, b: 1, c: 'x' }, { a: 1, b: 2, c: 'x' }, { a: 2, b: 1, c: 'x' }, { a: 2, b: 2, c: 'x' },
    ])
    expect(pointsOf({ random: { c: ['x'] }, draws: 3 }, refuse).repeated).toBe(2)
  })

  it('lie within what they are drawn from, and whole numbers come to both ends', () => {
    const from = fc.integer({ min: -20, max: 20 })
    fc.assert(fc.property(from, fc.integer({ min: 1, max: 30 }), fc.nat(), (low, width, drawSeed) => {
      const high = low + width
      const all = values({ random: { u: { uniform: [low, high] }, i: { integer: [low, high] }, l: { log: [2 ** low, 2 ** high] } }, draws: 20, drawSeed }) as { u: number; i: number; l: number }[]
      for (const { u, i, l } of all) {
        expect(u >= low && u <= high).toBe(true)
        expect(Number.isInteger(i) && i >= low && i <= high).toBe(true)
        // Six digits are kept.
        expect(l >= 2 ** low * (1 - 1e-5) && l <= 2 ** high * (1 + 1e-5)).toBe(true)
      }
    }), { numRuns: 50 })
    const ends = new Set((values({ random: { i: { integer: [1, 3] } }, draws: 60 }) as { i: number }[]).map(({ i }) => i))
    expect(ends).toEqual(new Set([1, 2, 3]))
  })

  it('are refused where they could not be told apart, or one axis is two', () => {
    const refused = (axes: Axes): (() => unknown) => () => pointsOf(axes, refuse)
    expect(refused({ grid: { mu: [1, 2, 1] } })).toThrow('grid mu: 1 is given twice')
    expect(refused({ grid: { 'a.0': [1] }, list: [{ 'a[0]': 2 }] })).toThrow('list a[0]: is an axis already (grid: a.0)')
    expect(refused({ grid: { strategy: [() => 1] } })).toThrow('grid strategy: a function has no name: give values by name, { mine: value }')
    expect(refused({ grid: { name: ['a', 'b'] } })).toThrow('grid name: all runs of a sweep have its name')
    expect(refused({ list: [{ a: 1 }, { a: 1 }] })).toThrow('list: two points are the same')
    expect(refused({ grid: Object.fromEntries('abcdef'.split('').map((axis) => [axis, Array.from({ length: 10 }, (_, i) => i)])) })).toThrow('a sweep of 1000000 points would never end')
  })
})

describe('a sweep is a study', () => {
  it('whose conditions are what the weather and the world say, and whose variants are all else', () => {
    const { plan, axes } = studied({ grid: { 'faults.0.by': [2, 8], strategy: { fedavg: fedAvg(), fedprox: fedProx({ mu: 0.1 }) }, 'local.epochs': [1] }, seeds: 2 })
    expect(axes).toEqual(['faults.0.by', 'strategy', 'local.epochs'])
    expect(plan).toMatchObject({ name: 'mine-sweep', seeds: 2, baselines: ['fedavg, local.epochs=1'], question: 'What does it change: faults.0.by, strategy and local.epochs?' })
    expect(cellsOf(plan).slice(0, 4)).toEqual([
      { condition: 'faults.0.by=2', variant: 'fedavg, local.epochs=1', seed: '1', folder: 'faults.0.by-2/fedavg-local.epochs-1/seed-1' },
      { condition: 'faults.0.by=2', variant: 'fedprox, local.epochs=1', seed: '1', folder: 'faults.0.by-2/fedprox-local.epochs-1/seed-1' },
      { condition: 'faults.0.by=8', variant: 'fedavg, local.epochs=1', seed: '1', folder: 'faults.0.by-8/fedavg-local.epochs-1/seed-1' },
      { condition: 'faults.0.by=8', variant: 'fedprox, local.epochs=1', seed: '1', folder: 'faults.0.by-8/fedprox-local.epochs-1/seed-1' },
    ])
    expect(plan.pairs).toBeUndefined()
    expect(pointOf(plan, 'faults.0.by=8', 'fedprox, local.epochs=1')).toEqual({ 'faults.0.by': 8, strategy: 'fedprox', 'local.epochs': 1 })
    expect(specificationOf(plan, 'faults.0.by=8', 'fedprox, local.epochs=1')).toMatchObject({
      name: 'mine-sweep', faults: [{ kind: 'slow', by: 8 }], strategy: { kind: 'fedprox', mu: 0.1 }, local: { epochs: 1 }, model: base.model,
    })
  })

  it('that flies no other pairs than its points', () => {
    const { plan } = studied({ list: [{ 'faults.0.by': 2, 'local.epochs': 1 }, { 'faults.0.by': 8, 'local.epochs': 2 }] })
    expect(pairsOf(plan)).toEqual([['faults.0.by=2', 'local.epochs=1'], ['faults.0.by=8', 'local.epochs=2']])
  })

  it('whose conditions are compared where nothing else differs', () => {
    const { plan } = studied({ grid: { faults: { calm: [], stormy: base.faults } } })
    expect([Object.keys(plan.conditions), Object.keys(plan.variants)]).toEqual([['storefronts'], ['calm', 'stormy']])
    expect(specificationOf(plan, 'storefronts', 'calm').faults).toEqual([])
  })

  it('of one point, if it is seeds alone that differ', () => {
    const { plan } = studied({ seeds: 3 })
    expect(cellsOf(plan).map(({ folder }) => folder)).toEqual(['storefronts/fedavg/seed-1', 'storefronts/fedavg/seed-2', 'storefronts/fedavg/seed-3'])
  })

  it('in which a whole field goes before what lies in it, and another kind takes its own options', () => {
    const { plan } = studied({ list: [{ 'strategy.mu': 0.5, strategy: { kind: 'fedprox', mu: 1 } }, { 'strategy.mu': 0.2, 'strategy.kind': 'fedprox' }] })
    const [first, second] = Object.keys(plan.variants)
    expect(specificationOf(plan, 'storefronts', first).strategy).toEqual({ kind: 'fedprox', mu: 0.5 })
    expect(specificationOf(plan, 'storefronts', second).strategy).toMatchObject({ kind: 'fedprox', mu: 0.2 })
  })

  it('whose points give what the base leaves out, and take away what it has', () => {
    const { strategy: _, ...rest } = base
    expect(studied({ grid: { 'strategy.kind': ['fedavg', 'fedprox'] } }, rest).plan.variants).toEqual({ fedavg: { strategy: { kind: 'fedavg' } }, fedprox: { strategy: { kind: 'fedprox' } } })
    const { plan } = studied({ grid: { faults: { none: null, some: base.faults } } })
    expect('faults' in specificationOf(plan, 'storefronts', 'none')).toBe(false)
  })

  it('whose names say the path where short ones are the same', () => {
    const { points } = pointsOf({ list: [{ 'strategy.kind': 'mean' }, { 'rounds.kind': 'mean' }] }, refuse)
    const names = { condition: 'c', variant: 'v' }
    expect(grouped(points, names).variants.map(({ label }) => label)).toEqual(['strategy.kind=mean', 'rounds.kind=mean'])
    expect(grouped(points.slice(0, 1), names).variants.map(({ label }) => label)).toEqual(['mean'])
  })
})
