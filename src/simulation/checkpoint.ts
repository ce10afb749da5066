import { z } from 'zod'

import { bandwidthSchema } from '../network/units.js'
import { durationSchema } from '../time/duration.js'
import { seconds } from '../time/micros.js'

/** What actors write down, to come back with it after a crash. */
export const checkpointSchema = z.strictObject({
  every: z
    .union([z.int().min(1), z.literal('message')])
    .prefault(1)
    .describe('Rounds between two checkpoints of an actor; `message`: all that is taken in is written down at once, and nothing is lost'),
  cost: durationSchema.prefault(0).describe('Virtual time that writing one takes a server, whatever its size; it does nothing else meanwhile'),
  rate: bandwidthSchema.optional().describe('Bandwidth to the store: the bytes of parameters and of what the strategy remembers take their time'),
  patience: durationSchema
    .prefault(seconds(30))
    .describe('How long a server that has come back waits for word of its peers, and the others for it'),
}).refine(({ every, cost, rate }) => every !== 'message' || (cost === 0 && rate === undefined), {
  error: '`every: message` has no price: give it without `cost` and `rate`',
  path: ['every'],
})

/** With every default filled in. */
export type Checkpoint = z.output<typeof checkpointSchema>
