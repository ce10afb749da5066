/** The density of the standard normal distribution. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

/** Its mass from 0 to x, by the series whose terms are all positive: density(x) (x + x^3 / 3 + x^5 / 15 + ...). */
const mass = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 3; term > sum * 1e-18; n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return density(x) * sum
}

/** The mean between a and b, which may be infinite. */
const meanBetween = (a: number, b: number): number =>
  b === Infinity ? density(a) / (0.5 - mass(a)) : (density(a) - density(b)) / (mass(b) - mass(a))

/**
 * The centroids above 0 of the quantiser with 2 `count` levels of least squared error for the standard normal distribution:
 * each is the mean of what lies nearest to it. By iteration until nothing moves (Lloyd 1982, method I; Max 1960).
 */
export const lloydMax = (count: number): number[] => {
  let centroids = Array.from({ length: count }, (_, i) => (3 * (i + 0.5)) / count)
  for (;;) {
    const edges = [0, ...centroids.slice(1).map((centroid, i) => (centroid + centroids[i]) / 2), Infinity]
    const moved = centroids.map((_, i) => meanBetween(edges[i], edges[i + 1]))
    const change = Math.max(...moved.map((centroid, i) => Math.abs(centroid - centroids[i])))
    centroids = moved
    if (change < 1e-15) return centroids
  }
}

/** The mean squared error of a quantiser whose levels are means of what they stand for: 1 - E[c^2]. */
export const distortionOf = (centroids: readonly number[]): number => {
  const edges = [0, ...centroids.slice(1).map((centroid, i) => (centroid + centroids[i]) / 2)]
  const masses = edges.map((edge, i) => (i + 1 < edges.length ? mass(edges[i + 1]) : 0.5) - mass(edge))
  return 1 - 2 * centroids.reduce((sum, centroid, i) => sum + centroid * centroid * masses[i], 0)
}
