import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { endOf, idField, ordered, orderedRule, windowFields } from './window.js'
import { many, names, verb } from './words.js'

const { from, until } = windowFields

/** Parts per million of the time that has passed. */
const drifted = (ppm: number, time: Micros): Micros => Math.round((ppm * time) / 1e6)

/** `skew('client-NL', { ahead: '2 s' })`, `skew(all(), { drift: -50 })`: clients whose clocks are wrong. */
export const skew = faultEntry({
  kind: 'skew',
  sentence: 'A client’s clock is ahead, behind, or drifts, so that it misjudges deadlines and its own patience.',
  source: 'Kleppmann, Designing Data-Intensive Applications, 2017, chapter 8; drift of quartz clocks: Mills, RFC 5905, 2010',
  schema: z
    .strictObject({
      kind: z.literal('skew'),
      who: selectorSchema,
      ahead: durationSchema.optional().describe('It shows so much more than the true time'),
      behind: durationSchema.optional().describe('It shows so much less than the true time'),
      drift: z.number().min(-500_000).max(500_000).prefault(0)
        .describe('Microseconds that it gains in each second of true time since `from`; loses, below 0'),
      from: from.describe('Virtual time at which it goes wrong; the beginning when absent'),
      until: until.describe('Virtual time, or the event, at which it is set right'),
      id: idField,
    })
    .refine(ordered, orderedRule)
    .refine(({ ahead, behind }) => ahead === undefined || behind === undefined, {
      error: 'a clock is either `ahead` or `behind`', path: ['behind'],
    })
    .refine(({ ahead = 0, behind = 0, drift }) => ahead + behind > 0 || drift !== 0, {
      error: 'give `ahead`, `behind` or `drift`', path: ['ahead'],
    }),
  targets: 'clients',
  dials: { fields: { who: dial.clients() }, ways: [{ behind: dial.duration(3) }, { ahead: dial.duration(3) }, { drift: dial.amount(-100_000, 100_000) }] },
  describe: ({ ahead = 0, behind = 0, drift }, planned) => {
    const off = ahead > 0 ? [`${formatMicros(ahead)} ahead`] : behind > 0 ? [`${formatMicros(behind)} behind`] : []
    if (drift !== 0) off.push(`${drift > 0 ? 'gaining' : 'losing'} ${Math.abs(drift)} us a second`)
    return `${names(planned.targets)}: ${verb(planned, 'clock', 'clocks')} ${off.join(' and ')}`
  },
  effects: {
    'gave up in time': (n, us) => `${many(n, 'round')} given up that could be answered (${formatMicros(us)} before the end)`,
    'trained less in vain': (n, us) => `${many(n, 'training')} cut down that would have fitted (${formatMicros(us)} before the end)`,
    'gave up late': (n, us) => `${many(n, 'round')} given up only after the end (${formatMicros(us)} after it)`,
    'sent late': (n, us) => `${many(n, 'update')} sent after the end of the round (${formatMicros(us)} after it)`,
    'waited otherwise': (n, us) => `${many(n, 'timer')} off (by ${formatMicros(us)})`,
  },
  compile: ({ fault, targets }, { strike, events }) => {
    const { ahead = 0, behind = 0, drift, from: begins = 0 } = fault
    const ends = endOf(fault) ?? Infinity
    /** After the last round nothing is answered any more. */
    let over = false
    const isOff = (at: Micros): boolean => at >= begins && at < ends && events.isOn(at)
    return {
      clock: {
        offset: (at) => (isOff(at) ? ahead - behind + drifted(drift, at - begins) : 0),
        drift: (at) => (isOff(at) ? drift : 0),
        waited: (client, at, delay, real) => {
          if (isOff(at)) strike(client, `${client} ${at}`, 'waited otherwise', `${client} ${at} ${delay}`, Math.abs(real - delay))
        },
      },
      reader: {
        kinds: ['round-close', 'timed'],
        see: (event) => {
          if (event.kind === 'round-close') over = event.last
          if (event.kind !== 'timed' || over || !targets.includes(event.actor) || !isOff(event.at)) return
          const { actor, at, round, does, deadline, needs } = event
          const key = `${actor} ${round}`
          if (does === 'sends') {
            if (at >= deadline) strike(actor, key, 'sent late', key, at - deadline)
          } else if (does === 'trains less') {
            if (at + needs < deadline) strike(actor, key, 'trained less in vain', key, deadline - at - needs)
          } else if (at + needs < deadline) strike(actor, key, 'gave up in time', key, deadline - at)
          else if (at > deadline) strike(actor, key, 'gave up late', key, at - deadline)
        },
      },
    }
  },
})
