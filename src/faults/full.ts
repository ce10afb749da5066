import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { Inbox } from './inbox.js'
import { idField, inRounds, inTime, ordered, orderedRule, windowFields } from './window.js'
import { many, names, verb } from './words.js'

/** `full('aggregator', { service: '20 ms', inbox: 16 })`: an actor that takes so many messages at once. */
export const full = faultEntry({
  kind: 'full',
  sentence: 'An actor handles so many messages at once; more wait in its inbox; where that is full they are refused, or hold their lines.',
  source: 'Kendall, Annals of Mathematical Statistics 24, 1953: queues D/D/c/K; Welsh, Culler and Brewer, SEDA, SOSP 2001; Perros, Queueing Networks with Blocking, 1994: blocking after service',
  schema: z
    .strictObject({
      kind: z.literal('full'),
      who: selectorSchema,
      service: durationSchema.describe('How long a message is handled before it takes effect')
        .refine((service) => service > 0, 'must be above 0: what takes no time fills nothing'),
      takes: z.int().min(1).prefault(1).describe('Messages that are handled at once'),
      inbox: z.int().min(0).optional().describe('Messages that may wait; no bound when absent'),
      beyond: z.enum(['refuse', 'wait']).optional().describe(
        'With `inbox`, what finds no place there: it is refused (so when absent), or waits and holds its lines until there is one',
      ),
      ...windowFields,
      id: idField,
    })
    .refine(({ inbox, beyond }) => inbox !== undefined || beyond === undefined, {
      error: '`beyond` says what becomes of messages for which there is no place: it goes with `inbox`', path: ['beyond'],
    })
    .refine(ordered, orderedRule),
  targets: 'anyone',
  dials: { fields: { who: dial.server(), service: dial.duration(0.2), inbox: dial.places(), beyond: dial.word(undefined, 'wait') }, ways: dial.windows },
  describe: ({ service, takes, inbox, beyond }, planned) => {
    const bound = inbox === undefined ? 'without a bound' : `of ${many(inbox, 'message')}`
    const room = beyond === 'wait' ? `${bound}, beyond which messages hold their lines` : bound
    return `${names(planned.targets)} ${verb(planned, 'handles', 'handle')} ${many(takes, 'message')} at once for ${formatMicros(service)}, inbox ${room}`
  },
  effects: {
    handled: (n, us) => `${many(n, 'message')} handled (${formatMicros(us)} of work)`,
    'kept waiting': (n, us) => `${many(n, 'message')} kept waiting (${formatMicros(us)})`,
    'found no place': (n, us) => `${many(n, 'message')} found no place in it and held ${n === 1 ? 'its line' : 'their lines'} (${formatMicros(us)})`,
    refused: (n, bytes) => `${many(n, 'message')} refused (${bytes} bytes sent in vain)`,
  },
  compile: ({ id, fault, targets }, { strike, live }) => {
    const { service, takes, inbox, beyond } = fault
    const waits = beyond === 'wait'
    const places = inbox === undefined ? undefined : takes + inbox
    const inboxes = new Map(targets.map((name) => [name, new Inbox({ takes, service, places: places ?? Infinity, waits })]))
    /** Whom each message is for that holds its lines. */
    const standing = new Map<number, Name>()
    /** What waits for a place is asked about again: there is one sooner than was known. */
    const again = (who: Name, at: Micros): void => live({ kind: 'release', who, at, fault: id })
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
          if ('enters' in place) {
            standing.set(envelope, to)
            return { hold: place.enters, by: id, stands: true }
          }
          standing.delete(envelope)
          strike(to, envelope, 'handled', envelope, service)
          if (place.waits > 0) strike(to, envelope, 'kept waiting', envelope, place.waits)
          if (place.stood > 0) strike(to, envelope, 'found no place', envelope, place.stood)
          return { hold: place.handled, by: id }
        },
      },
      reader: {
        kinds: ['life', 'drop'],
        see: (event) => {
          const { actor, at } = event
          if (event.kind === 'life' && event.what === 'crash' && inboxes.get(actor)?.clear(at) === true) again(actor, at)
          if (event.kind !== 'drop' || !standing.delete(event.envelope)) return
          if (inboxes.get(actor)!.leaves(event.envelope, at)) again(actor, at)
        },
      },
    }
  },
})
