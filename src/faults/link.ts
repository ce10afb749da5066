import { z } from 'zod'

import { messageKinds } from '../record/message.js'
import { selectorSchema } from '../roster/selectors.js'

/** Which envelopes: all that is given must hold. `from` and `to` are selectors, names or role words. */
export const linkSchema = z.strictObject({
  from: selectorSchema.optional(),
  to: selectorSchema.optional(),
  message: z.enum(messageKinds).optional().describe('Only messages of this kind'),
  part: z.string().min(1).optional().describe('Only this part: trunk, expert-2'),
  direction: z.enum(['up', 'down', 'inside']).optional().describe('Up is from a client, inside is among servers'),
})

/** The part of a fault that says which envelopes it touches. */
export type Link = z.output<typeof linkSchema>
export type LinkInput = z.input<typeof linkSchema>
