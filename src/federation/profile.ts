import { stepsIn } from '../engine/feeding/batches.js'
import type { Micros } from '../time/micros.js'
import type { Strategy } from './strategies/strategy.js'
import type { ClientTerms } from './terms.js'

/**
 * Undisturbed virtual time that a client's device trains for a round, all legs: what it would be profiled at before the
 * flight. Without transfers, and without legs that measure models.
 */
export const profileOf = (
  { rows, batch, epochs, stepCosts }: Pick<ClientTerms, 'rows' | 'batch' | 'epochs' | 'stepCosts'>,
  { legs }: Pick<Strategy, 'legs'>,
): Micros =>
  legs.reduce((sum, { epochs: factor = 1, repeats = 1, scores }, leg) => {
    if (scores !== undefined) return sum
    return sum + Math.ceil(stepsIn(rows, batch, { epochs: epochs * factor * repeats }) * stepCosts[leg])
  }, 0)
