import { describe, expect, it } from 'vitest'
import { normal, streams } from '../../../../src/random/streams.js'
import { slicesOf } from '../../../../src/report/page/several/axes.js'
import { criticalsOf, crossingText, intervalText } from '../../../../src/report/page/several/critical.js'
import { factsOf, runOf } from './facts.js'

const losses = [0, 0.1, 0.3, 0.5]

/** `other` is better than `base` by .2 at no loss, and the worse from a loss of `at` on; each seed has its own world. */
const study = (seeds: number, at: number, slope = 1) => factsOf(Array.from({ length: seeds }, (_, i) => String(i + 1)).flatMap((seed) => {
  const stream = streams('study')(seed)
  const [world, gain] = [0.05 * normal(stream), 0.02 * normal(stream)]
  return losses.flatMap((loss) => ['base', 'other'].map((variant) => {
    const score = 0.6 + world - 0.1 * loss + (variant === 'other' ? slope * (at - loss) * (0.2 / at) + gain : 0)
    return runOf({ condition: `loss ${loss}`, variant, seed, point: { loss }, scores: { a: score - 0.05, b: score + 0.05 } })
  }))
}))

const [slice] = slicesOf(study(1, 0.25).runs)

describe('criticalsOf', () => {
  it('finds a planted crossing at its level, with an interval about it', () => {
    const facts = study(12, 0.25)
    const found = criticalsOf(facts, slice, 'ctr')
    expect(found).toHaveLength(1)
    const [{ variant, baseline, units, crossings: [{ at, before }], interval: [low, high] }] = found
    expect([variant, baseline, units, before]).toEqual(['other', 'base', 12, 1])
    expect(Math.abs(at - 0.25)).toBeLessThan(0.02)
    expect([low < 0.25, high > 0.25, high - low < 0.1]).toEqual([true, true, true])
    expect(crossingText(found[0], losses, false)).toBe(`${Number(at.toPrecision(3))} (better below, worse beyond)`)
    expect(crossingText(found[0], losses, true)).toContain('(worse below, better beyond)')
  })

  it('says that there is no crossing within the levels, and who is the better one', () => {
    const [never] = criticalsOf(study(5, 2), slice, 'ctr')
    expect(crossingText(never, losses, false)).toBe('no crossing within the levels, 0 to 0.5: better at all of them')
    expect(intervalText(never, losses)).toBe('none; 100.0 % of samples do not cross')
  })

  it('says how many samples cross beyond the levels, and that the interval ends there', () => {
    const [late] = criticalsOf(study(6, 0.49), slice, 'ctr')
    expect(late.censored.beyond).toBeGreaterThan(0.05)
    expect(intervalText(late, losses)).toMatch(/^\[0\.4\d+, beyond 0\.5\]; \d+\.\d % beyond them$/)
  })

  it('pairs the seeds that both variants have at every level', () => {
    const facts = study(6, 0.25)
    const without = { ...facts, runs: facts.runs.filter(({ variant, condition, manifest: { seed } }) => !(variant === 'other' && condition === 'loss 0.3' && seed === '2')) }
    expect(criticalsOf(without, slice, 'ctr')[0].units).toBe(5)
    const alone = { ...facts, runs: facts.runs.filter(({ manifest: { seed } }) => seed === '1') }
    expect(intervalText(criticalsOf(alone, slice, 'ctr')[0], losses)).toBe('one seed: none')
  })
})
