import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { faultEntry } from './fault.js'
import { idField, inTime, ordered, orderedRule, windowFields } from './window.js'
import { many, names } from './words.js'

const { from, until } = windowFields

/** `forget('aggregator', { by: 2 })`: a checkpoint that is older than its actor believes. */
export const forget = faultEntry({
  kind: 'forget',
  sentence: 'Who comes back from a crash with a checkpoint has one that is `by` rounds older than the last it had written.',
  source: 'Lost writes: Bairavasundaram et al., An Analysis of Data Corruption in the Storage Stack, FAST 2008',
  schema: z
    .strictObject({
      kind: z.literal('forget'),
      who: selectorSchema,
      by: z.int().min(1).max(10_000).describe('Rounds; with fewer written it comes back with nothing'),
      from,
      until,
      id: idField,
    })
    .refine(ordered, orderedRule),
  targets: 'anyone',
  dials: { fields: { who: dial.anyone(), by: dial.count(1, 4) } },
  describe: ({ by }, { targets }) => `checkpoints of ${names(targets)} are ${many(by, 'round')} older than believed`,
  effects: { forgot: (n) => `${many(n, 'return')} with an older checkpoint` },
  compile: ({ fault, targets }, { strike, events }) => ({
    forgetful: fault.by,
    forgotten: (who, at) => (targets.includes(who) && inTime(fault, at) ? fault.by : 0),
    reader: {
      kinds: ['life'],
      see: (event) => {
        if (event.kind !== 'life' || event.what !== 'restart' || event.keeps !== 'checkpoint') return
        if (targets.includes(event.actor) && inTime(fault, event.at) && events.isOn(event.at)) strike(event.actor, `${event.actor} ${event.at}`, 'forgot')
      },
    },
  }),
})
