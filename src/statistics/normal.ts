/** The standard normal distribution function, by the series of Abramowitz and Stegun 26.2.11: good to 1e-14 within 6 of 0. */
export const normalCdf = (z: number): number => {
  if (Math.abs(z) > 6) return z > 0 ? 1 : 0
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-18; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
}

/** The z whose distribution function is `p`, within 6 of 0. */
export const normalQuantile = (p: number): number => {
  let [low, high] = [-6, 6]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
