import { z } from 'zod'

import type { Candidate } from '../choice.js'

export const lossesField = z
  .string()
  .min(1)
  .default('losses')
  .describe('Name of the extra by which the strategy has clients send their losses; without it, how far the last update moved the trunk counts')

/**
 * How badly a client's rows are served, as far as the aggregator knows: the root of the mean square of the losses that it sent
 * with its last answer, or, where it sends none, how far that answer moved the trunk. Undefined: it has not been heard.
 */
export const needOf = ({ last }: Candidate, losses: string): number | undefined => {
  if (last === undefined) return undefined
  const sent = last.extras[losses]
  if (sent === undefined || sent.length === 0) return last.change
  let square = 0
  for (const loss of sent) square += loss * loss
  return Math.sqrt(square / sent.length)
}
