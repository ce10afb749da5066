import { z } from 'zod'

import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry, type Life } from './fault.js'
import { idField } from './window.js'
import { many, names } from './words.js'

/** `crash(one(), { at: '20 min', restartAfter: '3 min', keeps: 'checkpoint' })`: a client that dies. */
export const crash = faultEntry({
  kind: 'crash',
  sentence: 'An actor dies and loses its volatile state; with `restartAfter` it comes back with what it `keeps`.',
  source: 'Cristian, CACM 34, 1991: crash failures, with amnesia or a checkpoint',
  schema: z
    .strictObject({
      kind: z.literal('crash'),
      who: selectorSchema,
      at: durationSchema.optional().describe('Virtual time of death'),
      when: z
        .strictObject({
          round: z.int().min(1),
          after: z.int().min(0).describe('How many; 0 is when the round opens'),
          of: z.literal('updates').prefault('updates'),
          part: z.string().min(1).optional().describe('Counts updates of this part; of the trunk when absent'),
        })
        .optional()
        .describe('Dies when this many clients’ updates of the round have come in'),
      restartAfter: durationSchema.optional(),
      keeps: z.enum(['nothing', 'checkpoint']).prefault('nothing'),
      id: idField,
    }),
  either: ['at', 'when'],
  targets: 'anyone',
  kills: true,
  describe: ({ at = 0, when, restartAfter, keeps }, { targets }) => {
    const of = when?.part === undefined ? '' : ` of ${when.part}`
    const then = when === undefined
      ? ` at ${formatMicros(at)}`
      : ` in round ${when.round} after ${many(when.after, 'update')}${of}`
    const back = restartAfter === undefined ? ', for good' : `, back after ${formatMicros(restartAfter)}`
    return `${names(targets)} ${targets.length === 1 ? 'crashes' : 'crash'}${then}${back}, keeping ${keeps === 'nothing' ? 'nothing' : 'a checkpoint'}`
  },
  effects: { died: (n) => (n === 1 ? '1 crash' : `${n} crashes`) },
  compile: ({ id, fault, targets }, { parts, live, strike }) => {
    const { at, when, restartAfter, keeps } = fault
    const lifeOf = (who: Name, dies: Micros): Life => {
      const back = restartAfter === undefined ? {} : { restartAt: dies + restartAfter }
      return { kind: 'crash', who, at: dies, fault: id, keeps, ...back }
    }
    const main = parts.includes('trunk') ? 'trunk' : (parts[0] ?? 'trunk')
    /** Clients whose updates have counted so far. */
    const from = new Set<Name>()
    let fired = false
    return {
      lives: at === undefined ? [] : targets.map((who) => lifeOf(who, at)),
      see: (event) => {
        if (event.kind === 'life' && event.what === 'crash' && event.fault === id) {
          strike(event.actor, `${event.actor} ${event.at}`, 'died', `${event.actor} ${event.at}`)
        }
        if (when === undefined || fired || (event.kind !== 'round-open' && event.kind !== 'admit')) return
        if (event.round !== when.round) return
        if (event.kind === 'admit' && event.message === 'update' && event.part === (when.part ?? main)) from.add(event.from)
        if (from.size < when.after) return
        fired = true
        for (const who of targets) live(lifeOf(who, event.at))
      },
    }
  },
})
