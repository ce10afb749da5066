import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry, type Life } from './fault.js'
import { comesAgain, comesAgainRule, instants, kindsOf, repeatSchema, triggerSchema, untilSchema, watcher } from './trigger.js'
import { endOf, idField, stopOf } from './window.js'
import { names, repeated, triggered, untilWords } from './words.js'

/** `pause('expert-1', { at: '2 min', for: '30 s' })`: an actor that sleeps, and goes on where it was. */
export const pause = faultEntry({
  kind: 'pause',
  sentence: 'An actor sleeps, and then goes on where it was: its timers are late, its work takes so much longer, what arrives waits.',
  source: 'SIGSTOP and SIGCONT, as fault injectors such as Jepsen use them; a virtual machine that is suspended',
  schema: z
    .strictObject({
      kind: z.literal('pause'),
      who: selectorSchema,
      at: durationSchema.optional().describe('Virtual time at which it falls asleep'),
      when: triggerSchema.optional().describe('Falls asleep at an event'),
      for: durationSchema.refine((us) => us > 0, 'a pause takes time').describe('How long it sleeps'),
      repeat: repeatSchema.optional(),
      until: untilSchema.optional().describe('Virtual time, or the event, from which on it does not come again'),
      id: idField,
    })
    .refine(comesAgain, comesAgainRule),
  either: ['at', 'when'],
  targets: 'anyone',
  sudden: true,
  dials: { fields: { who: dial.anyone(), for: dial.duration(2) }, ways: dial.moments },
  describe: ({ at = 0, when, repeat, until, for: long }, { targets }) => {
    const then = when === undefined ? ` at ${formatMicros(at)}` : triggered(when)
    return `${names(targets)} ${targets.length === 1 ? 'sleeps' : 'sleep'} for ${formatMicros(long)}${then}${repeated(repeat)}${untilWords(until)}`
  },
  effects: { slept: (n, us) => `${n === 1 ? '1 pause' : `${n} pauses`} (${formatMicros(us)} in all)` },
  compile: ({ id, fault, targets }, { parts, live, strike }) => {
    const { at, when, repeat, for: long } = fault
    const lifeOf = (who: Name, sleeps: Micros): Life => ({ kind: 'pause', who, at: sleeps, until: sleeps + long, fault: id, ...(stop && { stopped: () => over }) })
    const sleeps = when && watcher(when, parts, repeat?.times)
    const stop = stopOf(fault)
    const stops = stop && watcher(stop, parts)
    const end = endOf(fault) ?? Infinity
    let over = false
    return {
      lives: at === undefined ? [] : instants(at, repeat).filter((instant) => instant < end).flatMap((instant) => targets.map((who) => lifeOf(who, instant))),
      reader: {
        kinds: ['life', ...kindsOf(when, stop)],
        see: (event) => {
          if (stops?.(event) === true) over = true
          if (event.kind === 'life' && event.what === 'pause' && event.fault === id) {
            strike(event.actor, `${event.actor} ${event.at}`, 'slept', `${event.actor} ${event.at}`, long)
          }
          if (sleeps?.(event) === true && !over && event.at < end) for (const who of targets) live(lifeOf(who, event.at))
        },
      },
    }
  },
})
