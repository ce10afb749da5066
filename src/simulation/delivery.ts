import { z } from 'zod'

import { durationSchema } from '../time/duration.js'
import { minutes, ms, seconds } from '../time/micros.js'

/** How messages are carried beyond what the network does. */
export const deliverySchema = z.strictObject({
  checksum: z
    .union([z.literal('auto'), z.boolean()])
    .prefault('auto')
    .describe('Whether models and updates carry a checksum; `auto`: where a fault or a link may change bytes. Control messages always do'),
  acknowledge: z
    .boolean()
    .prefault(false)
    .describe('Every message is numbered and acknowledged, sent again until it is, and taken in once and in order'),
  retries: z.int().min(0).max(1000).prefault(8).describe('How often an unacknowledged message is sent again before it is given up'),
  timeout: z
    .union([z.literal('adaptive'), durationSchema.refine((us) => us > 0, 'an acknowledgement takes time')])
    .prefault(seconds(2))
    .describe('How long an acknowledgement is waited for after a message has had the time that its bytes and its line take; `adaptive`: by the round trips of before (RFC 6298)'),
  probe: durationSchema
    .refine((us) => us > 0, 'a look takes time')
    .prefault(minutes(1))
    .describe('How often clients at work are asked whether they still are, in rounds that end at no time and without a timeout'),
  backoff: z.number().min(1).max(100).prefault(2).describe('Each further wait is so many times as long'),
  shortest: durationSchema.prefault(ms(200)).describe('With `adaptive`: no first wait is shorter (TCP_RTO_MIN of Linux)'),
  longest: durationSchema.prefault(minutes(1)).describe('No wait is longer'),
  jitter: z.number().min(0).max(1).prefault(0.1).describe('A wait is longer by a share of itself, drawn from [0, jitter)'),
})

export type Delivery = z.output<typeof deliverySchema>
