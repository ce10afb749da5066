import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { type Course, faultEntry } from './fault.js'
import { throttlingNames, throttlings } from './throttling.js'
import { endOf, factorField, idField, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, whom } from './words.js'

const times = (factor: number): string => `${factor} times slower`

/** `slow(one(), { by: 8 })`: stragglers. */
export const slow = faultEntry({
  kind: 'slow',
  sentence: 'A straggler: everything the device computes takes `by` times as long, or as a profile over time or its heat says.',
  source: 'Li et al., FedProx, MLSys 2020, section 5.2; device profiles of Lai et al., FedScale, ICML 2022',
  schema: z
    .strictObject({
      kind: z.literal('slow'),
      who: selectorSchema,
      by: factorField.optional().describe('Speed is divided by this'),
      profile: z
        .array(z.tuple([durationSchema, factorField]))
        .min(1)
        .optional()
        .describe('[instant, factor] pairs in order; each factor holds until the next instant, the last for good'),
      throttle: z.enum(throttlingNames).optional().describe('A measured profile of a device that gets hot while it works'),
      since: z
        .enum(['flight', 'training'])
        .optional()
        .describe('What instants of a profile count from: the beginning of the flight (default), or of the client’s training for a round (default with `throttle`), by which it has cooled down'),
      ...windowFields,
      probability: perClientRound,
      id: idField,
    })
    .refine(ordered, orderedRule)
    .refine((fault) => (fault.profile ?? []).every(([at], i, all) => i === 0 || all[i - 1][0] < at), {
      error: 'instants must increase',
      path: ['profile'],
    }),
  either: ['by', 'profile', 'throttle'],
  targets: 'anyone',
  midRound: true,
  dials: { fields: { who: dial.clients(), by: dial.factor(1.5, 64) }, ways: dial.windows },
  describe: ({ by, profile = [], throttle, since = throttle === undefined ? 'flight' : 'training' }, planned) => {
    const of = since === 'training' ? ' of a training' : ''
    if (throttle !== undefined) return `${whom(planned)} slower with the heat${of} (${throttle})`
    const shares = profile.map(([at, factor]) => `${times(factor)} from ${formatMicros(at)}${of}`).join(', ')
    return `${whom(planned)} ${by === undefined ? shares : times(by)}`
  },
  effects: { 'training slowed': (n, us) => `${many(n, 'training')} slowed (${formatMicros(us)} longer)` },
  compile: ({ fault }, { strike, strikes }) => {
    const { throttle, since = throttle === undefined ? 'flight' : 'training', by = 1 } = fault
    const { profile = throttle === undefined ? [[0, by] as const] : throttlings[throttle] } = fault
    const { from = 0 } = fault
    const until = endOf(fault) ?? Infinity
    const courseOf = (origin: Micros): Course => {
      const within = profile.map(([at]) => at + origin).filter((at) => at > from && at < until)
      return {
        changes: [from, ...within, ...(until === Infinity ? [] : [until])],
        factor: (at) => {
          if (at < from || at >= until) return 1
          let factor = 1
          for (const [begin, value] of profile) if (begin + origin <= at) factor = value
          return factor
        },
      }
    }
    const always = courseOf(0)
    return {
      slow: {
        strikes,
        course: (origin) => (since === 'flight' ? always : courseOf(origin)),
        slowed: (client, round, start, longer) =>
          strike(client, `${client} ${round}`, 'training slowed', `${client} ${round} ${start}`, longer),
      },
    }
  },
})
