import fc from 'fast-check'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { aligned } from '../../src/balancing/aligned-mtl.js'
import { averse } from '../../src/balancing/cagrad.js'
import { directionsOf } from '../../src/balancing/gram.js'
import { impartial } from '../../src/balancing/imtl.js'
import { shortest } from '../../src/balancing/mgda.js'
import { nash } from '../../src/balancing/nash-mtl.js'
import { projected } from '../../src/balancing/pcgrad.js'
import { balanceMatrix, dot, joint, near } from './bench.js'

/*
 * Gradients of any scale, and of unequal lengths. What single precision gives is judged in double precision, by
 * conditions that hold at the optimum and nowhere else. With L = sum_t |w_t| |g_t|, what a weight's rounding may cost, a
 * rate of descent <g_t, d> is judged in units of |g_t| L.
 */

type Vectors = readonly (readonly number[])[]

const length = (v: readonly number[]): number => Math.sqrt(dot(v, v))
const mix = (weights: readonly number[], gradients: Vectors): number[] =>
  gradients[0].map((_, at) => weights.reduce((sum, w, t) => sum + w * gradients[t][at], 0))

/** The weights that a rule for inner products gives, in plain TensorFlow.js. */
const weigh = (rule: (a: tf.Tensor) => tf.Tensor, gradients: Vectors): number[] => {
  void tf.setBackend('cpu')
  return tf.tidy(() => {
    const rows = tf.tensor2d(gradients.map((g) => [...g]))
    return [...rule(tf.matMul(rows, rows, false, true)).dataSync()]
  })
}
const shortestOf = (gradients: Vectors): number[] =>
  weigh((a) => { const directions = directionsOf(a); return shortest(directions, directions.lengths) }, gradients)

const gross = (weights: readonly number[], gradients: Vectors): number =>
  weights.reduce((sum, w, t) => sum + Math.abs(w) * length(gradients[t]), 0)

/** How far below `wanted` the worst task's <g_t, d> is. */
const shortfall = (wanted: number, d: readonly number[], unit: number, gradients: Vectors): number =>
  Math.max(...gradients.map((g) => (length(g) === 0 ? 0 : (wanted - dot(g, d)) / (length(g) * unit || 1))))

/** The duality gap of weights on the simplex: |d|^2 <= <g_t, d> for every task, if d is shortest. */
const gapOfShortest = (weights: readonly number[], gradients: Vectors): number => {
  const d = mix(weights, gradients)
  return shortfall(dot(d, d), d, gross(weights, gradients), gradients)
}

const c = 0.5

/** The dual's value <G w, g_0> + c |g_0| |G w| at w: no U within the radius serves all tasks better than it. */
const dual = (w: readonly number[], gradients: Vectors): number => {
  const [g, mean] = [mix(w, gradients), mix(gradients.map(() => 1 / gradients.length), gradients)]
  return dot(g, mean) + c * length(mean) * length(g)
}

/** CAGrad's duality gap, and how far U is outside of its radius. */
const gapOfAverse = (weights: readonly number[], gradients: Vectors): { gap: number; outside: number } => {
  const tasks = gradients.length
  const z = weights.map((w) => w * (1 + c * c) - 1 / tasks)
  const total = z.reduce((a, b) => a + b, 0)
  const vertices = gradients.map((_, t) => gradients.map((_gone, s) => Number(s === t)))
  const known = [...vertices, shortestOf(gradients), ...(total > 1e-6 ? [z.map((x) => x / total)] : [])]
  const upper = Math.min(...known.map((w) => dual(w, gradients)))
  const unit = gross(weights, gradients)
  const mean = mix(gradients.map(() => 1 / tasks), gradients)
  const u = mix(weights.map((w) => w * (1 + c * c)), gradients)
  return { gap: shortfall(upper, u, unit, gradients), outside: (length(mix(z, gradients)) - c * length(mean)) / (unit || 1) }
}

/** One to six gradients of 6 numbers, the shortest down to 1e-4 of the longest, scaled by 1e-6 to 1e6. */
const gradientsOf = (least = 1): fc.Arbitrary<number[][]> =>
  fc.record({
    directions: fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 })
      .filter((v) => v.some((x) => x !== 0)), { minLength: least, maxLength: 6 }),
    shrunk: fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 }),
    scale: fc.integer({ min: -6, max: 6 }),
    twist: fc.constantFrom('none', 'none', 'equal', 'opposed', 'zero'),
  }).map(({ directions, shrunk, scale, twist }) => {
    const all = directions.map((v, t) => v.map((x) => (x / length(v)) * 10 ** (scale - shrunk[t])))
    const second = { none: all[1], equal: all[0], opposed: all[0].map((x) => -x / 2), zero: all[0].map(() => 0) }[twist]
    return all.map((v, t) => [...Float32Array.from(t === 1 ? second : v)])
  })

const unequal: Vectors = [[1, 0, 0], [0, 0.1, 0], [0, 0, 0.01]]

describe('MGDA', () => {
  it('by hand, three orthogonal gradients: each weighs one over its squared length', () => {
    const [a, b, d] = [1, 100, 10000].map((x) => x / 10101)
    expect(near(joint({ kind: 'mgda' }, ...unequal), [a, b * 0.1, d * 0.01])).toBe(true)
  })

  it('two: the longer one keeps the little weight that it has', () => {
    expect(joint({ kind: 'mgda' }, [1e-4, 0], [0, 1])[1]).toBeCloseTo(1e-8, 14)
    expect(joint({ kind: 'mgda' }, [0, 1], [1e-4, 0])[1]).toBeCloseTo(1e-8, 14)
  })

  it('any scale and lengths: weights on the simplex, with a duality gap below 1e-5', () => {
    fc.assert(fc.property(gradientsOf(), (gradients) => {
      const weights = shortestOf(gradients)
      expect(Math.abs(weights.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6)
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
      expect(gapOfShortest(weights, gradients)).toBeLessThan(1e-5)
    }), { numRuns: 400 })
  })
})

describe('CAGrad', () => {
  it('by hand, three orthogonal gradients: what is beyond the mean is for the shortest', () => {
    const mean = [1 / 3, 0.1 / 3, 0.01 / 3]
    const wanted = [mean[0], mean[1], mean[2] + c * length(mean)].map((x) => x / (1 + c * c))
    expect(near(joint({ kind: 'cagrad', c }, ...unequal), wanted)).toBe(true)
    expect(wanted.map((x) => Number(x.toFixed(3)))).toEqual([0.267, 0.027, 0.137])
  })

  it('any scale and lengths: inside the radius, with a duality gap below 1e-5', () => {
    fc.assert(fc.property(gradientsOf(), (gradients) => {
      const weights = weigh((a) => averse(a, c), gradients)
      const { gap, outside } = gapOfAverse(weights, gradients)
      expect(outside).toBeLessThan(1e-5)
      expect(gap).toBeLessThan(1e-5)
    }), { numRuns: 400 })
  })
})

describe('nearly opposed gradients', () => {
  it('Nash-MTL: as many steps as an angle of .01 takes', () => {
    const gradients: Vectors = [[1, 0.01, 0], [-0.7, 0, 0.01], [0.2, 0.5, 0.4], [0, 0.3, -0.6]]
    const alpha = weigh((a) => nash(a, 20, 1e9), gradients)
    const d = mix(alpha, gradients)
    gradients.forEach((g, t) => expect(Math.abs(alpha[t] * dot(g, d) - 1)).toBeLessThan(1e-2))
  })

  /** The second opposes the first but for an angle of 1e-5 to .01. */
  const nearly = fc.tuple(gradientsOf(3), fc.double({ min: -5, max: -2, noNaN: true })).map(([gradients, angle]) =>
    gradients.map((g, t) => {
      const [first, , third] = gradients
      const turn = (10 ** angle * length(first)) / length(third)
      return t === 1 ? [...Float32Array.from(first.map((x, at) => turn * third[at] - 0.7 * x))] : g
    }))

  it('cancel as well as single precision knows their angle: gaps below 1e-3 of MGDA and .2 of CAGrad', () => {
    fc.assert(fc.property(nearly, (gradients) => {
      expect(gapOfShortest(shortestOf(gradients), gradients)).toBeLessThan(1e-3)
      expect(gapOfAverse(weigh((a) => averse(a, c), gradients), gradients).gap).toBeLessThan(0.2)
    }), { numRuns: 300 })
  })
})

/** Independent gradients, so that every rule has one solution. */
const independent = gradientsOf(2).map((gradients) =>
  gradients.map((g, t) => {
    const own = gradients.map((_, s) => (s === t ? length(g) : 0))
    return [...Float32Array.from([...g.map((x) => x / 2), ...own])]
  })).filter((gradients) => gradients.every((g) => length(g) > 0))

describe('rules whose result knows no lengths', () => {
  it('IMTL: equal projections', () => {
    expect(near(joint({ kind: 'imtl', variant: 'gradient' }, ...unequal), [1, 1, 1].map((x) => x / 111))).toBe(true)
    fc.assert(fc.property(independent, (gradients) => {
      const weights = weigh((a) => { const directions = directionsOf(a); return impartial(directions, directions.lengths) }, gradients)
      const d = mix(weights, gradients)
      const along = gradients.map((g) => dot(g, d) / length(g))
      const unit = gross(weights, gradients)
      for (const x of along) expect(Math.abs(x - along[0])).toBeLessThan(1e-5 * unit)
    }), { numRuns: 200 })
  })

  it('Nash-MTL: (G G^T) alpha = 1 / alpha, where n of LibMTL’s G G^T / n cancels', () => {
    expect(near(joint({ kind: 'nash-mtl' }, [0.01, 0], [0, 0.01]), [Math.SQRT1_2, Math.SQRT1_2])).toBe(true)
    expect(near(joint({ kind: 'nash-mtl' }, [0.01, 0], [0.006, 0.008]), [0.894427, 0.447214])).toBe(true)
    expect(near(joint({ kind: 'nash-mtl', maxNorm: 9 }, ...unequal), [1, 1, 1])).toBe(true)
    fc.assert(fc.property(independent, (gradients) => {
      const alpha = weigh((a) => nash(a, 20, 100), gradients)
      const d = mix(alpha, gradients)
      gradients.forEach((g, t) => expect(Math.abs(alpha[t] * dot(g, d) - 1)).toBeLessThan(1e-4))
    }), { numRuns: 200 })
  })

  it('Aligned-MTL: orthogonal gradients become as long as the shortest, however short', () => {
    for (const short of [0.0031, 1e-4, 1e-6]) {
      expect(near(joint({ kind: 'aligned-mtl' }, [1, 0], [0, short]), [short / 2, short / 2])).toBe(true)
      expect(near(joint({ kind: 'aligned-mtl' }, [1, 0, 0], [0, short, 0], [0, 0, 0.1]), [short, short, short].map((x) => x / 3)))
        .toBe(true)
    }
    // What is left of two equal gradients is one direction, whatever the third one's length.
    expect(near(joint({ kind: 'aligned-mtl' }, [1, 0], [1, 0], [0, 1e-4]), [Math.SQRT2 * 1e-4 / 3, 1e-4 / 3], 1e-3)).toBe(true)
  })

  it('Aligned-MTL: the column sums of the balance matrix', () => {
    fc.assert(fc.property(independent, (gradients) => {
      const longest = Math.max(...gradients.map(length))
      const system = gradients.map((g) => gradients.map((h) => dot(g, h) / longest ** 2))
      const b = balanceMatrix(system)
      const got = weigh((a) => aligned(a, 5), gradients)
      const wanted = gradients.map((_, t) => b.reduce((sum, row) => sum + row[t], 0) / gradients.length)
      const unit = gross(wanted, gradients)
      gradients.forEach((g, t) => expect(Math.abs(got[t] - wanted[t]) * length(g)).toBeLessThan(1e-4 * unit))
    }), { numRuns: 200 })
  })

  it('scale alone changes nothing but scale: PCGrad and Aligned-MTL', () => {
    const orders = (): tf.Tensor => tf.tensor3d([[[0, 1], [1, 0]]])
    const pair: Vectors = [[1, 0], [-1, 1]]
    for (const scale of [1e-10, 1e-6, 1, 1e6]) {
      const scaled = pair.map((g) => g.map((x) => x * scale))
      expect(near(weigh((a) => projected(a, orders()), scaled), weigh((a) => projected(a, orders()), pair))).toBe(true)
      expect(near(weigh((a) => aligned(a, 5), scaled), weigh((a) => aligned(a, 5), pair), 1e-4)).toBe(true)
    }
  })
})

it('more tasks than all of their sets can be looked at for are refused', () => {
  const eleven = Array.from({ length: 11 }, (_, t) => [t])
  for (const kind of ['mgda', 'cagrad'] as const) {
    expect(() => joint({ kind }, ...eleven)).toThrow(`'${kind}' looks at every set of tasks, for at most 10 of them; there are 11`)
  }
})
