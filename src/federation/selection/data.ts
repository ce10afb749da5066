import { z } from 'zod'

import { selectionEntry } from './entry.js'

/** Those with the most rows first, or with the fewest. */
export const byData = selectionEntry({
  kind: 'data',
  sentence: 'Asks the clients with the most training rows, or the fewest.',
  source: 'ours: the greedy counterpart of proportional',
  schema: z.strictObject({
    kind: z.literal('data'),
    prefer: z.enum(['most', 'least']).default('most').describe('Who comes first'),
  }),
  rule: ({ prefer }) => ({
    choose: (_, candidates, { wanted }) => ({
      names: candidates
        .toSorted((a, b) => (prefer === 'most' ? b.examples - a.examples : a.examples - b.examples))
        .slice(0, wanted).map(({ name }) => name),
    }),
  }),
})
