/** erf by Abramowitz and Stegun 7.1.6, all of whose terms are positive. */
const erfSeries = (x: number): number => {
  let term = x
  let sum = x
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (2 * x * x) / (2 * k + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** The logarithm of erfc(x) e^(x^2) sqrt(pi), by the continued fraction 7.1.14, from the bottom up: good to 1e-15 from 2 on. */
const logTail = (x: number): number => {
  let fraction = x
  for (let k = 120; k >= 1; k--) fraction = x + k / 2 / fraction
  return -Math.log(fraction)
}

/** The logarithm of the complementary error function, which itself is 0 to a computer from 27 on: good to 1e-12. */
export const logErfc = (x: number): number => {
  if (x >= 2) return logTail(x) - x * x - Math.log(Math.PI) / 2
  if (x > -2) return Math.log1p(-Math.sign(x) * erfSeries(Math.abs(x)))
  return Math.log(2 - Math.exp(logErfc(-x)))
}
