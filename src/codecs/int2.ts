import { z } from 'zod'

import { codecEntry } from './entry.js'
import { uniform, uniformFields, uniformSource, uniformTraits } from './coding/uniform.js'

/** Whole numbers from -1 to 1 times a step of each group of numbers, four a byte. */
export const int2 = codecEntry({
  kind: 'int2',
  sentence: 'Whole numbers from -1 to 1 times a step: 2 bits each, and a scale of 4 bytes for each row, segment or block.',
  source: uniformSource,
  schema: z.strictObject({ kind: z.literal('int2'), ...uniformFields }),
  makes: 'numbers',
  traits: uniformTraits,
  build: (options) => uniform(2, options),
})
