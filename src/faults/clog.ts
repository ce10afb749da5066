import { z } from 'zod'

import * as dial from '../dials/all.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { linkSchema } from './link.js'
import { oneWindow, oneWindowRule, Stretch } from './stretch.js'
import { idField, ordered, orderedRule, windowFields } from './window.js'
import { many, messages, messagesLost } from './words.js'

/** What one link holds: its messages in the order in which they came to the door. */
interface Queue {
  readonly places: Map<number, number>
}

/** `clog({ to: 'aggregator' }, { from: '1 min', until: '3 min' })`: messages that wait at the door until it is over. */
export const clog = faultEntry({
  kind: 'clog',
  sentence: 'Messages are held at the door of their receiver and released when it is over, together or one by one.',
  source: 'the simulators of FoundationDB (clogPair, unclogPair) and madsim (clog_link, unclog_link)',
  schema: z
    .strictObject({
      kind: z.literal('clog'),
      link: linkSchema,
      release: z.enum(['together', 'one by one']).prefault('together'),
      gap: durationSchema.optional().describe('Between one message of a link and the next, where they are released one by one'),
      ...windowFields,
      id: idField,
    })
    .refine(({ release, gap }) => (release === 'one by one') === (gap !== undefined), {
      error: '`gap` goes with `release: one by one`, and that with a `gap`', path: ['gap'],
    })
    .refine(oneWindow, oneWindowRule)
    .refine(ordered, orderedRule),
  targets: 'messages',
  dials: {
    fields: { link: dial.link() },
    ways: [{ rounds: dial.rounds() }, { stretch: dial.stretch() }, { stretch: dial.stretch(), release: dial.word('one by one'), gap: dial.duration(0.2) }],
  },
  describe: ({ link, release, gap = 0 }, planned) =>
    `${messages(link, planned)} held, then released ${release}${release === 'together' ? '' : `, ${formatMicros(gap)} apart`}`,
  effects: {
    'message held': (n) => `${many(n, 'message')} held`,
    'message released': (n, us) => `${n} released after ${formatMicros(us)} in all`,
    'message lost': (n, bytes) => messagesLost(n, bytes, 'lost while held'),
  },
  compile: ({ id, fault, targets }, { strike, live, names, events }) => {
    const { gap = 0 } = fault
    const stretch = new Stretch(fault, events)
    const queues = new Map<string, Queue>()
    const since = new Map<number, Micros>()
    const queueOf = (from: Name, to: Name): Queue => {
      const link = `${from} > ${to}`
      let queue = queues.get(link)
      if (queue === undefined) queues.set(link, (queue = { places: new Map() }))
      return queue
    }
    /** It begins again: who was let go is out of the queues. */
    const renumber = (): void => {
      for (const { places } of queues.values()) {
        const waiting = [...places.keys()].filter((number) => since.has(number))
        places.clear()
        waiting.forEach((number, place) => places.set(number, place))
      }
    }
    /** When the one at that place is let in; Infinity while nobody knows. */
    const turn = (place: number): Micros => (stretch.endsAt === undefined ? Infinity : stretch.endsAt + place * gap)
    return {
      door: (envelope, now) => {
        if (!names(envelope)) return 'deliver'
        const { from, to, id: number } = envelope
        const { places } = queueOf(from, to)
        let place = places.get(number)
        if (place === undefined) {
          // Behind others that still wait for their turn there is no overtaking.
          const waits = stretch.isOn(now) || (places.size > 0 && now < turn(places.size - 1))
          if (!waits) return 'deliver'
          place = places.size
          places.set(number, place)
          since.set(number, now)
          strike(from, number, 'message held', number)
        }
        const until = turn(place)
        if (now < until) return { hold: until, by: id }
        strike(from, number, 'message released', number, now - (since.get(number) ?? now))
        since.delete(number)
        return 'deliver'
      },
      reader: {
        see: (event) => {
          const edge = stretch.see(event)
          if (edge === 'begins') renumber()
          if (edge === 'ends') live({ kind: 'release', who: targets[0] ?? AGGREGATOR, at: event.at, fault: id })
          if (event.kind !== 'drop' || !since.has(event.envelope)) return
          strike(event.from, event.envelope, 'message lost', event.envelope, event.travelled)
        },
      },
    }
  },
})
