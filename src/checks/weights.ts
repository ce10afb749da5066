import { SafetyError } from '../errors.js'

/** *Weights*: for a strategy that declares `convex`, weights are non-negative and sum to 1 within 1e-12. */
export const checkWeights = (part: string, round: number, weights: Float64Array): void => {
  let sum = 0
  for (const weight of weights) {
    if (!(weight >= 0)) throw new SafetyError(`check 'weights': round ${round} of ${part} has the weight ${weight}`)
    sum += weight
  }
  if (!(Math.abs(sum - 1) <= 1e-12)) {
    throw new SafetyError(`check 'weights': the weights of round ${round} of ${part} sum to ${sum}, not to 1`)
  }
}
