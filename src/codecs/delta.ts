import { z } from 'zod'

import { codecEntry } from './entry.js'

/**
 * Changes of the last model that both ends are known to have, in place of the numbers themselves; the codecs that follow code
 * them. A change is taken in 32 bits, so that what comes back may differ from what was sent in its last bit. What codes
 * changes by itself (such as `topK`) needs no `delta` before it.
 */
export const delta = codecEntry({
  kind: 'delta',
  sentence: 'Changes of the last model that both ends are known to have; all of it where there is none.',
  source: 'Konecny et al., Federated Learning: Strategies for Improving Communication Efficiency (2016), section 1: updates H = W_local - W',
  schema: z.strictObject({ kind: z.literal('delta') }),
  makes: 'choice',
  traits: () => ({ unbiased: true, readsNumbers: false, sums: true, remembers: false, of: 'changes' }),
  build: (_, inner) => inner,
})
