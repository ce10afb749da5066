import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layoutOf, near, runSteps } from './bench.js'

const table = layoutOf(['embedding', [3, 2], { role: 'embedding' }])
/** The joint gradient of a table of three rows of two. */
const joint = (
  options: { alpha?: number; temperature?: number; maskZeroNorm?: boolean; main?: string },
  gradients: readonly (readonly number[])[],
  when: { taken?: number; perEpoch?: number } = {},
): number[] => {
  const [{ gradients: made }] = runSteps({ kind: 'pmtrec', ...options }, table, [
    { gradients: gradients.map((own) => [own]), ...when },
  ])
  return [...made![0]]
}

/** Equations 4 to 6 on plain numbers, row after row, exactly as they stand. */
const slowly = (gradients: readonly (readonly number[])[], focus: number, tau: number): number[] =>
  [0, 1, 2].flatMap((row) => {
    const rows = gradients.map((own) => own.slice(row * 2, row * 2 + 2))
    const norms = rows.map(([x, y], t) => Math.sqrt(x * x + y * y) * (t === 0 ? focus : 1))
    const odds = norms.map((n) => Math.exp((n - Math.max(...norms)) / tau))
    const weights = odds.map((o) => o / odds.reduce((a, b) => a + b, 0))
    return [0, 1].map((d) => rows.reduce((sum, own, t) => sum + weights[t] * own[d], 0))
  })

const vector = fc.array(fc.integer({ min: -6, max: 6 }).map((n) => n / 4), { minLength: 6, maxLength: 6 })
const several = fc.array(vector, { minLength: 2, maxLength: 4 })

describe('PMTRec', () => {
  it('by hand: weights follow each row’s own norms', () => {
    // Row 1: norms 5 and 0, tau 5 / ln 3: odds 3 and 1. Row 2: norms 1 and 1. Row 3: norms 0 and 5, odds 1 and 3.
    const [a, b] = [[3, 4, 1, 0, 0, 0], [0, 0, 0, 1, 3, 4]]
    expect(joint({ alpha: 1, temperature: 5 / Math.log(3) }, [a, b]))
      .toEqual([2.25, 3, 0.5, 0.5, 2.25, 3].map((v) => expect.closeTo(v, 5)))
  })

  it('by hand: the main task’s norm doubles with each epoch, its gradient does not', () => {
    const [a, b] = [[1, 0, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0]]
    const options = { alpha: 2, temperature: 1 / Math.log(3) }
    // First epoch: norms 2 and 2. Second: 4 and 2, odds 9 to 1. Main task second: 1 and 8 after the second, 3^7 to 1.
    expect(joint(options, [a, b], { taken: 4, perEpoch: 5 }).slice(0, 2)).toEqual([0.5, 1].map((v) => expect.closeTo(v, 5)))
    expect(joint(options, [a, b], { taken: 5, perEpoch: 5 }).slice(0, 2)).toEqual([0.9, 0.2].map((v) => expect.closeTo(v, 5)))
    const [own, other] = joint({ ...options, main: 't2' }, [a, b], { taken: 5, perEpoch: 5 })
    expect([own * 2188, (other / 2) * 2188]).toEqual([1, 2187].map((v) => expect.closeTo(v, 2)))
  })

  it('is the equations on plain numbers', () => {
    fc.assert(fc.property(several, fc.constantFrom(0.2, 1, 10), fc.nat(3), (gradients, temperature, epoch) =>
      near(joint({ alpha: 1.2, temperature }, gradients, { taken: epoch }), slowly(gradients, 1.2 ** (epoch + 1), temperature), 1e-4),
    ), { numRuns: 40 })
  })

  it('has its limits: equal weights, the largest norm alone, no focusing', () => {
    fc.assert(fc.property(several, (gradients) => {
      const mean = gradients[0].map((_, at) => gradients.reduce((sum, own) => sum + own[at], 0) / gradients.length)
      if (!near(joint({ temperature: 1e6 }, gradients), mean, 1e-4)) return false
      // Focusing off: the epoch changes nothing.
      return near(joint({ alpha: 1, temperature: 0.5 }, gradients, { taken: 40 }), slowly(gradients, 1, 0.5), 1e-4)
    }), { numRuns: 30 })
    const [a, b] = [[3, 4, 1, 0, 0.1, 0], [0, 4.9, 0, 1.1, 0, 0]]
    expect(joint({ alpha: 1, temperature: 1e-3 }, [a, b])).toEqual([3, 4, 0, 1.1, 0.1, 0].map((v) => expect.closeTo(v, 5)))
    // Focused long enough, the main task alone moves whatever row it moves.
    expect(joint({ alpha: 1.2, temperature: 1 }, [a, b], { taken: 60 })).toEqual([...a.slice(0, 5), 0].map((v) => expect.closeTo(v, 4)))
  })

  it('leaves out of a row who does not move it, if asked to', () => {
    const [a, b] = [[3, 4, 0, 0, 1, 0], [0, 0, 2, 0, 0, 1]]
    expect(joint({ alpha: 1, temperature: 100, maskZeroNorm: true }, [a, b]))
      .toEqual([3, 4, 2, 0, 0.5, 0.5].map((v) => expect.closeTo(v, 5)))
    expect(joint({ maskZeroNorm: true }, [Array(6).fill(0), Array(6).fill(0)])).toEqual(Array(6).fill(0))
  })

  it('gives what is no table the mean, and knows its tasks', () => {
    const layout = layoutOf(['mix', [1, 2]], ['embedding', [1, 2], { role: 'embedding' }])
    const gradients = [[[4, 0], [4, 0]], [[0, 2], [0, 0]]]
    const [{ gradients: made }] = runSteps({ kind: 'pmtrec', alpha: 1, temperature: 0.01 }, layout, [{ gradients }])
    expect(made).toEqual([[2, 1], [4, 0]])
    expect(() => joint({ main: 'likes' }, [Array(6).fill(0), Array(6).fill(0)])).toThrow("names the task 'likes'")
  })
})
