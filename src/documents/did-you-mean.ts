import { nearest } from './nearest.js'

/** `Did you mean "count"?`, or nothing when no known name is near. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known)
  return meant === undefined || meant === name ? '' : `Did you mean "${meant}"?`
}
