import { z } from 'zod'

import { codecEntry } from './entry.js'
import { uniform, uniformFields, uniformSource, uniformTraits } from './coding/uniform.js'

/** Whole numbers from -127 to 127 times a step of each group of numbers, a byte each. */
export const int8 = codecEntry({
  kind: 'int8',
  sentence: 'Whole numbers from -127 to 127 times a step: 8 bits each, and a scale of 4 bytes for each row, segment or block.',
  source: uniformSource,
  schema: z.strictObject({ kind: z.literal('int8'), ...uniformFields }),
  makes: 'numbers',
  traits: uniformTraits,
  build: (options) => uniform(8, options),
})
