import { z } from 'zod'

import { selectionEntry } from './entry.js'

/** Whoever comes first in an order that is drawn for each round. */
export const atRandom = selectionEntry({
  kind: 'random',
  sentence: 'Asks the first of an order that is drawn for each round, all clients alike: what rounds do without a selection.',
  source: 'McMahan et al., AISTATS 2017, algorithm 1',
  schema: z.strictObject({ kind: z.literal('random') }),
  rule: () => undefined,
})
