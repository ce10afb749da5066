import { z } from 'zod'

import { selectionEntry } from './entry.js'
import { weightedSample } from './weighted.js'

/** Drawn with probabilities proportional to rows. */
export const proportional = selectionEntry({
  kind: 'proportional',
  sentence: 'Draws clients one after the other, each with probability proportional to its training rows among those that are left.',
  source: 'Li et al., FedProx, MLSys 2020, algorithm 2 (probability p_k), without putting back: Efraimidis and Spirakis, IPL 97, 2006, algorithm A',
  schema: z.strictObject({ kind: z.literal('proportional') }),
  rule: () => ({
    choose: (_, candidates, { wanted, draw }) => ({
      names: weightedSample(
        candidates.map(({ name, examples: weight }) => ({ name, weight })), wanted, (who) => draw('proportional', who),
      ),
    }),
  }),
})
