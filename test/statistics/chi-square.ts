/**
 * How far counts are from equal, in standard deviations of what chance does to equal ones: Pearson's chi-square, made
 * normal by Wilson and Hilferty's cube root (PNAS 17, 1931). Good from two cells of ten or so.
 */
export const unevenness = (counts: readonly number[]): number => {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length
  const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  const freedom = counts.length - 1
  const spread = 2 / (9 * freedom)
  return (Math.cbrt(chi / freedom) - (1 - spread)) / Math.sqrt(spread)
}
