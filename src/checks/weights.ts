import { check, Violation } from './check.js'

export const weights = check({
  name: 'weights',
  promise: 'For a strategy that declares `convex`, weights are non-negative and sum to 1 within 1e-12.',
  kinds: ['fold'],
  see: (event) => {
    if (event.kind !== 'fold' || event.weights === undefined) return
    const { round, part, at: time, actor } = event
    let sum = 0
    for (const weight of event.weights) {
      if (!(weight >= 0)) {
        throw new Violation('weights', `round ${round} of ${part} has the weight ${weight}`, { time, round, actors: [actor] })
      }
      sum += weight
    }
    if (Math.abs(sum - 1) <= 1e-12) return
    const what = `the weights of round ${round} of ${part} sum to ${sum}, not to 1`
    throw new Violation('weights', what, { time, round, actors: [actor] })
  },
})
