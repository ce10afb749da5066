import { z } from 'zod'

import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { deviceClasses, radioClasses, servers } from './constants.js'

/** Watts, joules per million bytes, or money per 10^9 bytes. */
const rate = z.number().min(0).max(1e12)

const tariffSchema = z
  .strictObject({
    up: rate.prefault(0).describe('For 10^9 bytes that the client sends'),
    down: rate.prefault(0).describe('For 10^9 bytes that are sent to it'),
    free: rate.prefault(0).describe('So many times 10^9 bytes, both ways together, cost nothing'),
    every: durationSchema.refine((us) => us > 0, 'an allowance lasts for some time').optional()
      .describe('The allowance comes again after this time; once for the flight when absent'),
  })
  .refine(({ every, free }) => every === undefined || free > 0, { error: 'there is no allowance that could come again: give `free`', path: ['every'] })

const tailSchema = z.strictObject({
  watts: rate.describe('While the radio is still on'),
  lasts: durationSchema.describe('For so long after bytes have passed'),
})

/** What is said of all clients, and of some. */
const ofClients = {
  device: z.enum(deviceClasses).optional().describe('Class of device, for watts in training; core when absent'),
  training: rate.optional().describe('Watts in training, in place of those of the class'),
  radio: z.enum(radioClasses).optional().describe('What bytes cost the device, by technology; wired when absent'),
  sent: rate.optional().describe('Joules per million bytes that it sends, in place of those of the radio'),
  received: rate.optional().describe('Joules per million bytes that are sent to it, in place of those of the radio'),
  tail: tailSchema.optional().describe('What the radio uses after bytes have passed, in place of that of the technology'),
  infrastructure: rate.optional().describe('Joules per million bytes between client and server, in lines, masts, routers; 0 when absent'),
  tariff: tariffSchema.optional().describe('What bytes on the client’s line cost in money; nothing when absent'),
}

const serversSchema = z.strictObject({
  watts: rate.prefault(servers.watts.value).describe('Of each server, for as long as the flight lasts'),
  bytes: rate.prefault(servers.bytes.value).describe('Joules per million bytes that servers send to each other'),
  pue: z.number().min(1).max(100).prefault(servers.pue.value).describe('What the data centre takes for each joule of a server'),
  egress: rate.prefault(0).describe('Money for 10^9 bytes that servers send to clients'),
})

/** What a federation costs beyond bytes. It changes nothing of the flight: it is reckoned from the ledger and the trainings. */
export const costsSchema = z.strictObject({
  ...ofClients,
  currency: z.string().min(1).max(12).prefault('money').describe('What money is called'),
  servers: serversSchema.optional().describe('Servers are counted, too'),
  rounds: z.boolean().prefault(false).describe('rounds.ndjson says what each round cost'),
  overrides: z.array(z.strictObject({ who: selectorSchema, ...ofClients })).prefault([])
    .describe('Of some clients; later ones win. A `device` or `radio` takes the place of numbers that were given before it'),
})

export type Costs = z.output<typeof costsSchema>
/** What is said of one client. */
export type ClientCosts = Partial<z.output<z.ZodObject<typeof ofClients>>>
export type Tariff = z.output<typeof tariffSchema>
export type ServerCosts = z.output<typeof serversSchema>
