import { z } from 'zod'

import { type Asked, selectionEntry } from './entry.js'

/** All that are there. Says what rounds without `select` do, and that they are not to have it. */
export const everybody = selectionEntry({
  kind: 'all',
  sentence: 'Asks everybody who is there: rounds may not say how many.',
  source: 'Bonawitz et al., Towards Federated Learning at Scale, MLSys 2019, section 2.2, without a goal count',
  schema: z.strictObject({ kind: z.literal('all') }),
  rule: () => undefined,
  problems: ({ select, concurrency }: Asked) => {
    const [field, value] = select === undefined ? ['concurrency', concurrency] : ['select', select]
    if (value === undefined) return []
    return [{ rule: `asks everybody, and rounds.${field} is ${value}`, advice: `Take rounds.${field} away, or choose by another rule.` }]
  },
})
