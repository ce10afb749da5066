import type { Draws } from '../../codecs/coding/draws.js'

/** In (0, 1], of 53 bits: no logarithm of it is infinite, and tails go on to 8 standard deviations. */
const uniform = (draws: Draws): number => ((draws.next() >>> 5) * 67_108_864 + (draws.next() >>> 6) + 1) / 9_007_199_254_740_992

/** Adds independent normal noise of this standard deviation to every number (Box, Muller 1958, in pairs). */
export const addGaussian = (values: Float64Array, deviation: number, draws: Draws): void => {
  if (deviation === 0) return
  for (let i = 0; i < values.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(uniform(draws)))
    const angle = 2 * Math.PI * uniform(draws)
    values[i] += radius * Math.cos(angle)
    if (i + 1 < values.length) values[i + 1] += radius * Math.sin(angle)
  }
}
