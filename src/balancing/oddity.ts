/**
 * The square of the shortest gradient that a balancer tells from none, 1e-18 long: shorter ones have no square in single
 * precision to speak of. Apart from the balancers, for workers that load no TensorFlow.js.
 */
export const tiny = 1e-36

/** What a gradient is, by the square of its length; undefined for one like any other. */
export const oddity = (square: number): 'none' | 'notFinite' | undefined => {
  if (square > tiny && square < Infinity) return undefined
  return square <= tiny ? 'none' : 'notFinite'
}
