/**
 * The plain mean over scenarios of those that have a value, so that a large scenario counts no more than a small one.
 */
export const macroMean = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}
