import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { Inbox } from './inbox.js'
import { idField, inRounds, inTime, ordered, orderedRule, windowFields } from './window.js'
import { many, names, verb } from './words.js'

/** `full('aggregator', { service: '20 ms', inbox: 16 })`: an actor that takes so many messages at once. */
export const full = faultEntry({
  kind: 'full',
  sentence: 'An actor handles so many messages at once; more wait in its inbox, and are refused where that is full.',
  source: 'Kendall, Annals of Mathematical Statistics 24, 1953: queues D/D/c/K; Welsh, Culler and Brewer, SEDA, SOSP 2001',
  schema: z
    .strictObject({
      kind: z.literal('full'),
      who: selectorSchema,
      service: durationSchema.describe('How long a message is handled before it takes effect')
        .refine((service) => service > 0, 'must be above 0: what takes no time fills nothing'),
      takes: z.int().min(1).prefault(1).describe('Messages that are handled at once'),
      inbox: z.int().min(0).optional().describe('Messages that may wait; what finds no place is refused. No bound when absent'),
      ...windowFields,
      id: idField,
    })
    .refine(ordered, orderedRule),
  targets: 'anyone',
  dials: { fields: { who: dial.server(), service: dial.duration(0.2), inbox: dial.count(32, 1) }, ways: dial.windows },
  describe: ({ service, takes, inbox }, planned) => {
    const room = inbox === undefined ? 'without a bound' : `of ${many(inbox, 'message')}`
    return `${names(planned.targets)} ${verb(planned, 'handles', 'handle')} ${many(takes, 'message')} at once for ${formatMicros(service)}, inbox ${room}`
  },
  effects: {
    handled: (n, us) => `${many(n, 'message')} handled (${formatMicros(us)} of work)`,
    'kept waiting': (n, us) => `${many(n, 'message')} kept waiting (${formatMicros(us)})`,
    refused: (n, bytes) => `${many(n, 'message')} refused (${bytes} bytes sent in vain)`,
  },
  compile: ({ id, fault, targets }, { strike }) => {
    const { service, takes, inbox } = fault
    const places = inbox === undefined ? undefined : takes + inbox
    const inboxes = new Map(targets.map((name) => [name, new Inbox(takes, service, places ?? Infinity)]))
    return {
      inbox: {
        id,
        places,
        ask: ({ id: envelope, to, round, bytes }, now) => {
          if (!inRounds(fault, round) || !inTime(fault, now)) return 'deliver'
          const place = inboxes.get(to)!.ask(envelope, now)
          if (place === 'handled') return 'deliver'
          if (place === 'gone') return { drop: id }
          if (place === 'no room') {
            strike(to, envelope, 'refused', envelope, bytes.length)
            return { drop: id, refused: true }
          }
          strike(to, envelope, 'handled', envelope, service)
          if (place.waits > 0) strike(to, envelope, 'kept waiting', envelope, place.waits)
          return { hold: place.handled, by: id }
        },
      },
      see: (event) => {
        if (event.kind === 'life' && event.what === 'crash') inboxes.get(event.actor)?.clear(event.at)
      },
    }
  },
})
