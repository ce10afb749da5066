import { z } from 'zod'

import type { Name } from '../../roster/participant.js'
import { selectionEntry } from './entry.js'

/**
 * In cycles: nobody is asked twice in one, and the next begins when all who are there have been asked. Within a cycle those
 * who have waited longest come first. One that was away is not asked more often afterwards.
 */
export const roundRobin = selectionEntry({
  kind: 'round-robin',
  sentence: 'Asks in cycles, whoever has waited longest first: nobody twice before everybody who is there was asked once.',
  source: 'round-robin scheduling, as for clients in Yang et al., Scheduling Policies for Federated Learning, IEEE Trans. Comm. 2020',
  schema: z.strictObject({ kind: z.literal('round-robin') }),
  rule: () => ({
    /** The state: who was asked in this cycle. */
    choose: (before: readonly Name[] = [], candidates, { wanted, atLeast }) => {
      const asked = new Set(before)
      const waiting = candidates.toSorted((a, b) => a.turn - b.turn).map(({ name }) => name)
      const ending = waiting.filter((name) => !asked.has(name)).slice(0, wanted)
      const beginning = ending.length < wanted ? waiting.filter((name) => asked.has(name)).slice(0, wanted - ending.length) : []
      const names = [...ending, ...beginning]
      if (names.length < atLeast) return { names, state: before }
      return { names, state: beginning.length > 0 ? beginning : [...before, ...ending] }
    },
  }),
})
