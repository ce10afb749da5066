import { expect, it } from 'vitest'

import { Accountant, epsilonOf, orders } from '../../../src/federation/privacy/accountant.js'
import { sampledGaussian } from '../../../src/federation/privacy/renyi.js'
import { logErfc } from '../../../src/statistics/log-erfc.js'

const epsilon = (q: number, noise: number, times: number, delta: number, at?: readonly number[]): number => {
  const accountant = new Accountant(at)
  accountant.compose(q, noise, times)
  return accountant.epsilon(delta)
}

const near = (value: number, reference: number, tolerance = 1e-3): void => {
  expect(Math.abs(value - reference)).toBeLessThanOrEqual(tolerance * Math.abs(reference))
}

const range = (from: number, to: number, by = 1): number[] => Array.from({ length: Math.round((to - from) / by) }, (_, i) => from + i * by)

/** As Opacus has it: opacus/accountants/rdp.py, DEFAULT_ALPHAS. */
const ofOpacus = [...range(1, 100).map((x) => 1 + x / 10), ...range(12, 64)]
/** As TensorFlow Privacy had it, before dp-accounting: compute_dp_sgd_privacy_lib.py. */
const ofTensorFlow = [1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, ...range(5, 64), 128, 256, 512]

it.each([
  // Opacus, opacus/tests/accountants_test.py, test_rdp_accountant.
  ['Opacus', 0.04, 1.5, 2250, 1e-5, 7.32911117143, ofOpacus],
  // TensorFlow Privacy, compute_dp_sgd_privacy_test.py, Test0 to Test2: rows, batch, noise, epochs.
  ['TensorFlow Privacy, 60,000 rows', 150 / 60_000, 1.3, 6000, 1e-5, 0.7242234026109595, ofTensorFlow],
  ['TensorFlow Privacy, 100,000 rows', 100 / 100_000, 1, 30_000, 1e-7, 1.4154988495444842, ofTensorFlow],
  ['TensorFlow Privacy, little noise', 1024 / 1e8, 0.1, 976_563, 1e-7, 5907982.3113978775, ofTensorFlow],
  // The same file, test_compute_dp_sgd_example_privacy, without microbatches: an epoch is a release; a share of one is one.
  ['TensorFlow Privacy, no sampling', 1, 0.7, 2, 1e-5, 10.8602036, orders],
  ['TensorFlow Privacy, sampling', 0.01, 0.7, 120, 1e-5, 3.2392676, orders],
] as const)('agrees with %s', (_, q, noise, times, delta, reference, at) => {
  near(epsilon(q, noise, times, delta, at), reference)
})

/** Whole orders, of which all libraries make the same. */
const whole = [...range(2, 65), 128, 256, 512, 1024]

// Opacus 1.6.0, opacus.accountants.analysis.rdp: compute_rdp and get_privacy_spent at its default orders; dp-accounting 0.6.0 (Google),
// RdpAccountant at whole orders: SelfComposed(PoissonSampled(q, Gaussian(noise)), times).
it.each([
  [1, 4, 1, 1e-5, 1.0125506277526435, 1.0125506277526433],
  [1, 1, 10, 1e-5, 19.05359753163139, 19.801691480042894],
  [1, 0.7, 1, 1e-5, 7.162778443058905, 7.169494281892891],
  [1, 20, 1000, 1e-6, 8.846874358507938, 8.855389993163014],
  [0.01, 1, 1000, 1e-5, 2.1013652716430564, 2.1077530754515745],
  [0.1, 1.1, 100, 1e-5, 6.613704345072384, 6.745046581290989],
  [0.5, 2, 50, 1e-6, 11.304705270885446, 11.45414369442108],
  [0.05, 0.6, 200, 1e-5, 17.529537692236918, 17.529537692236932],
  [0.001, 0.8, 10_000, 1e-7, 2.0234287657139194, 2.049063613477495],
  [0.9, 3, 20, 1e-5, 6.772846275115025, 6.791455613142512],
  [0.2, 8, 500, 1e-5, 2.485029508716519, 2.4891275987296964],
  [256 / 60_000, 1.1, 14_063, 1e-5, 2.5966555286883684, 2.5970795196566616],
  [0.3, 0.3, 5, 1e-5, 45.320008331349925, 53.643214128955776],
])('agrees with Opacus and dp-accounting: q %f, noise %f, %i times, delta %f', (q, noise, times, delta, opacus, google) => {
  near(epsilon(q, noise, times, delta, ofOpacus), opacus, 1e-9)
  near(epsilon(q, noise, times, delta, whole), google, 1e-9)
})

it('our own orders give no more than Opacus’s', () => {
  for (const [q, noise, times, delta] of [[0.1, 1.1, 100, 1e-5], [0.9, 3, 20, 1e-5], [1, 1, 10, 1e-5]] as const) {
    const [own, theirs] = [epsilon(q, noise, times, delta), epsilon(q, noise, times, delta, ofOpacus)]
    expect(own).toBeLessThanOrEqual(theirs)
    near(own, theirs, 1e-3)
  }
})

// rdp_privacy_accountant_test.py of dp-accounting, test_compute_rdp_poisson_sampled_gaussian. At its fractional orders, 1.5 and 2.5, that
// library adds the sizes of terms whose signs alternate, a bound that is 3 % above the integral at 1.5: those are not compared.
it('divergences at whole orders are those of dp-accounting', () => {
  const accountant = new Accountant([5, 50, 100])
  accountant.compose(0.01, 2.5, 50)
  const references = [2.18075656e-3, 2.38460375e-2, 1.67416308e2]
  references.forEach((reference, i) => near(accountant.divergences[i], reference, 1e-8))
})

// log A. Whole orders and those of large noise or order: _compute_log_a of dp-accounting 0.6.0, at parameters of its
// test_compute_log_a_equals_mp; 1.5: the integral by mpmath at 40 digits.
it.each([
  [1e-7, 0.1, 1.01, 4.0034136195371197e-8],
  [1e-5, 0.1, 256.1, 3263607.039788421],
  [1e-4, 1, 1.5, 6.44268695384e-9],
  [0.1, 100, 20.5, 1.999181845791853e-4],
  [0.99, 0.1, 256, 3263997.427114021],
  [0.999, 100, 256.1, 3.260108037973145],
  [0.5, 0.5, 7.3, 86.9200255819954],
  [0.02, 4, 3, 7.749232307514207e-5],
])('log A of q %f, sigma %f, order %f', (q, sigma, order, reference) => {
  near(sampledGaussian(q, sigma, order) * (order - 1), reference, 1e-6)
})

/** Of the integral that defines it, by Simpson's rule: slow, and without series. */
const byIntegral = (q: number, sigma: number, order: number): number => {
  const [low, high, steps] = [-30 * sigma, order + 30 * sigma, 200_000]
  const width = (high - low) / steps
  let sum = 0
  for (let i = 0; i <= steps; i++) {
    const z = low + i * width
    const ratio = 1 - q + q * Math.exp((2 * z - 1) / (2 * sigma ** 2))
    const value = Math.exp(-(z ** 2) / (2 * sigma ** 2) + order * Math.log(ratio)) / (sigma * Math.sqrt(2 * Math.PI))
    sum += value * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2)
  }
  return Math.log((sum * width) / 3) / (order - 1)
}

it.each([
  [0.1, 1, 2], [0.1, 1, 2.5], [0.5, 0.8, 3.3], [0.3, 2, 5], [0.9, 1.5, 6.7], [0.02, 0.7, 4.2], [0.25, 4, 30.5], [0.7, 1, 1.8],
])('divergence of q %f, sigma %f, order %f is the integral', (q, sigma, order) => {
  near(sampledGaussian(q, sigma, order), byIntegral(q, sigma, order), 1e-7)
})

it('fractional orders lie between whole ones, and grow with the order', () => {
  const values = range(2, 12, 0.25).map((order) => sampledGaussian(0.2, 1.3, order))
  for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThan(values[i - 1])
})

it('with everybody in every release there is no sampling: order over 2 sigma^2', () => {
  expect(sampledGaussian(1, 2, 3)).toBe(3 / 8)
  near(sampledGaussian(1 - 1e-12, 2, 3), 3 / 8, 1e-9)
})

it('nobody sampled tells nothing; without noise nothing is promised', () => {
  expect(epsilon(0, 1, 100, 1e-5)).toBe(0)
  expect(epsilon(1, 0, 1, 1e-5)).toBe(Infinity)
  expect(epsilon(0.5, 0, 1, 1e-5)).toBe(Infinity)
})

// rdp_privacy_accountant_test.py of dp-accounting, test_compute_epsilon_delta_pure_dp and _gaussian: by hand, and by the exact noise.
it('converts divergences as the improved bound does', () => {
  near(epsilonOf(range(2, 33).map(() => 1.1), 1e-5, range(2, 33)), 1.32783806176, 1e-9)
  near(epsilon(1, 4.530877117, 1, 1e-6, range(1.001, 100, 0.001)), 1, 1e-6)
})

it('releases add up, whatever their order, and different ones too', () => {
  const one = new Accountant()
  one.compose(0.1, 1, 3)
  one.compose(1, 5, 2)
  const other = new Accountant()
  for (const [q, noise] of [[1, 5], [0.1, 1], [0.1, 1], [1, 5], [0.1, 1]] as const) other.compose(q, noise)
  near(other.epsilon(1e-5), one.epsilon(1e-5), 1e-12)
})

it('epsilon falls with noise and with delta, and grows with q and with releases', () => {
  const base = epsilon(0.1, 1, 50, 1e-5)
  expect(epsilon(0.1, 1.2, 50, 1e-5)).toBeLessThan(base)
  expect(epsilon(0.1, 1, 50, 1e-4)).toBeLessThan(base)
  expect(epsilon(0.2, 1, 50, 1e-5)).toBeGreaterThan(base)
  expect(epsilon(0.1, 1, 51, 1e-5)).toBeGreaterThan(base)
})

// By mpmath at 30 digits.
it.each([
  [-3, 0.6931361352504468], [-1, 0.6112323176780705], [0, 0], [0.5, -0.7350111298370844], [1.5, -3.3844920895515527],
  [2, -5.364941264616638], [3, -10.720363041981113], [10, -102.87988902484489], [40, -1604.2615566532736],
])('log erfc(%f)', (x, reference) => {
  near(logErfc(x), reference, 1e-12)
})
