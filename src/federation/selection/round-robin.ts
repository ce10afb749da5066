import { z } from 'zod'

import { selectionEntry } from './entry.js'

/** Whoever has waited longest. */
export const roundRobin = selectionEntry({
  kind: 'round-robin',
  sentence: 'Asks whoever was not asked for longest: nobody twice before everybody who is there was asked once.',
  source: 'round-robin scheduling, as for clients in Yang et al., Scheduling Policies for Federated Learning, IEEE Trans. Comm. 2020',
  schema: z.strictObject({ kind: z.literal('round-robin') }),
  rule: () => ({
    choose: (_, candidates, { wanted }) => ({
      names: candidates.toSorted((a, b) => a.turn - b.turn).slice(0, wanted).map(({ name }) => name),
    }),
  }),
})
