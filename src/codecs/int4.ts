import { z } from 'zod'

import { codecEntry } from './entry.js'
import { uniform, uniformFields, uniformSource, uniformTraits } from './coding/uniform.js'

/** Whole numbers from -7 to 7 times a step of each group of numbers, two a byte. */
export const int4 = codecEntry({
  kind: 'int4',
  sentence: 'Whole numbers from -7 to 7 times a step: 4 bits each, and a scale of 4 bytes for each row, segment or block.',
  source: uniformSource,
  schema: z.strictObject({ kind: z.literal('int4'), ...uniformFields }),
  makes: 'numbers',
  traits: uniformTraits,
  build: (options) => uniform(4, options),
})
