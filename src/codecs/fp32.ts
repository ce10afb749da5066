import { z } from 'zod'

import { sizeOf, type Codec } from './codec.js'
import { codecEntry, plain } from './entry.js'

/** Numbers as they lie in memory. */
export const exact: Codec = {
  encode: ({ values }, out) => {
    out.floats(values)
  },
  decode: (bytes, _, into) => {
    bytes.floats(into)
  },
  bound: ({ values }) => new Float64Array(values.length),
  most: (shapes) => 4 * sizeOf(shapes),
}

export const fp32 = codecEntry({
  kind: 'fp32',
  sentence: 'Numbers as they are: 32 bits each.',
  source: 'IEEE 754 binary32',
  schema: z.strictObject({ kind: z.literal('fp32') }),
  makes: 'numbers',
  traits: () => plain,
  build: () => exact,
})
